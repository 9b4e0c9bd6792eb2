"""dim_date, dim_rep, dim_stage, dim_lead, dim_account: what things are.

Not counted here: person_id and company_id (digests of what decides who is who), and scores' reasons in words.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from benchmarks.recount.company import months_later
from benchmarks.recount.facts import Facts
from benchmarks.recount.people import matched
from benchmarks.recount.tiers import UNKNOWN, points, tier_of

Row = dict[str, Any]


def dates(facts: Facts, last: date) -> list[Row]:
    # How far the table reaches is not counted; what it says of a day is.
    company = facts.company
    day, found = date(1970, 1, 1), []
    while day <= last:
        fiscal = company.period_start("fiscal_year", day)
        found.append(
            {
                "date_day": day,
                "day_of_week": (day - company.period_start("week", day)).days + 1,
                "week_start": company.period_start("week", day),
                "month_start": company.period_start("month", day),
                "quarter_start": company.period_start("quarter", day),
                "year_start": company.period_start("year", day),
                "fiscal_year": (months_later(fiscal, 12) - timedelta(days=1)).year,
                "fiscal_quarter": ((day.year - fiscal.year) * 12 + day.month - fiscal.month) // 3 + 1,
                "fiscal_quarter_start": company.period_start("fiscal_quarter", day),
                "is_weekend": day.weekday() >= 5,
                "is_as_of": day == facts.as_of,
                "is_future": day > facts.as_of,
            }
        )
        day += timedelta(days=1)
    return found


def reps(facts: Facts) -> list[Row]:
    return [
        {
            "source_system": person.system,
            "rep_id": person.id,
            "name": person.name,
            "email": person.email,
            "role": person.role,
            "team": facts.team_on(person.system, person.id, facts.as_of),
            "pod": facts.pod_on(person.system, person.id, facts.as_of),
            "manager_id": person.manager,
            "manager_name": manager.name if (manager := facts.people.get((person.system, person.manager or ""))) else None,
            "started_on": person.started,
            "ended_on": person.ended,
            "is_placeholder": False,
        }
        for person in facts.people.values()
    ]


def stages(facts: Facts) -> list[Row]:
    return [
        {
            "source_system": system,
            "pipeline": stage.pipeline,
            "stage": stage.key,
            "stage_order": stage.order,
            "phase": stage.phase,
            "is_open": stage.status == "open",
            "is_won": stage.status == "won",
            "is_lost": stage.status == "lost",
            "default_probability": stage.probability,
        }
        for system, records in facts.records.items()
        if records.deals
        for stage in records.stages
    ]


def leads(facts: Facts) -> list[Row]:
    first = {(person.lead.system, person.lead.id) for person in matched(facts) if person.lead is not None}
    return [
        {
            "source_system": lead.system,
            "lead_id": lead.id,
            "owner_id": lead.owner,
            "email": lead.email,
            "source": lead.source,
            "motion": facts.company.motion(lead.source),
            "created_at": lead.created,
            "qualified_at": lead.qualified,
            "is_primary_record": (lead.system, lead.id) in first,
            **(
                {name: lead.values.get(name) for name in ("title", "company", "industry", "employees", "country", "status")}
                if lead.values
                else {}
            ),
            **_score(facts, "qualification", lead.values),
            "fit_tier_before_conversion": _score(facts, "fit", lead.before_conversion)["fit_tier"],
            "qualification_tier_before_conversion": _score(facts, "qualification", lead.before_conversion)[
                "qualification_tier"
            ],
        }
        for lead in facts.leads
        if not lead.is_deleted
    ]


def accounts(facts: Facts) -> list[Row]:
    return [
        {
            "source_system": account.system,
            "account_id": account.id,
            **{
                name: account.values.get(name)
                for name in ("name", "domain", "industry", "employees", "country", "created_at")
                if name in account.values
            },
            "is_placeholder": False,
            **_score(facts, "fit", account.values),
        }
        for records in facts.records.values()
        for account in records.accounts
        if not account.is_deleted
    ]


def _score(facts: Facts, score: str, values: Row) -> Row:
    rules = facts.company.raw.get("ideal_customer" if score == "fit" else "qualification") or {}
    told = points(rules, values) if rules.get("rules") else None
    tier = tier_of(rules, told) if told is not None else UNKNOWN
    return {f"{score}_score": told, f"{score}_tier": None if tier == UNKNOWN else tier}
