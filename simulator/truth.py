"""What is true of a simulated company, written down so that results can be checked against it.

Parameters come from the company, counts from the simulated events themselves, never from the delivered files;
only the section on deliveries tells of the files.
"""

import json
from collections import Counter
from dataclasses import asdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from simulator.company import Company
from simulator.deals import Paperwork
from simulator.dirt import ACCEPTED, DUPLICATE, QUARANTINED, REPEATED_FILE, SET_ASIDE
from simulator.extracts import Delivery
from simulator.funnel import AT_ONCE, BACK, REOPENED, SKIPPED, Deal, Move
from simulator.hazards import stage_probabilities, win_probabilities
from simulator.people import AE, SDR
from simulator.simulate import Histories
from simulator.workdays import DAY

Truth = dict[str, Any]


def write_truth(histories: Histories, delivery: Delivery, path: Path) -> None:
    """Write the truth as JSON, keys sorted, numbers rounded."""
    text = json.dumps(rounded(truth_of(histories, delivery)), indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def truth_of(histories: Histories, delivery: Delivery) -> Truth:
    """Parameters, what happened, and what was delivered."""
    company = histories.company
    return {
        "company": company.name,
        "seed": histories.seed,
        "history_starts_on": company.history_starts_on.isoformat(),
        "as_of": company.as_of.isoformat(),
        "timezone": company.timezone,
        "currency": company.currency,
        "fiscal_year_start_month": company.fiscal_year_start_month,
        "parameters": _parameters(company),
        "team": _team(histories),
        "opportunities": _opportunities(histories),
        "visits": _visits(histories),
        "leads": _leads(histories),
        "emails": _emails(histories),
        "activities": _activities(histories),
        "delivered": _delivered(delivery),
    }


def _parameters(company: Company) -> Truth:
    """True probabilities and days of a neutral deal on neutral days, and what bends them."""
    segments = {}
    for number, segment in enumerate(company.segments):
        stages = {}
        wins = win_probabilities(company, number)
        for stage, (forward, lost, back), win in zip(
            company.stages, stage_probabilities(company, number), wins, strict=True
        ):
            stages[stage.key] = {
                "forward": forward,
                "lost": lost,
                "back": back,
                "win_probability": win,
                "mean_days": stage.mean_days * segment.pace,
            }
        segments[segment.name] = {
            "share_of_companies": segment.share,
            "amount_median": segment.amount_median,
            "amount_spread": segment.amount_spread,
            "stages": stages,
        }
    return {
        "note": "Probabilities and days hold for a neutral deal of a ramped average rep on neutral days.",
        "segments": segments,
        "sources": {source.name: asdict(source) for source in company.sources},
        "sequences": {sequence.key: [asdict(step) for step in sequence.steps] for sequence in company.sequences},
        "seasons": {
            "closing_by_week_of_quarter": company.closing_weeks,
            "forward_by_week_of_quarter": company.forward_weeks,
            "losing_by_week_of_quarter": company.losing_weeks,
            "slow_months": {str(month): level for month, level in company.slow_months},
            "year_end_level": company.year_end_level,
            "weekend_level": company.weekend_level,
            "bad_weeks": [monday.isoformat() for monday in company.bad_weeks],
            "bad_week_level": company.bad_week_level,
        },
        "effects": {
            "skip_chance": company.skip_chance,
            "same_instant_chance": company.same_instant_chance,
            "reopened_after_lost": company.reopened_after_lost,
            "reopened_after_won": company.reopened_after_won,
            "size": company.size_effect,
            "diligent_share": company.diligent_share,
            "diligent_effect": company.diligent_effect,
            "neglected_share": company.neglected_share,
            "ramp_days": company.ramp_days,
            "ramp_floor": company.ramp_floor,
            "skill_spread": company.skill_spread,
            "forward_drift_per_year": company.forward_drift_per_year,
            "losing_drift_per_year": company.losing_drift_per_year,
        },
        "emails": {
            "bounce_rate_of_first": company.bounce_rate,
            "reply_without_open": company.reply_without_open,
            "unsubscribe_rate": company.unsubscribe_rate,
        },
        "meeting_held": company.meeting_held,
        "call_connects_sdr": company.call_connects,
    }


def _team(histories: Histories) -> Truth:
    company, reps = histories.company, histories.team.reps
    carriers = [rep for rep in reps if rep.role in (SDR, AE)]
    by_role = histories.team.by_role
    return {
        "users": len(reps),
        "sdrs": len(by_role[SDR]),
        "aes": len(by_role[AE]),
        "skill": {rep.name: rep.skill for rep in carriers},
        "hired": {rep.name: _day(rep.started) for rep in carriers if rep.started > company.history_starts_on.toordinal()},
        "left": {rep.name: _day(rep.left) for rep in carriers if rep.left is not None},
        "changed_team": {
            rep.name: {"on": _day(rep.transfer[0]), "from": rep.team, "to": rep.transfer[1]}
            for rep in carriers
            if rep.transfer is not None
        },
        "slumps": {
            reps[by_role[slump.role][slump.number]].name: {
                "first": slump.first.isoformat(),
                "last": slump.last.isoformat(),
                "level": slump.level,
            }
            for slump in company.slumps
            if slump.number < len(by_role[slump.role]) and slump.first <= company.as_of
        },
        "quotas": len(histories.quotas),
        "quota_by_month": _sums(
            (quota.month.isoformat()[:7], quota.revised[1] if quota.revised else quota.amount) for quota in histories.quotas
        ),
    }


def _opportunities(histories: Histories) -> Truth:
    company, deals, clock = histories.company, histories.deals, histories.clock
    final = {paper.deal.number: paper.at(histories.end_of(company.as_of.toordinal())) for paper in histories.paperwork}
    status = {deal.number: _status(deal, company) for deal in deals}
    won = [deal for deal in deals if status[deal.number] == "won"]
    lost = [deal for deal in deals if status[deal.number] == "lost"]

    def month(instant: int) -> str:
        return _day(clock.day(instant))[:7]

    by_segment = {}
    for place, segment in enumerate(company.segments):
        statuses = Counter(status[deal.number] for deal in deals if deal.birth.segment == place)
        by_segment[segment.name] = {
            "created": statuses.total(),
            **statuses,
            **_win_rate(statuses["won"], statuses["lost"]),
        }
    amounts = [float(final[deal.number]["Amount"] or 0) for deal in won]
    cycles = [(deal.moves[-1].at - deal.birth.at) / DAY for deal in won]
    from_start = [(deal.moves[-1].at - deal.birth.at) / DAY for deal in won if not deal.birth.carried_over]
    counts = Counter(status.values())
    return {
        "created": len(deals),
        "won": counts["won"],
        "lost": counts["lost"],
        "open": counts["open"],
        "deleted": counts["deleted"],
        **_win_rate(counts["won"], counts["lost"]),
        "win_rate_without_carried_over": _win_rate(
            *(sum(not deal.birth.carried_over for deal in group) for group in (won, lost))
        )["win_rate"],
        "carried_over_at_start": sum(deal.birth.carried_over for deal in deals),
        "from_leads": sum(deal.birth.lead is not None for deal in deals),
        "by_segment": by_segment,
        "by_source": dict(Counter(deal.birth.source or "(blank)" for deal in deals)),
        "won_by_source": dict(Counter(deal.birth.source or "(blank)" for deal in won)),
        "created_by_month": dict(Counter(month(deal.birth.at) for deal in deals)),
        "won_by_month": dict(Counter(month(deal.moves[-1].at) for deal in won)),
        "lost_by_month": dict(Counter(month(deal.moves[-1].at) for deal in lost)),
        "won_amount_by_month": _sums((month(deal.moves[-1].at), amount) for deal, amount in zip(won, amounts, strict=True)),
        "won_amount": sum(amounts),
        "won_without_amount": sum(final[deal.number]["Amount"] is None for deal in won),
        "without_amount": sum(fields["Amount"] is None for fields in final.values()),
        "open_amount": sum(float(final[deal.number]["Amount"] or 0) for deal in deals if status[deal.number] == "open"),
        "open_by_stage": dict(
            Counter(company.stages[deal.moves[-1].stage].key for deal in deals if status[deal.number] == "open")
        ),
        "median_sales_cycle_days": median(cycles) if cycles else None,
        "mean_sales_cycle_days": sum(cycles) / len(cycles) if cycles else None,
        "median_sales_cycle_days_without_carried_over": median(from_start) if from_start else None,
        "reopened": sum(move.kind == REOPENED for deal in deals for move in deal.moves),
        "skipped_moves": sum(move.kind == SKIPPED for deal in deals for move in deal.moves),
        "same_instant_moves": sum(move.kind == AT_ONCE for deal in deals for move in deal.moves),
        "moved_back": sum(move.kind == BACK for deal in deals for move in deal.moves),
        "passed_through_retired_stage": sum(
            any(company.retired_stage is not None and move.label == company.retired_stage.label for move in deal.moves)
            for deal in deals
        ),
        "close_date_pushes": sum(_pushes(paper) for paper in histories.paperwork),
        "owner_changes": sum(
            at < min(histories.end_of(company.as_of.toordinal()), deal.deleted_at or at + 1)
            for deal in deals
            for at, _ in deal.owners[1:]
        ),
        "line_items": sum(len(paper.lines) for paper in histories.paperwork),
    }


def _visits(histories: Histories) -> Truth:
    """Stays in a stage; a change of label within one (the retired one) is no new visit."""
    company = histories.company
    keys = [stage.key for stage in company.stages] + ["won", "lost"]
    visits: Counter[str] = Counter()
    instant_visits: Counter[str] = Counter()
    transitions: Counter[str] = Counter()
    days: dict[str, list[float]] = {key: [] for key in keys[:-2]}
    by_segment: dict[str, dict[str, Counter[str]]] = {}
    for deal in histories.deals:
        stays = _stays(deal)
        visits.update(keys[move.stage] for move in stays)
        steps = by_segment.setdefault(company.segments[deal.birth.segment].name, {})
        for move, following in pairwise(stays):
            stage, to = keys[move.stage], keys[following.stage]
            transitions[f"{stage} > {to}"] += 1
            if move.stage < len(company.stages):
                instant_visits[stage] += following.at == move.at
                days[stage].append((following.at - move.at) / DAY)
                steps.setdefault(stage, Counter())[_direction(move, following, len(company.stages))] += 1
    return {
        "total": visits.total(),
        "open_stages_total": sum(visits[key] for key in keys[:-2]),
        "by_stage": dict(visits),
        "of_no_duration": {key: count for key, count in instant_visits.items() if count},
        "transitions": dict(transitions),
        "mean_days_of_ended": {key: sum(found) / len(found) if found else None for key, found in days.items()},
        "exits_by_segment": {name: {k: dict(c) for k, c in steps.items()} for name, steps in by_segment.items()},
    }


def _leads(histories: Histories) -> Truth:
    leads = histories.leads
    return {
        "created": len(leads),
        "converted": sum(lead.converted_at is not None for lead in leads),
        "by_source": dict(Counter(lead.source.name for lead in leads)),
        "converted_by_source": dict(Counter(lead.source.name for lead in leads if lead.converted_at is not None)),
        "by_status": dict(Counter(lead.statuses[-1][1] if lead.statuses else "New" for lead in leads)),
        "created_by_month": dict(Counter(_day(histories.clock.day(lead.created_at))[:7] for lead in leads)),
        "blank_email": sum(not lead.has_email for lead in leads),
        "company_name_with_comma": sum("," in lead.organisation.name for lead in leads),
        "company_name_with_quote": sum('"' in lead.organisation.name for lead in leads),
        "company_name_with_line_break": sum("\n" in lead.organisation.name for lead in leads),
        "name_or_company_not_ascii": sum(
            not (lead.person.first + lead.person.last + lead.organisation.name).isascii() for lead in leads
        ),
    }


def _emails(histories: Histories) -> Truth:
    events = histories.email_events
    steps: dict[str, Counter[str]] = {}
    for event in events:
        steps.setdefault(f"{event.sequence} {event.step} {event.variant}", Counter())[event.type] += 1
    return {
        "events": len(events),
        "messages": len({event.message for event in events}),
        "by_type": dict(Counter(event.type for event in events)),
        "events_by_sequence_step_variant": {key: dict(found) for key, found in steps.items()},
        "sent_by_month": dict(Counter(_day(histories.clock.day(e.at))[:7] for e in events if e.type == "sent")),
    }


def _activities(histories: Histories) -> Truth:
    tasks, meetings = histories.activities.tasks, histories.activities.appointments
    return {
        "tasks": len(tasks),
        "tasks_by_subtype": dict(Counter(task.subtype for task in tasks)),
        "tasks_open": sum(task.done_at is None for task in tasks),
        "calls_by_disposition": dict(Counter(str(task.disposition) for task in tasks if task.subtype == "Call")),
        "meetings": len(meetings),
        "meetings_by_type": dict(Counter(meeting.type for meeting in meetings)),
        "meetings_by_outcome": dict(Counter(meeting.outcome or "(blank)" for meeting in meetings)),
    }


def _delivered(delivery: Delivery) -> Truth:
    """Rows as delivered, dirt included, and what must become of the dirty ones."""
    per_object: dict[str, Truth] = {}
    for path, rows in delivery.files.items():
        name, _, file = path.rpartition("/")
        entry = per_object.setdefault(
            name,
            {
                "files": {},
                "rows": 0,
                SET_ASIDE: 0,
                QUARANTINED: 0,
                "identical_rows": 0,
                "rows_of_repeated_files": 0,
            },
        )
        entry["files"][file] = rows
        entry["rows"] += rows
    counted = {
        SET_ASIDE: SET_ASIDE,
        QUARANTINED: QUARANTINED,
        DUPLICATE: "identical_rows",
        REPEATED_FILE: "rows_of_repeated_files",
    }
    for spot in delivery.spots:
        if spot.expected != ACCEPTED:
            per_object[spot.object][counted[spot.expected]] += spot.rows
    return {
        "objects": per_object,
        "files": len(delivery.files),
        "rows": sum(delivery.files.values()),
        "dirty": [asdict(spot) for spot in delivery.spots],
    }


def _status(deal: Deal, company: Company) -> str:
    if deal.deleted_at is not None:
        return "deleted"
    stage = deal.moves[-1].stage
    return "open" if stage < len(company.stages) else "won" if stage == len(company.stages) else "lost"


def _stays(deal: Deal) -> list[Move]:
    """The moves that begin a visit."""
    return [
        move
        for before, move in zip([None, *deal.moves], deal.moves, strict=False)
        if before is None or before.stage != move.stage
    ]


def _direction(move: Move, following: Move, won: int) -> str:
    if following.stage == won + 1:
        return "lost"
    return "forward" if following.stage > move.stage else "back"


def _pushes(paper: Paperwork) -> int:
    """How often an open deal's expected close was saved as a later day while it stayed open."""
    pushes, close, is_closed = 0, paper.created["CloseDate"], False
    for _, fields in paper.changes:
        was_closed = is_closed
        is_closed = bool(fields.get("IsClosed", is_closed))
        later = fields.get("CloseDate", close)
        assert isinstance(later, int)
        assert isinstance(close, int)
        pushes += later > close and not is_closed and not was_closed
        close = later
    return pushes


def _win_rate(won: int, lost: int) -> Truth:
    return {"win_rate": won / (won + lost) if won + lost else None}


def _sums(pairs: Any) -> dict[str, float]:
    totals: dict[str, float] = {}
    for key, amount in pairs:
        totals[key] = totals.get(key, 0.0) + amount
    return totals


def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def rounded(value: Any) -> Any:
    """The same structure with its numbers rounded, as it is written."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return value
