"""fct_opportunity and fct_stage_visit: where every deal stands, and where it stayed.

Not counted here: what is a sign of risk, and what is a probability (win_probability, is_stalled, risk_reasons …).
"""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

from benchmarks.recount.facts import CENT, Fact, Facts, money
from benchmarks.recount.life import live
from benchmarks.recount.records import UNKNOWN

Row = dict[str, Any]
DAY = timedelta(days=1)


def opportunities(facts: Facts) -> list[Row]:
    return [_opportunity(facts, fact) for fact in facts.deals]


def visits(facts: Facts) -> list[Row]:
    found = []
    for fact in facts.deals:
        seen: set[tuple[str, str]] = set()
        stays = fact.life.visits
        for number, visit in enumerate(stays, 1):
            place = (visit.stage.pipeline, visit.stage.key)
            found.append(
                {
                    "source_system": fact.system,
                    "opportunity_id": fact.id,
                    "visit_number": number,
                    "pipeline": visit.stage.pipeline,
                    "stage": visit.stage.key,
                    "stage_order": visit.stage.order,
                    "phase": visit.stage.phase,
                    "entered_at": visit.entered,
                    "exited_at": visit.exited,
                    "entered_on": facts.company.day(visit.entered),
                    "days_in_stage": _days_in_stage(facts, fact, number - 1),
                    "next_stage": stays[number].stage.key if number < len(stays) else None,
                    "is_reentry": place in seen,
                    "is_current": visit.exited is None,
                    "entry_evidence": visit.evidence,
                }
            )
            seen.add(place)
    return found


def close_date_differences(facts: Facts) -> list[Row]:
    """ops_close_date_difference: closed deals whose last change of stage and CRM's close date are two days."""
    company, found = facts.company, []
    for fact in facts.living:
        close = fact.life.deal.versions[-1].close
        if fact.life.status == "open" or close is None or fact.life.closed_at is None:
            continue
        by_stage = live(fact.life.deal, dataclasses.replace(company, definitions={}), facts.as_of)
        assert by_stage.closed_at is not None
        changed, told = company.day(by_stage.closed_at), company.day(close)
        if changed == told:
            continue
        quarter = "quarter" if company.fiscal_month == 1 else "fiscal_quarter"
        months = [company.period_start("month", day) for day in (changed, told)]
        quarters = [company.period_start(quarter, day) for day in (changed, told)]
        found.append(
            {
                "source_system": fact.system,
                "opportunity_id": fact.id,
                "status": fact.life.status,
                "amount": fact.amount,
                "closed_on": company.day(fact.life.closed_at),
                "stage_changed_on": changed,
                "close_date": told,
                "days_later": (told - changed).days,
                "month_by_stage_change": months[0],
                "month_by_close_date": months[1],
                "quarter_by_stage_change": quarters[0],
                "quarter_by_close_date": quarters[1],
                "moves_month": months[0] != months[1],
                "moves_quarter": quarters[0] != quarters[1],
            }
        )
    return found


def _opportunity(facts: Facts, fact: Fact) -> Row:
    life, deal, company = fact.life, fact.life.deal, facts.company
    stays = life.visits
    stage = stays[-1].stage
    newest = deal.versions[-1].told
    created_on = company.day(life.created)
    closed_on = company.day(life.closed_at) if life.closed_at else None
    status = life.status
    is_open = status == "open"
    expected = newest.expected if newest.expected is not UNKNOWN else None
    weighted = None
    if is_open and fact.amount is not None and stage.probability is not None:
        weighted = money(fact.amount, type(CENT)(str(stage.probability)))
    return {
        "source_system": fact.system,
        "opportunity_id": fact.id,
        "name": deal.name,
        "account_id": deal.account,
        "owner_id": deal.owner,
        "owner_name": fact.owner_name,
        "source_from": deal.source_from,
        "team": fact.team,
        "lead_id": deal.lead,
        "pipeline": stage.pipeline,
        "stage": stage.key,
        "stage_order": stage.order,
        "phase": stage.phase,
        "status": status,
        "source": deal.source,
        "motion": company.motion(deal.source),
        "product": deal.product,
        "segment": deal.segment,
        "amount": fact.amount,
        "amount_original": money(newest.amount, type(CENT)(1)),
        "currency": deal.currency or company.currency,
        "default_probability": stage.probability,
        "weighted_amount": weighted,
        "forecast_category": deal.category,
        "created_at": life.created,
        "created_on": created_on,
        "is_created_at_inferred": life.is_inferred,
        "expected_close_on": expected,
        "is_overdue": bool(is_open and expected is not None and expected <= facts.as_of),
        "stage_entered_at": stays[-1].entered,
        "closed_at": life.closed_at,
        "closed_on": closed_on,
        "lost_reason": deal.lost_reason,
        "deleted_at": deal.deleted_at,
        "age_days": ((closed_on or facts.as_of) - created_on).days,
        "days_in_stage": _days_in_stage(facts, fact, len(stays) - 1) if is_open else None,
        "sales_cycle_days": (closed_on - created_on).days if status == "won" and closed_on else None,
        "visits": len(stays),
        "stage_changes": len(stays) - 1,
        "has_stage_history": life.has_history,
        "reopened_times": sum(one.stage.status != "open" and other.stage.status == "open" for one, other in pairwise(stays)),
        "opportunity_type": deal.kind,
        "probability": deal.probability,
        "next_step": deal.next_step,
        "has_moved_back": _has_moved_back(fact),
        "close_date_pushes": _pushes(fact),
        "extra": _extra(deal.extra),
    }


def _has_moved_back(fact: Fact) -> bool | None:
    """From an open stage to an earlier open one of its pipeline. Unknown without a history, unless an extract showed it."""
    stays = fact.life.visits
    moved = any(
        one.stage.status == "open"
        and other.stage.status == "open"
        and one.stage.pipeline == other.stage.pipeline
        and other.stage.order < one.stage.order
        for one, other in pairwise(stays)
    )
    if moved:
        return True
    # What it did before its history began is not known.
    return False if fact.life.has_history and not fact.life.begins_later else None


def _days_in_stage(facts: Facts, fact: Fact, place: int) -> float | None:
    """Exact. None in won and lost while it is there, and where it is not known when the deal came to the stage."""
    visit = fact.life.visits[place]
    deal = fact.life.deal
    if visit.exited is None and visit.stage.status != "open":
        return None
    if (
        fact.life.begins_later
        and visit.evidence == "created"
        and deal.entry is not None
        and visit.stage.order > deal.entry.order
    ):
        return None
    until = visit.exited or (deal.deleted_at if fact.life.is_deleted else None) or facts.end
    return max((until - visit.entered) / DAY, 0)


def _pushes(fact: Fact) -> int | None:
    """How often its expected close moved to a later day while it was open; unknown where no history tells it."""
    deal = fact.life.deal
    if all(told.expected is UNKNOWN for told in deal.history) or not fact.life.has_history:
        return None
    if fact.life.begins_later:
        return None
    told = fact.life.steps
    told_times: int = sum(
        one.expected is not None
        and other.expected is not None
        and other.expected > one.expected
        and one.status == "open"
        and other.status == "open"
        for one, other in pairwise(told)
    )
    return told_times


def _extra(told: dict[str, str | None]) -> str | None:
    return json.dumps({_snake(name): value for name, value in told.items()}) if told else None


def _snake(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
