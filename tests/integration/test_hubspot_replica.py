"""A warehouse's HubSpot tables read as they are, by a config alone: files without dates, hashed names, deals without a stage.

Assumption guarded: real column names and shapes (fivetran/dbt_hubspot's integration-test seeds) match our declarations, every delivered
row is accounted for, and what the files tell reaches the canonical tables. Broken by: ingestion/systems/hubspot.py, column aliases in
ingestion/columns.py, models/staging/hubspot, models/canonical/hubspot. Expected numbers are counted by pandas in the files.
"""

from __future__ import annotations

import pandas as pd
import pytest
from nights import PROJECT, SHARED_DATA, build_rows, night, rows

from funnelcast.settings import Settings
from ingestion.systems import SYSTEMS

pytestmark = pytest.mark.long

FOLDER = SHARED_DATA / "hubspot_replica"
FILES = {name: {"user": "users"}.get(name, name) + ".csv" for name in SYSTEMS["hubspot"].objects}
NOT_TAKEN = {
    "company_property_history.csv",
    "contact_list.csv",
    "contact_list_member.csv",
    "contact_merge_audit.csv",
    "contact_property_history.csv",
    "engagement_communication.csv",
    "engagement_note.csv",
    "property.csv",
    "property_option.csv",
    "team_user.csv",
}


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    if not FOLDER.is_dir():
        pytest.skip(f"{FOLDER} is not there")
    home = tmp_path_factory.mktemp("replica") / "home"
    return night(home, FOLDER, PROJECT / "config" / "examples" / "hubspot_replica.yml")


def _delivered(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / FILES[name], dtype=str, keep_default_na=False)


def test_every_delivered_row_is_accounted_for(replica: Settings) -> None:
    """P1: the rows of each file are loaded, and in staging."""
    delivered = {file for file in FILES.values() if (FOLDER / file).is_file()}
    assert len(delivered) == 36
    found = rows(
        replica.home,
        "select file, rows_delivered, rows_loaded, rows_quarantined, rows_staged + rows_duplicate from ops_file where outcome = 'loaded'",
    )
    expected = {file: len(pd.read_csv(FOLDER / file, dtype=str)) for file in delivered}
    assert sorted(found) == sorted((file, n, n, 0, n) for file, n in expected.items())


def test_files_that_no_object_takes_are_told_by_name(replica: Settings) -> None:
    found = rows(replica.home, "select file from ops_file where outcome = 'ignored'")
    assert {file for (file,) in found} == NOT_TAKEN


def test_deals_are_opportunities(replica: Settings) -> None:
    """None of the deals says a stage or a pipeline; the config says what that means. Those that name an owner keep them."""
    deals = _delivered("deal")
    found = rows(
        replica.home, "select opportunity_id, name, owner_id, created_at, status, pipeline, stage from fct_opportunity"
    )
    assert len(found) == len(deals)
    assert {row[0]: (row[1], row[2] or "", row[3]) for row in found} == {
        deal.deal_id: (deal.property_dealname, deal.owner_id, pd.Timestamp(deal.property_createdate))
        for deal in deals.itertuples()
    }
    assert {row[4:] for row in found} == {("open", "unplaced", "unplaced")}


def test_every_stage_of_every_pipeline_is_known(replica: Settings) -> None:
    """By pipeline, deleted ones too; closed by their probability, whatever is_closed says (C22)."""
    stages = _delivered("deal_pipeline_stage").astype({"probability": float})
    stages["phase"] = stages.probability.map({1.0: "won", 0.0: "lost"}).fillna("open")
    expected = stages.groupby(["pipeline_id", "phase"]).size().to_dict()
    assert (stages._fivetran_deleted == "TRUE").sum() == 2
    assert (stages[stages.phase == "lost"].is_closed == "FALSE").all()
    found = rows(
        replica.home,
        "select pipeline, case when is_won then 'won' when is_lost then 'lost' else 'open' end as phase, count(*) from dim_stage "
        "where source_system = 'hubspot' and defined_by = 'crm' group by all",
    )
    assert {(pipeline, phase): n for pipeline, phase, n in found} == expected
    named = rows(replica.home, "select pipeline, stage, stage_name from dim_stage where defined_by = 'crm'")
    assert {row[:2] for row in named} == set(zip(stages.pipeline_id, stages.label, strict=True))


def test_pipelines_are_called_by_their_labels(replica: Settings) -> None:
    pipelines = _delivered("deal_pipeline")
    found = build_rows(replica, "select pipeline_id, pipeline from canonical.int_hubspot_pipeline where label is not null")
    assert set(found) == set(zip(pipelines.pipeline_id, pipelines.label, strict=True))


