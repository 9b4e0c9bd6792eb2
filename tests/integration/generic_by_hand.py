"""A small company's extracts, written by hand: every deal is one awkward story, told in the comment beside it.

Belongs here: the files of the landing folder, night by night, in every format and way of delivery.
Does not belong here: what must come of them (test_generic_by_hand.py).

There is no config: stages are canonical phases, days are UTC, money is in the only currency of the data.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

FIRST_NIGHT = "2026-11-10"
SECOND_NIGHT = "2026-11-20"

USER_HEADER = ("user_id", "name", "email", "role", "team", "manager_id")
USERS = [
    ("m1", "Max", "max@x.io", "manager", "", ""),
    ("u1", "Ada", "ada@x.io", "ae", "North", "m1"),
    ("u2", "Ben", "ben@x.io", "ae", "North", "m1"),
    ("u3", "Cy", "cy@x.io", "sdr", "North", "m1"),  # owns no deal
    ("u4", "Dee", "dee@x.io", "ae", "North", "m1"),
    ("u5", "Eve", "eve@x.io", "ae", "West", ""),
    ("u6", "Fay", "fay@x.io", "ae", "West", ""),
    ("u7", "Gus", "gus@x.io", "ae", "South", ""),
    ("u8", "Hal", "hal@x.io", "ae", "South", ""),
]
# On the second night Ben has moved to another team.
MOVED_USERS = [(*user[:4], "East", user[5]) if user[0] == "u2" else user for user in USERS]

# Headers as people write them: spaces and capitals do not matter.
DEAL_HEADER = ("Opportunity ID", "Stage", "Created At", "Owner ID", "Amount", "Currency", "Updated At", "is_deleted")
DEALS = {
    # Straight through: won after 30 days (C7).
    "D1": ("won", "2026-09-01T09:00:00Z", "u1", "1000"),
    # Lost from qualification; nothing but the stage says that it is closed (C22).
    "D2": ("lost", "2026-09-02T09:00:00Z", "u1", "500"),
    # Skipped qualification and engagement.
    "D3": ("won", "2026-09-03T09:00:00Z", "u2", "2000"),
    # Two stages at the same instant.
    "D4": ("engagement", "2026-10-01T10:00:00Z", "u1", "300"),
    # Moved back, then re-entered (C27).
    "D5": ("engagement", "2026-09-07T09:00:00Z", "u2", "800"),
    # Won in October, reopened in November (C9).
    "D6": ("closing", "2026-09-08T09:00:00Z", "u1", "1500"),
    # Lost, reopened a month later, won.
    "D7": ("won", "2026-09-09T09:00:00Z", "u2", "700"),
    # Untouched since long before any history (C17), and never finished.
    "D8": ("prospecting", "2026-06-15", "u1", "110"),
    # Deleted on 10 November, flagged so (C16).
    "D9": ("prospecting", "2026-10-20T09:00:00Z", "u2", "400"),
    # In the first extract, gone from the second.
    "D10": ("qualification", "2026-10-25T09:00:00Z", "u1", "250"),
    # Won without an amount (C10).
    "D11": ("won", "2026-10-02T09:00:00Z", "u4", ""),
    # The middle of its history arrives late, tonight, out of order (C18, C19, C28).
    "D12": ("closing", "2026-10-01T08:00:00Z", "u2", "900"),
    # No history: what it was is known from the two extracts.
    "D13": ("qualification", "2026-10-15", "u1", "600"),
    # No date of creation: the first extract that showed it.
    "D14": ("prospecting", "", "u2", "60"),
    # A rep won 1 of 10 deals, the one as large as the nine together (C1).
    "E1": ("won", "2026-08-03T09:00:00Z", "u5", "900"),
    **{f"E{number}": ("lost", "2026-08-03T09:00:00Z", "u5", "100") for number in range(2, 11)},
    # A rep won three and lost none (C2).
    **{f"F{number}": ("won", "2026-08-03T09:00:00Z", "u6", "100") for number in range(1, 4)},
    # A team won 1,000 and lost 100, by two reps (C3).
    "G1": ("won", "2026-07-06T09:00:00Z", "u7", "1000"),
    "G2": ("lost", "2026-07-06T09:00:00Z", "u8", "100"),
}

# Delivered on the first night, as it came out of a queue: in no order.
HISTORY = [
    ("D1", "engagement", "2026-09-10T09:00:00Z"),
    ("D1", "prospecting", "2026-09-01T09:00:00Z"),
    ("D1", "won", "2026-10-01T09:00:00Z"),
    ("D1", "qualification", "2026-09-05T09:00:00Z"),
    ("D1", "closing", "2026-09-20T09:00:00Z"),
    ("D2", "prospecting", "2026-09-02T09:00:00Z"),
    ("D2", "qualification", "2026-09-12T09:00:00Z"),
    ("D2", "lost", "2026-09-30T15:00:00Z"),
    ("D3", "prospecting", "2026-09-03T09:00:00Z"),
    ("D3", "closing", "2026-09-23T09:00:00Z"),
    ("D3", "won", "2026-10-05T09:00:00Z"),
    ("D4", "prospecting", "2026-10-01T10:00:00Z"),
    ("D4", "engagement", "2026-10-08T10:00:00Z"),
    ("D4", "qualification", "2026-10-08T10:00:00Z"),
    ("D5", "prospecting", "2026-09-07T09:00:00Z"),
    ("D5", "engagement", "2026-09-14T09:00:00Z"),
    ("D5", "qualification", "2026-09-21T09:00:00Z"),
    ("D5", "engagement", "2026-10-01T09:00:00Z"),
    ("D6", "closing", "2026-11-03T12:00:00Z"),
    ("D6", "won", "2026-10-10T12:00:00Z"),
    ("D6", "closing", "2026-09-15T09:00:00Z"),
    ("D6", "prospecting", "2026-09-08T09:00:00Z"),
    ("D7", "prospecting", "2026-09-09T09:00:00Z"),
    ("D7", "lost", "2026-09-19T09:00:00Z"),
    ("D7", "qualification", "2026-10-19T09:00:00Z"),
    ("D7", "won", "2026-11-05T09:00:00Z"),
    ("D9", "prospecting", "2026-10-20T09:00:00Z"),
    ("D10", "prospecting", "2026-10-25T09:00:00Z"),
    ("D10", "qualification", "2026-11-01T09:00:00Z"),
    ("D11", "prospecting", "2026-10-02T09:00:00Z"),
    ("D11", "won", "2026-10-30T09:00:00Z"),
    ("D12", "prospecting", "2026-10-01T08:00:00Z"),
    ("D12", "closing", "2026-11-02T08:00:00Z"),
    ("E1", "prospecting", "2026-08-03T09:00:00Z"),
    ("E1", "won", "2026-08-20T09:00:00Z"),
    *((f"E{number}", "prospecting", "2026-08-03T09:00:00Z") for number in range(2, 11)),
    *((f"E{number}", "lost", "2026-08-20T09:00:00Z") for number in range(2, 11)),
    *((f"F{number}", "prospecting", "2026-08-03T09:00:00Z") for number in range(1, 4)),
    *((f"F{number}", "won", "2026-08-25T09:00:00Z") for number in range(1, 4)),
    ("G1", "prospecting", "2026-07-06T09:00:00Z"),
    ("G1", "won", "2026-07-20T09:00:00Z"),
    ("G2", "prospecting", "2026-07-06T09:00:00Z"),
    ("G2", "lost", "2026-07-20T09:00:00Z"),
    # A deal that nobody delivered, and a stage before its deal was created: set aside, the deal kept.
    ("ghost", "won", "2026-09-01T09:00:00Z"),
    ("D3", "qualification", "2026-08-20T09:00:00Z"),
]
# Delivered on the second night: what had happened weeks before, the later one first; and one row for the second time.
LATE_HISTORY = [
    ("D12", "engagement", "2026-10-20T08:00:00Z"),
    ("D12", "qualification", "2026-10-10T08:00:00Z"),
    ("D1", "won", "2026-10-01T09:00:00Z"),
]

LEADS = [
    {"lead_id": "l1", "created_at": "2026-09-01T08:00:00Z", "owner_id": "u3", "source": "Website", "opportunity_id": "D1"},
    # One address on two leads (C24).
    {"lead_id": "l2", "created_at": "2026-09-15T08:00:00Z", "owner_id": "u3", "source": "Outbound", "email": "same@y.io"},
    {"lead_id": "l3", "created_at": "2026-09-15T09:00:00Z", "owner_id": "u3", "source": "Outbound", "email": "Same@Y.io"},
]

ACTIVITY_HEADER = ("activity_id", "type", "occurred_at", "user_id", "outcome")
ACTIVITIES = [
    # The day before the first lead (C13).
    ("a1", "call", "2026-08-31T15:00:00Z", "u3", "connected"),
    ("a2", "meeting", "2026-09-10T10:00:00Z", "u1", "Held"),
    ("a3", "meeting", "2026-09-11T10:00:00Z", "u1", "No Show"),
    ("a4", "task", "2026-09-12T10:00:00Z", "u2", ""),
    ("a5", "email", "2026-09-12T11:00:00Z", "u2", ""),
    # Planned for after the as-of day.
    ("a6", "meeting", "2026-12-01T10:00:00Z", "u1", ""),
    # A user whom no extract names, and nobody at all.
    ("a7", "call", "2026-11-18T10:00:00Z", "u99", ""),
    ("a8", "call", "2026-11-18T11:00:00Z", "", ""),
    # Broken: no id.
    ("", "call", "2026-11-18T12:00:00Z", "u1", ""),
]

EMAIL_EVENTS = [
    {"event_id": "e1", "event_type": "sent", "occurred_at": "2026-09-02T10:00:00Z", "message_id": "m1", "user_id": "u3"},
    {
        "event_id": "e2",
        "event_type": "delivered",
        "occurred_at": "2026-09-02T10:01:00Z",
        "message_id": "m1",
        "user_id": "u3",
    },
    {"event_id": "e3", "event_type": "opened", "occurred_at": "2026-09-02T10:30:00Z", "message_id": "m1", "user_id": "u3"},
    {"event_id": "e4", "event_type": "opened", "occurred_at": "2026-09-02T11:00:00Z", "message_id": "m1", "user_id": "u3"},
    {"event_id": "e5", "event_type": "opened", "occurred_at": "2026-09-03T08:00:00Z", "message_id": "m1", "user_id": "u3"},
    {"event_id": "e6", "event_type": "clicked", "occurred_at": "2026-09-02T10:31:00Z", "message_id": "m1", "user_id": "u3"},
    {"event_id": "e7", "event_type": "replied", "occurred_at": "2026-09-04T09:00:00Z", "message_id": "m1", "user_id": "u3"},
    # A type that is not in the contract.
    {
        "event_id": "e8",
        "event_type": "teleported",
        "occurred_at": "2026-09-04T09:00:00Z",
        "message_id": "m1",
        "user_id": "u3",
    },
]
LATE_EMAIL_EVENTS = [
    # Told for the second time.
    EMAIL_EVENTS[0],
    # Known by the sender's address only.
    {"event_id": "e9", "event_type": "sent", "occurred_at": "2026-11-18T09:00:00Z", "message_id": "m2", "sender_email": " Ada@X.io"},
    {"event_id": "e10", "event_type": "bounced", "occurred_at": "2026-11-18T09:01:00Z", "message_id": "m2", "sender_email": "ada@x.io"},
    # To the address that two leads have (C24).
    {"event_id": "e11", "event_type": "sent", "occurred_at": "2026-11-18T10:00:00Z", "message_id": "m3", "user_id": "u3",
     "recipient_email": "same@y.io"},
    {"event_id": "e12", "event_type": "opened", "occurred_at": "2026-11-18T10:05:00Z", "message_id": "m3", "user_id": "u3",
     "recipient_email": "same@y.io"},
    # From nobody we know.
    {"event_id": "e13", "event_type": "sent", "occurred_at": "2026-11-18T10:00:00Z", "message_id": "m4"},
]  # fmt: skip


def deliver_first_night(landing: Path) -> None:
    """Whole tables and everything that happened so far."""
    day = FIRST_NIGHT
    _put(landing, f"user/users {day}.csv", _csv(USER_HEADER, USERS))
    _put(landing, f"opportunity/opportunity_{day}.csv", _csv(DEAL_HEADER, _deals("2026-11-10T00:00:00Z")))
    _put(landing, f"stage_history/stage_history_{day}.jsonl", _jsonl(_history(HISTORY)))
    _put(landing, f"lead/lead_{day}.jsonl", _jsonl(LEADS))
    _put(landing, f"activity/activity_{day}.csv.gz", _csv(ACTIVITY_HEADER, ACTIVITIES[:6]))
    _put(landing, f"email_event/email_event_{day}.jsonl.gz", _jsonl(EMAIL_EVENTS))


def deliver_second_night(landing: Path) -> None:
    """Whole tables again, changed; late history; the events since, some of them for the second time."""
    day = SECOND_NIGHT
    changed = {
        **{name: deal for name, deal in DEALS.items() if name != "D10"},
        "D13": ("closing", "2026-10-15", "u1", "650"),
    }
    _put(landing, f"user/user_{day}.csv", _csv(USER_HEADER, MOVED_USERS))
    _put(landing, f"opportunity/opportunity_{day}.csv.gz", _csv(DEAL_HEADER, _deals("2026-11-10T00:00:00Z", changed)))
    _put(landing, f"stage_history/stage_history_{day}.jsonl.gz", _jsonl(_history(LATE_HISTORY)))
    _put(landing, f"activity/activity_{day}.csv.gz", _csv(ACTIVITY_HEADER, ACTIVITIES[6:]))
    _put(landing, f"email_event/email_event_{day}.jsonl", _jsonl(LATE_EMAIL_EVENTS))


def _deals(updated_at: str, deals: dict[str, tuple[str, str, str, str]] | None = None) -> list[tuple[str, ...]]:
    return [
        (
            name, stage, created_at, owner, amount, "USD",
            "2026-11-10T08:00:00Z" if name == "D9" else updated_at, "true" if name == "D9" else "false",
        )
        for name, (stage, created_at, owner, amount) in (deals or DEALS).items()
    ]  # fmt: skip


def _history(told: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [{"opportunity_id": deal, "stage": stage, "entered_at": moment} for deal, stage, moment in told]


def _csv(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([header, *lines])
    return text.getvalue()


def _jsonl(found: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in found)


def _put(landing: Path, name: str, text: str) -> None:
    path = landing / "generic" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
