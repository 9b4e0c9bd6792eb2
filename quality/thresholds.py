"""The numbers that separate a usual night from one that nobody should read: each with its value, its date and
its reason.

Belongs here: every default threshold, and how the config's `gate:` mapping overrides them.
Does not belong here: which check uses which (suites/).

To loosen one for everybody, change its value here, and its date and reason with it. To loosen one for a
company, set it in the `gate:` mapping of that company's config.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from funnelcast.errors import UsageError


@dataclass(frozen=True)
class Threshold:
    """One default, and why it is what it is."""

    name: str
    value: float
    decided_on: date
    reason: str
    # What a config may set it to.
    minimum: float = 0.0
    maximum: float = 1.0


DEFAULTS: tuple[Threshold, ...] = (
    Threshold(
        "tolerated_rows",
        5,
        date(2026, 11, 23),
        "Below a handful of rows a share says nothing: one bad line of ten is ten per cent, and harmless.",
        maximum=1e9,
    ),
    Threshold(
        "quarantined_share",
        0.01,
        date(2026, 11, 23),
        "A stray line in a hundred is a typing accident that quarantine repairs; more is a broken export.",
    ),
    Threshold(
        "set_aside_share",
        0.02,
        date(2026, 11, 23),
        "Two rows in a hundred that break a rule barely move a rate; more changes what a manager reads.",
    ),
    Threshold(
        "missing_key_share",
        0.25,
        date(2026, 11, 23),
        "Single rows without an id are set aside one by one; a quarter of them means a wrong column.",
    ),
    Threshold(
        "contradicting_rows",
        0,
        date(2026, 11, 23),
        "Two rows with one id and different content: nobody knows which is true, so none is tolerated.",
        maximum=1e9,
    ),
    Threshold(
        "placeholder_owner_share",
        0.05,
        date(2026, 11, 23),
        "Users who left own a few old deals; a twentieth of all means that the user extract is cut short.",
    ),
    Threshold(
        "placeholder_account_share",
        0.05,
        date(2026, 11, 23),
        "A few accounts are deleted or merged; a twentieth means that the account extract is cut short.",
    ),
    Threshold(
        "match_conflict_share",
        0.02,
        date(2026, 11, 23),
        "People change their address now and then; when two in a hundred records contradict each other, a field is mapped wrongly.",
    ),
    Threshold(
        "vanished_share",
        0.2,
        date(2026, 11, 23),
        "Clean-ups delete a few open deals; a fifth gone overnight is an extract that was cut off.",
    ),
    Threshold(
        "without_amount_share",
        0.5,
        date(2026, 11, 23),
        "Early stages often carry no amount; without one for half of the open deals money misleads.",
    ),
    Threshold(
        "absurd_amount_multiple",
        10_000,
        date(2026, 11, 23),
        "Ten thousand times the 99.9th percentile is cents taken for units, or a telephone number.",
        minimum=1,
        maximum=1e12,
    ),
    Threshold(
        "volume_low_ratio",
        0.5,
        date(2026, 11, 23),
        "Extracts differ by a few per cent from night to night; half of the usual is a cut-off export.",
    ),
    Threshold(
        "volume_high_ratio",
        10,
        date(2026, 11, 23),
        "A migration or a back-fill multiplies a night's rows, and should not go unnoticed.",
        minimum=1,
        maximum=1e9,
    ),
    Threshold(
        "late_days",
        0,
        date(2026, 11, 23),
        "Extracts come at their usual interval; waiting longer would publish yesterday's deals as today's.",
        maximum=3650,
    ),
    Threshold(
        "unsent_share",
        0.05,
        date(2026, 11, 23),
        "The first weeks of an extract hear of mails sent before; more than that, and sends are missing.",
    ),
    Threshold(
        "history_difference_share",
        0.02,
        date(2026, 11, 23),
        "A change at midnight may fall on either side; more than two in a hundred means a history with holes.",
    ),
    Threshold(
        "silent_days",
        14,
        date(2026, 11, 23),
        "Holidays silence a team for a week; two weeks without a call or mail is an extract that stopped.",
        minimum=1,
        maximum=3650,
    ),
)


class UnknownThresholdError(UsageError):
    """The config's `gate:` mapping names a threshold that does not exist, or gives one a value it cannot
    have."""


@dataclass(frozen=True)
class Thresholds:
    """The values in force for one run."""

    tolerated_rows: float
    quarantined_share: float
    set_aside_share: float
    missing_key_share: float
    contradicting_rows: float
    placeholder_owner_share: float
    placeholder_account_share: float
    match_conflict_share: float
    vanished_share: float
    without_amount_share: float
    absurd_amount_multiple: float
    volume_low_ratio: float
    volume_high_ratio: float
    late_days: float
    unsent_share: float
    history_difference_share: float
    silent_days: float


def settle(overrides: Mapping[str, float] | None = None) -> Thresholds:
    """Apply the config's `gate:` mapping to the defaults; raises `UnknownThresholdError` naming a key or
    value that is wrong."""
    given = dict(overrides or {})
    known = {threshold.name: threshold for threshold in DEFAULTS}
    for name, value in given.items():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}."
            raise UnknownThresholdError(f"gate.{name}: there is no such threshold; {hint}")
        threshold = known[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not _within(threshold, value):
            raise UnknownThresholdError(
                f"gate.{name}: expected a number from {threshold.minimum:g} to {threshold.maximum:g}, found {value!r}."
            )
    return Thresholds(**{name: given.get(name, threshold.value) for name, threshold in known.items()})


def _within(threshold: Threshold, value: float) -> bool:
    return threshold.minimum <= value <= threshold.maximum
