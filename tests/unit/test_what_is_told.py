"""Assumption: whoever reads the published tables finds each delivered column in them, and names beside ids.

Belongs here: which published column holds a declared one, and which ids stand alone, each with its reason. Does not belong here: what a
column's values are (dbt's unit tests), and the other rules of the dbt project (test_dbt_project.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.systems import SYSTEMS

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"

_GONE = dict.fromkeys(("is_deleted", "_fivetran_deleted", "archived"), "what is gone has no row")
_GONE_DEAL = dict.fromkeys(("is_deleted", "_fivetran_deleted", "archived"), "fct_opportunity.status")

# Objects whose records have a row in a published table: their declared columns, and where each is told. A column that is not here is told
# in `extra` of that row (its declaration says so by a plus sign).
HELD: dict[str, dict[str, str]] = {
    "salesforce.opportunity": {
        "id": "fct_opportunity.opportunity_id", "stage_name": "fct_opportunity.stage_label", "account_id": "fct_opportunity.account_id",
        "name": "fct_opportunity.name", "amount": "fct_opportunity.amount_original", "currency_iso_code": "fct_opportunity.currency",
        "probability": "fct_opportunity.probability", "close_date": "fct_opportunity.expected_close_on",
        "type": "fct_opportunity.opportunity_type", "next_step": "fct_opportunity.next_step", "lead_source": "fct_opportunity.source",
        "forecast_category_name": "fct_opportunity.forecast_category", "owner_id": "fct_opportunity.owner_id",
        "segment": "fct_opportunity.segment", "loss_reason__c": "fct_opportunity.lost_reason", "created_date": "fct_opportunity.created_at",
        "is_deleted": "fct_opportunity.status",
    },
    "salesforce.account": {
        "id": "dim_account.account_id", "name": "dim_account.name", "website": "dim_account.domain", "industry": "dim_account.industry",
        "number_of_employees": "dim_account.employees", "billing_country": "dim_account.country", "created_date": "dim_account.created_at",
        "is_deleted": "what is gone has no row",
    },
    "salesforce.lead": {
        "id": "dim_lead.lead_id", "created_date": "dim_lead.created_at", "name": "dim_lead.name", "first_name": "dim_lead.name",
        "last_name": "dim_lead.name", "email": "dim_lead.email", "title": "dim_lead.title", "company": "dim_lead.company",
        "industry": "dim_lead.industry", "number_of_employees": "dim_lead.employees", "country": "dim_lead.country",
        "lead_source": "dim_lead.source", "status": "dim_lead.status", "owner_id": "dim_lead.owner_id",
        "converted_date": "dim_lead.converted_at", "converted_opportunity_id": "dim_lead.opportunity_id",
        "converted_account_id": "dim_lead.account_id", "is_deleted": "what is gone has no row",
    },
    "salesforce.contact": {"id": "dim_person_record.record_id", "is_deleted": "dim_person_record.is_deleted"},
    "salesforce.user": {
        "id": "dim_rep.rep_id", "name": "dim_rep.name", "first_name": "dim_rep.name", "last_name": "dim_rep.name", "email": "dim_rep.email",
        "is_active": "dim_rep.is_active", "manager_id": "dim_rep.manager_id", "team": "dim_rep.team", "start_date__c": "dim_rep.started_on",
    },
    "hubspot.deal": {
        "deal_id": "fct_opportunity.opportunity_id", "dealname": "fct_opportunity.name", "dealtype": "fct_opportunity.opportunity_type",
        "hs_deal_stage_probability": "fct_opportunity.probability", "hs_next_step": "fct_opportunity.next_step",
        "owner_id": "fct_opportunity.owner_id", "amount": "fct_opportunity.amount_original",
        "deal_currency_code": "fct_opportunity.currency", "closedate": "fct_opportunity.expected_close_on",
        "createdate": "fct_opportunity.created_at", "hs_analytics_source": "fct_opportunity.source",
        "hs_manual_forecast_category": "fct_opportunity.forecast_category", "segment": "fct_opportunity.segment",
        "closed_lost_reason": "fct_opportunity.lost_reason", **_GONE_DEAL,
    },
    "hubspot.company": {
        "id": "dim_account.account_id", "name": "dim_account.name", "domain": "dim_account.domain", "industry": "dim_account.industry",
        "numberofemployees": "dim_account.employees", "country": "dim_account.country", "createdate": "dim_account.created_at", **_GONE,
    },
    "hubspot.contact": {
        "id": "dim_lead.lead_id", "email": "dim_lead.email", "firstname": "dim_lead.name", "lastname": "dim_lead.name",
        "company": "dim_lead.company", "jobtitle": "dim_lead.title", "industry": "dim_lead.industry",
        "numberofemployees": "dim_lead.employees", "country": "dim_lead.country", "hs_analytics_source": "dim_lead.source",
        "hubspot_owner_id": "dim_lead.owner_id", "hs_lead_status": "dim_lead.status", "associatedcompanyid": "dim_lead.account_id", **_GONE,
    },
    "hubspot.owner": {
        "owner_id": "dim_rep.rep_id", "email": "dim_rep.email", "first_name": "dim_rep.name", "last_name": "dim_rep.name",
        "is_active": "dim_rep.is_active", "created_at": "dim_rep.started_on",
        **dict.fromkeys(("is_deleted", "_fivetran_deleted", "archived"), "dim_rep.is_active"),
    },
    "instantly.lead": {
        "id": "dim_lead.lead_id", "timestamp_created": "dim_lead.created_at", "email": "dim_lead.email", "first_name": "dim_lead.name",
        "last_name": "dim_lead.name", "job_title": "dim_lead.title", "company_name": "dim_lead.company", "campaign": "dim_lead.campaign",
        "status": "dim_lead.status",
    },
    "generic.user": {
        "user_id": "dim_rep.rep_id", "name": "dim_rep.name", "email": "dim_rep.email", "role": "dim_rep.role", "team": "dim_rep.team",
        "pod": "dim_rep.pod", "manager_id": "dim_rep.manager_id", "is_active": "dim_rep.is_active", "started_on": "dim_rep.started_on",
        "ended_on": "dim_rep.ended_on",
    },
    "generic.account": {
        name: f"dim_account.{name}" for name in ("account_id", "name", "domain", "industry", "employees", "country", "created_at")
    },
    "generic.lead": {
        name: f"dim_lead.{name}"
        for name in (
            "lead_id", "created_at", "name", "email", "title", "company", "industry", "employees", "country", "source", "owner_id",
            "status", "qualified_at", "converted_at", "opportunity_id", "account_id",
        )
    },
    "generic.opportunity": {
        **{
            name: f"fct_opportunity.{name}"
            for name in (
                "opportunity_id", "created_at", "name", "account_id", "owner_id", "pipeline", "product", "currency", "source", "segment",
                "forecast_category", "expected_close_on", "closed_at", "lost_reason", "lead_id", "opportunity_type", "probability",
                "next_step",
            )
        },
        "stage": "fct_opportunity.stage_label", "amount": "fct_opportunity.amount_original", "is_deleted": "fct_opportunity.status",
    },
}  # fmt: skip

# Ids without a name beside them, and why.
A_PERSON = "a person's name is that of a record: `email` in dim_person tells them apart"
ALONE = {
    ("dim_rep", "rep_id"): "the row itself: name",
    ("dim_account", "account_id"): "the row itself: name",
    ("dim_lead", "lead_id"): "the row itself: name",
    ("dim_company", "company_id"): "the row itself: name",
    ("fct_opportunity", "opportunity_id"): "the row itself: name",
    ("fct_stage_visit", "visit_id"): "the row itself: a stage, from when to when",
    ("fct_handoff", "handoff_id"): "the row itself: who to whom, and when",
    ("dim_company", "primary_account_id"): "`name` is the name of this account",
    ("dim_person", "person_id"): A_PERSON,
    ("dim_person", "primary_record_id"): "`email` is the address of this record",
    ("dim_person_record", "record_id"): "a lead, contact or user by `object`: named in dim_lead, in extra, in dim_rep",
    ("dim_person_record", "person_id"): A_PERSON,
    ("dim_person_record", "other_person_id"): A_PERSON,
    ("dim_rep", "person_id"): A_PERSON,
    ("dim_lead", "person_id"): A_PERSON,
    ("ops_set_aside", "record_id"): "of a row that could not be read: whatever stood in its id",
}


def _marts() -> dict[str, list[str]]:
    return {
        model["name"]: [column["name"] for column in model["columns"]]
        for path in sorted((MODELS / "marts").rglob("*__models.yml"))
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    }


MARTS = _marts()


@pytest.mark.parametrize("object_name", sorted(HELD))
def test_a_delivered_column_is_in_a_published_table_or_told_aside(object_name: str) -> None:
    system, name = object_name.split(".")
    columns = SYSTEMS[system].objects[name].columns
    aside = {column.name for column in columns if column.is_told_aside}
    held = set(HELD[object_name])
    assert held.isdisjoint(aside), "it has a column, and is told aside as well"
    assert {column.name for column in columns} == held | aside, (
        "declared, and told nowhere: give it a column, or a plus sign"
    )
    for where in HELD[object_name].values():
        if found := re.fullmatch(r"(\w+)\.(\w+)", where):
            assert found[2] in MARTS[found[1]], where


@pytest.mark.parametrize("object_name", sorted(HELD))
def test_what_is_told_aside_arrives_in_extra(object_name: str) -> None:
    """From the raw view's `_extra` by staging and the mapping to the row; nobody drops it on the way."""
    system, name = object_name.split(".")
    staged = (MODELS / "staging" / system / f"stg_{system}__{name}.sql").read_text(encoding="utf-8")
    assert "_extra as extra" in staged
    assert re.search(r"columns=\[[^\]]*'extra'", staged)
    assert f"ref('stg_{system}__{name}')" in (MODELS / "canonical" / system / f"map_{system}__extra.sql").read_text(
        encoding="utf-8"
    )


