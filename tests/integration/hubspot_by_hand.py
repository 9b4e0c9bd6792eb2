"""A company that sells with HubSpot and sends mail with another tool: its files, in the shapes in which HubSpot hands them out.

Belongs here: what is delivered. Does not belong here: what must come of it (test_hubspot_company.py).
"""

from __future__ import annotations

from pathlib import Path

from nights import settings_for, write_jsonl

from funnelcast.settings import Settings

# HubSpot's own export: its headings, labels of stages and pipelines, owners by name.
_HEADINGS = (
    "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Currency,Close Date,Create Date,Deal owner,Merged Deal IDs,Archived,"
    "Associated Company IDs,Deal Type,Deal probability,Next step,Region\n"
)
_EARLIER_DEALS = """\
100,Alpha twice,Qualified to buy,Sales Pipeline,4000,USD,2026-11-30 00:00,2026-10-01 09:00,Ann Lee,,false,500,,,,
101,Alpha,Appointment scheduled,Sales Pipeline,5000,USD,2026-11-30 00:00,2026-10-03 09:00,Ann Lee,,false,500,,,,
104,Delta,Appointment scheduled,Sales Pipeline,10,USD,,2026-10-08 09:00,Bo Ek,,false,,,,,
"""
_DEALS = """\
101,Alpha,Closed won,Sales Pipeline,5000,USD,2026-11-10 10:00,2026-10-03 09:00,Ann Lee,100,false,500,,,,
102,Beta,Renewal due,Renewals,1000,EUR,2026-12-20 00:00,2026-10-20 09:00,bo@example.com,,false,501,existingbusiness,0.4,Send terms to Max,North
103,Gamma,Closed lost,Sales Pipeline,700,USD,2026-11-12 09:00,2026-10-05 09:00,Ann Lee,,false,,,,,
104,Delta,Appointment scheduled,Sales Pipeline,10,USD,,2026-10-08 09:00,Bo Ek,,true,,,,,
"""
_NOBODY_KNOWS = """\
105,Epsilon,Chatting,Sales Pipeline,10,USD,,2026-10-08 09:00,Bo Ek,,false,,,,,
106,Zeta,Appointment scheduled,Moonshots,10,USD,,2026-10-08 09:00,Bo Ek,,false,,,,,
107,Eta,Appointment scheduled,Sales Pipeline,10,XTS,,2026-10-08 09:00,Bo Ek,,false,,,,,
"""
# The API's pipelines; no stage says that the lost one is closed.
_PIPELINES = [
    {"id": "default", "label": "Sales Pipeline", "displayOrder": 0, "archived": False},
    {"id": "77", "label": "Renewals", "displayOrder": 1, "archived": False},
]
_STAGES = [
    {
        "id": "appointmentscheduled",
        "pipelineId": "default",
        "label": "Appointment scheduled",
        "displayOrder": 0,
        "metadata": {"probability": "0.2"},
    },
    {
        "id": "qualifiedtobuy",
        "pipelineId": "default",
        "label": "Qualified to buy",
        "displayOrder": 1,
        "metadata": {"probability": "0.4"},
    },
    {
        "id": "closedlost",
        "pipelineId": "default",
        "label": "Closed lost",
        "displayOrder": 2,
        "metadata": {"probability": "0.0"},
    },
    {
        "id": "closedwon",
        "pipelineId": "default",
        "label": "Closed won",
        "displayOrder": 3,
        "metadata": {"probability": "1.0"},
    },
    {
        "id": "901",
        "pipelineId": "77",
        "label": "Renewal due",
        "displayOrder": 0,
        "metadata": {"isClosed": "false", "probability": "0.9"},
    },
    {
        "id": "902",
        "pipelineId": "77",
        "label": "Closed won",
        "displayOrder": 1,
        "metadata": {"isClosed": "true", "probability": "1.0"},
    },
    {
        "id": "903",
        "pipelineId": "77",
        "label": "Closed lost",
        "displayOrder": 2,
        "metadata": {"isClosed": "true", "probability": "0.0"},
    },
]
_OWNERS = [
    {
        "id": "1",
        "email": "ann@example.com",
        "firstName": "Ann",
        "lastName": "Lee",
        "teams": [{"id": "8", "name": "East", "primary": True}],
    },
    {"id": "2", "email": "bo@example.com", "firstName": "Bo", "lastName": "Ek", "teams": []},
]
# A replica's log of stages, by their ids: 100 went into 101; 102 was in the sales pipeline first.
_DEAL_STAGES = """\
deal_id,value,date_entered
100,appointmentscheduled,2026-10-01 09:00:00
101,appointmentscheduled,2026-10-03 09:00:00
100,qualifiedtobuy,2026-10-05 09:00:00
101,closedwon,2026-11-10 10:00:00
102,appointmentscheduled,2026-10-20 09:00:00
102,901,2026-11-12 09:00:00
103,appointmentscheduled,2026-10-05 09:00:00
103,closedlost,2026-11-12 09:00:00
"""
_PROPERTIES = """\
deal_id,name,value,timestamp
102,amount,800,2026-10-20T09:00:00Z
102,amount,1000,2026-11-01T09:00:00Z
102,closedate,2026-12-01T00:00:00Z,2026-10-20T09:00:00Z
102,closedate,2026-12-20T00:00:00Z,2026-11-15T09:00:00Z
"""
_CONTACTS = """\
Record ID,Email,First Name,Last Name,Job Title,Lifecycle Stage,Create Date,Became a Lead Date,Became a Marketing Qualified Lead Date,Contact owner,Original Source
11,eve@example.org,Eve,One,CEO,opportunity,2026-09-01 09:00,2026-09-02 09:00,2026-09-05 09:00,Ann Lee,ORGANIC_SEARCH
12,eve@example.org,Eve,Two,CEO,lead,2026-09-03 09:00,2026-09-03 09:00,,Ann Lee,OFFLINE
13,sub@example.org,Sam,Sub,,subscriber,2026-09-04 09:00,,,,OFFLINE
"""
_MAIL = """\
event_id,event_type,occurred_at,message_id,sender_email,recipient_email
g1,sent,2026-11-16T09:00:00Z,m1,Ann@example.com,eve@example.org
g2,opened,2026-11-16T10:00:00Z,m1,ann@example.com,eve@example.org
"""
_HUBSPOT_MAIL = """\
id,type,created,recipient,email_campaign_id,sent_by_id,filtered_event,from
h1,SENT,2026-11-16 09:00:00,eve@example.org,9,,,Bo Ek <bo@example.com>
h2,OPEN,2026-11-16 09:00:01,eve@example.org,9,h1,true,Bo Ek <bo@example.com>
h3,OPEN,2026-11-16 12:00:00,eve@example.org,9,h1,false,Bo Ek <bo@example.com>
h4,DROPPED,2026-11-16 09:00:00,max@example.org,9,,,Bo Ek <bo@example.com>
"""