def test_history_of_deals_that_were_not_delivered_is_set_aside_by_row(replica: Settings) -> None:
    history = _delivered("deal_stage")
    assert not set(history.deal_id) & set(_delivered("deal").deal_id)
    found = rows(replica.home, "select object, problem, record_id from ops_set_aside order by record_id")
    expected = [("deal_stage", "no such opportunity was delivered", deal_id) for deal_id in sorted(history.deal_id)]
    assert found == expected
    told = build_rows(replica, "select opportunity_id, changed_at from intermediate.int_stage_history")
    assert set(told) == set(zip(history.deal_id, pd.to_datetime(history.date_entered).dt.to_pydatetime(), strict=True))


def test_owners_are_reps_in_their_teams(replica: Settings) -> None:
    """The primary team of the owner, or else of the user behind them; the user's role."""
    owners, users = _delivered("owner"), _delivered("user").set_index("id")
    teams = _delivered("team").set_index("id").name
    roles = _delivered("role").set_index("id").name
    memberships = _delivered("owner_team")
    primary = memberships[memberships.is_team_primary == "true"].set_index("owner_id").team_id
    expected = {}
    for owner in owners.itertuples():
        user = users.loc[owner.active_user_id] if owner.active_user_id in users.index else None
        team = primary.get(owner.owner_id, user.primary_team_id if user is not None else None)
        expected[owner.owner_id] = (
            owner.email.lower(),
            teams.get(team) if team else None,
            roles[user.role_id] if user is not None else None,
        )
    found = rows(replica.home, "select rep_id, email, team, role from dim_rep where not is_placeholder")
    assert {rep: (email, team, role) for rep, email, team, role in found} == expected
    assert sum(team is not None for _, team, _ in expected.values()) == 4
    assert rows(replica.home, "select count(*) from dim_rep where is_placeholder") == [(0,)]


def test_contacts_are_leads_and_those_merged_away_are_in_the_one_that_lives_on(replica: Settings) -> None:
    contacts = _delivered("contact")
    merged = {word for ids in contacts.property_hs_merged_object_ids for word in ids.split(";") if word}
    living = contacts[(contacts._fivetran_deleted == "FALSE") & ~contacts.id.isin(merged)]
    assert len(living) < len(contacts)
    found = rows(replica.home, "select lead_id, email, created_at from dim_lead")
    assert set(found) == set(
        zip(living.id, living.property_email, pd.to_datetime(living.property_createdate).dt.to_pydatetime(), strict=True)
    )


def test_companies_are_accounts(replica: Settings) -> None:
    companies = _delivered("company")
    living = companies[companies.is_deleted == "false"]
    found = rows(replica.home, "select account_id, name, country from dim_account where not is_placeholder")
    assert set(found) == set(zip(living.id, living.property_name, living.property_country, strict=True))


def test_engagements_are_activities_of_what_they_are_linked_to(replica: Settings) -> None:
    """Meetings take place at their start. The call is linked to a contact; tasks are of no known status, and so not known to be done."""
    meetings, calls, emails = (_delivered(f"engagement_{kind}") for kind in ("meeting", "call", "email"))
    link = _delivered("engagement_contact").set_index("engagement_id").contact_id
    expected = {
        *((row.engagement_id, "meeting", pd.Timestamp(row.start_time), None) for row in meetings.itertuples()),
        *(
            (row.engagement_id, "call", pd.Timestamp(row.property_hs_timestamp), link[row.engagement_id])
            for row in calls.itertuples()
        ),
        *((row.engagement_id, "email", pd.Timestamp(row.property_hs_timestamp), None) for row in emails.itertuples()),
    }
    found = build_rows(replica, "select activity_id, activity_type, occurred_at, lead_id from intermediate.int_activity")
    assert {(*row[:2], pd.Timestamp(row[2]), row[3]) for row in found} == expected
    assert len(found) == len(meetings) + len(calls) + len(emails)


def test_email_events_are_told_by_what_they_are(replica: Settings) -> None:
    """Opens count once for each mail; no event of a type that HubSpot has is lost."""
    events = _delivered("email_event")
    words = {"OPEN": "opened", "SENT": "sent", "DELIVERED": "delivered", "PROCESSED": "processed"}
    assert not ((events.filtered_event == "true") & events.type.isin(["OPEN", "CLICK"])).any()
    message = events.sent_by_id.where(events.sent_by_id != "", events.id)
    expected = {words[kind]: (len(group), message[group.index].nunique()) for kind, group in events.groupby("type")}
    found = build_rows(
        replica, "select event_type, count(*), count(distinct message_id) from intermediate.int_email_event group by all"
    )
    assert {kind: (n, messages) for kind, n, messages in found} == expected
    campaigns = build_rows(replica, "select sequence_id, count(*) from intermediate.int_email_event group by all")
    assert dict(campaigns) == events.email_campaign_id.value_counts().to_dict()


def test_raw_keeps_what_each_type_of_event_tells(replica: Settings) -> None:
    for name in (found for found in SYSTEMS["hubspot"].objects if found.startswith("email_event_")):
        delivered = _delivered(name)
        staged = build_rows(replica, f"select event_id from staging.stg_hubspot__{name} where row_disposition = 'loaded'")
        assert {event for (event,) in staged} == set(delivered.id), name
        assert len(staged) == len(delivered), name