def test_only_what_has_a_row_of_its_own_is_told_aside() -> None:
    told = {f"{system.name}.{name}" for system in SYSTEMS.values() for name, declared in system.objects.items() if any(
        column.is_told_aside for column in declared.columns
    )}  # fmt: skip
    assert told <= set(HELD), "no published row has an `extra` for it"
    assert all(
        "extra" in MARTS[name] for name in ("fct_opportunity", "dim_account", "dim_lead", "dim_rep", "dim_person_record")
    )


def test_an_id_has_its_name_beside_it() -> None:
    alone = {
        (table, column)
        for table, columns in MARTS.items()
        for column in columns
        if column.endswith("_id") and f"{column.removesuffix('_id')}_name" not in columns
    }
    assert alone == set(ALONE), "give it a name, or a reason"


def test_what_is_known_only_as_of_today_is_in_no_forecast() -> None:
    """They change after the moment that a replay stands in, and no history tells what they were then."""
    today = re.compile(
        r"opportunity_type|next_step|last_activity|has_moved_back|int_opportunity_detail|int_record_extra|(?:opportunity|version)\.probability"
    )
    models = sorted((MODELS / "intermediate" / "forecast").glob("*.*"))
    assert models
    assert [path.name for path in models if today.search(path.read_text(encoding="utf-8"))] == []


def test_every_reason_is_one() -> None:
    reasons: dict[Any, str] = {
        **ALONE,
        **{(name, column): told for name, held in HELD.items() for column, told in held.items()},
    }
    assert all(len(reason) > 10 for reason in reasons.values())