def deliver(folder: Path) -> Settings:
    """Two deliveries of deals, the second with three that nobody can place."""
    config = folder / "sales_process.yml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("company: {timezone: UTC, currency: USD}\n", encoding="utf-8")
    settings = settings_for(folder / "home", folder / "landing", config)
    texts = {
        "hubspot/deal/deals_2026-11-08.csv": _HEADINGS + _EARLIER_DEALS,
        "hubspot/deal/deals_2026-11-20.csv": _HEADINGS + _DEALS + _NOBODY_KNOWS,
        "hubspot/deal_stage/deal_stage_2026-11-20.csv": _DEAL_STAGES,
        "hubspot/deal_property_history/properties_2026-11-20.csv": _PROPERTIES,
        "hubspot/contact/contacts_2026-11-20.csv": _CONTACTS,
        "hubspot/deal_contact/deal_contact_2026-11-20.csv": "contact_id,deal_id\n11,100\n12,102\n",
        "hubspot/company/companies_2026-11-20.csv": "Record ID,Company name,Company Domain Name\n500,Acme,acme.example\n501,Bolt,bolt.example\n",
        "hubspot/engagement_call/calls_2026-11-20.csv": "id,hs_timestamp,hubspot_owner_id\nc1,2026-11-16T09:00:00Z,1\n",
        "hubspot/engagement_deal/links_2026-11-20.csv": "engagement_id,deal_id\nc1,100\n",
        "hubspot/email_event/mail_2026-11-20.csv": _HUBSPOT_MAIL,
        "generic/email_event/mail_2026-11-20.csv": _MAIL,
        "generic/fx_rate/rates_2026-11-20.csv": "currency,date,rate\nEUR,2026-11-19,1.10\n",
    }
    for name, text in texts.items():
        _put(settings, name, text)
    write_jsonl(settings.landing / "hubspot/deal_pipeline/pipelines_2026-11-20.jsonl", _PIPELINES)
    write_jsonl(settings.landing / "hubspot/deal_pipeline_stage/stages_2026-11-20.jsonl", _STAGES)
    write_jsonl(settings.landing / "hubspot/owner/owners_2026-11-20.jsonl", _OWNERS)
    return settings


def correct(settings: Settings) -> None:
    """The same file again, without what nobody can place."""
    _put(settings, "hubspot/deal/deals_2026-11-20.csv", _HEADINGS + _DEALS)


def _put(settings: Settings, name: str, text: str) -> None:
    path = settings.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
