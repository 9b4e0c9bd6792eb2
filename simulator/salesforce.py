"""The histories as Salesforce shows them: objects with API column names, ids and instants in its format.

The e-mail tool's events are here too, in the generic form it exports. Not here: files and dirt.
"""

from datetime import date

from simulator import identifiers as ids
from simulator.deals import Fields, Value
from simulator.funnel import RELABELLED
from simulator.leads import CONVERTED, NEW
from simulator.people import AE, INTEGRATION, MANAGER, REVOPS, SDR, SDR_MANAGER, VP, Rep
from simulator.records import Record, Table
from simulator.simulate import Histories
from simulator.workdays import iso_instant

STAMPS = ("LastModifiedDate", "SystemModstamp")
TRACKED = ("StageName", "Amount", "CloseDate", "Probability", "ForecastCategoryName")
# The history keeps the category under its API name, the opportunity under its label.
CATEGORY_NAMES = {
    "Omitted": "Omitted",
    "Pipeline": "Pipeline",
    "Best Case": "BestCase",
    "Most Likely": "MostLikely",
    "Commit": "Forecast",
    "Closed": "Closed",
}

_TITLES = {
    SDR: "Sales Development Representative",
    AE: "Account Executive",
    MANAGER: "Sales Manager",
    SDR_MANAGER: "SDR Manager",
    VP: "VP Sales",
    REVOPS: "Revenue Operations Manager",
    INTEGRATION: "Integration User",
}
_DEPARTMENTS = {
    SDR: "Sales Development",
    SDR_MANAGER: "Sales Development",
    REVOPS: "Operations",
    INTEGRATION: "Operations",
}


def tables(histories: Histories) -> list[Table]:
    """Every object that is delivered."""
    return _Office(histories).tables()


class _Office:
    def __init__(self, histories: Histories) -> None:
        self._h = histories
        company = histories.company
        self._live = histories.clock.utc(company.history_starts_on.toordinal() - 5, 8 * 3600)
        self._account_of: dict[int, int] = {}
        self._accounts: list[tuple[int, int, int]] = []
        self._account_of_deal: list[int] = []
        for deal in histories.deals:
            organisation = deal.birth.organisation
            if organisation not in self._account_of:
                self._account_of[organisation] = len(self._accounts)
                self._accounts.append((deal.birth.at, organisation, deal.number))
            self._account_of_deal.append(self._account_of[organisation])
        self._deal_of_lead = {deal.birth.lead: deal.number for deal in histories.deals if deal.birth.lead is not None}

    def tables(self) -> list[Table]:
        return [
            self._table("user_role", "full", "csv", ROLE_COLUMNS, self._roles()),
            self._table("user", "full", "csv.gz", USER_COLUMNS, self._users()),
            self._table("opportunity_stage", "full", "csv", STAGE_COLUMNS, self._stages()),
            self._table("product2", "full", "csv.gz", PRODUCT_COLUMNS, self._products()),
            self._table("account", "delta", "csv.gz", ACCOUNT_COLUMNS, self._account_records()),
            self._table("contact", "delta", "csv.gz", CONTACT_COLUMNS, self._contacts()),
            self._table("lead", "delta", "csv.gz", LEAD_COLUMNS, self._leads()),
            self._table("opportunity", "delta", "csv.gz", OPPORTUNITY_COLUMNS, self._opportunities()),
            self._table("opportunity_history", "events", "csv.gz", HISTORY_COLUMNS, self._history(), stamps=()),
            self._table("opportunity_line_item", "delta", "csv.gz", LINE_COLUMNS, self._line_items()),
            self._table("task", "delta", "jsonl.gz", TASK_COLUMNS, self._tasks()),
            self._table("event", "delta", "jsonl.gz", EVENT_COLUMNS, self._events()),
            self._table("forecasting_quota", "delta", "csv.gz", QUOTA_COLUMNS, self._quotas()),
            Table(
                "generic",
                "email_event",
                "email_events",
                "events",
                "jsonl.gz",
                EMAIL_COLUMNS,
                self._email_events(),
            ),
        ]

    def _table(
        self,
        name: str,
        delivery: str,
        file_format: str,
        columns: tuple[str, ...],
        records: list[Record],
        stamps: tuple[str, ...] = STAMPS,
    ) -> Table:
        return Table("salesforce", name, name, delivery, file_format, columns, records, stamps)

    def _user_id(self, rep: int | None) -> str | None:
        return None if rep is None else ids.salesforce_id(ids.USER, rep)

    def _roles(self) -> list[Record]:
        teams = self._h.company.teams
        names = [
            "VP Sales",
            *(f"Sales Manager {team}" for team in teams),
            "SDR Manager",
            "Revenue Operations",
        ]
        names += [f"{role} {team}" for role in ("Account Executive", "SDR") for team in teams]
        self._role_numbers = {name: number for number, name in enumerate(names)}
        parents = {"Revenue Operations": "VP Sales", "SDR Manager": "VP Sales"}
        for team in teams:
            parents[f"Sales Manager {team}"] = "VP Sales"
            parents[f"Account Executive {team}"] = f"Sales Manager {team}"
            parents[f"SDR {team}"] = "SDR Manager"
        records = []
        for number, name in enumerate(names):
            parent = parents.get(name)
            values: Fields = {
                "Name": name,
                "DeveloperName": name.replace(" ", "_"),
                "ParentRoleId": None if parent is None else ids.salesforce_id(ids.ROLE, self._role_numbers[parent]),
            }
            records.append(Record(ids.salesforce_id(ids.ROLE, number), self._live, values))
        return records

    def _role_id(self, rep: Rep, team: str) -> str | None:
        name = {
            SDR: f"SDR {team}",
            AE: f"Account Executive {team}",
            MANAGER: f"Sales Manager {team}",
            SDR_MANAGER: "SDR Manager",
            VP: "VP Sales",
            REVOPS: "Revenue Operations",
        }.get(rep.role)
        return None if name is None else ids.salesforce_id(ids.ROLE, self._role_numbers[name])

    def _users(self) -> list[Record]:
        records = []
        for rep in self._h.team.reps:
            values: Fields = {
                "Name": rep.name,
                "FirstName": rep.first,
                "LastName": rep.last,
                "Email": rep.email,
                "IsActive": True,
                "UserRoleId": self._role_id(rep, rep.team),
                "ManagerId": self._user_id(rep.manager),
                "Title": _TITLES[rep.role],
                "Team__c": rep.team or None,
                "Department": _DEPARTMENTS.get(rep.role, "Sales"),
                "CreatedDate": iso_instant(rep.joined_crm),
                "Start_Date__c": None if rep.role == INTEGRATION else date.fromordinal(rep.started).isoformat(),
            }
            changes: list[tuple[int, Fields]] = []
            if rep.transfer is not None:
                day, team, manager = rep.transfer
                moved: Fields = {
                    "Team__c": team,
                    "UserRoleId": self._role_id(rep, team),
                    "ManagerId": self._user_id(manager),
                }
                changes.append((self._h.clock.utc(day, 9 * 3600 + 240), moved))
            if rep.left is not None:
                changes.append((self._h.clock.utc(rep.left, 8 * 3600), {"IsActive": False}))
            records.append(
                Record(
                    ids.salesforce_id(ids.USER, rep.number),
                    rep.joined_crm,
                    values,
                    sorted(changes, key=_when),
                )
            )
        return records

    def _stages(self) -> list[Record]:
        rows: list[tuple[str, int, str, bool, bool]] = [
            (stage.label, stage.default_probability, stage.forecast_category, False, False)
            for stage in self._h.company.stages
        ]
        rows += [("Closed Won", 100, "Closed", True, True), ("Closed Lost", 0, "Omitted", True, False)]
        records = []
        for number, (label, probability, category, is_closed, is_won) in enumerate(rows):
            values: Fields = {
                "MasterLabel": label,
                "ApiName": label,
                "IsActive": True,
                "SortOrder": number + 1,
                "IsClosed": is_closed,
                "IsWon": is_won,
                "DefaultProbability": probability,
                "ForecastCategoryName": category,
            }
            records.append(Record(ids.salesforce_id(ids.OPPORTUNITY_STAGE, number), self._live, values))
        return records

    def _products(self) -> list[Record]:
        clock, as_of = self._h.clock, self._h.company.as_of.toordinal()
        records = []
        for number, product in enumerate(self._h.company.products):
            values: Fields = {
                "Name": product.name,
                "ProductCode": "FH-" + "".join(word[0] for word in product.name.split()).upper() + str(number + 1),
                "Family": product.family,
                "IsActive": True,
                "List_Price__c": product.list_price,
                "CreatedDate": iso_instant(self._live),
            }
            records.append(Record(ids.salesforce_id(ids.PRODUCT, number), self._live, values))
        # One product changes in the nightly deltas: a new description of what it belongs to.
        records[-1].changes.append((clock.utc(as_of - 6, 10 * 3600), {"Family": "Support"}))
        return records

    def _account_records(self) -> list[Record]:
        records = []
        for number, (created, organisation_number, deal_number) in enumerate(self._accounts):
            organisation, deal = self._h.organisations[organisation_number], self._h.deals[deal_number]
            values: Fields = {
                "Name": organisation.name,
                "Website": f"https://www.{organisation.domain}",
                "Industry": organisation.industry,
                "NumberOfEmployees": organisation.employees,
                "BillingCountry": organisation.country,
                "OwnerId": self._user_id(deal.owners[0][1]),
                "CreatedDate": iso_instant(created),
                "IsDeleted": False,
            }
            changes: list[tuple[int, Fields]] = [
                (at, {"OwnerId": self._user_id(rep)}) for at, rep in self._owners(deal.number)
            ]
            records.append(Record(ids.salesforce_id(ids.ACCOUNT, number), created, values, changes))
        return records

    def _owners(self, deal_number: int) -> list[tuple[int, int]]:
        """The changes of a deal's owner that came to pass."""
        deal = self._h.deals[deal_number]
        return [(at, rep) for at, rep in deal.owners[1:] if deal.deleted_at is None or at < deal.deleted_at]

    def _contacts(self) -> list[Record]:
        records = []
        for deal, person in zip(self._h.deals, self._h.buyers, strict=True):
            values: Fields = {
                "AccountId": ids.salesforce_id(ids.ACCOUNT, self._account_of_deal[deal.number]),
                "FirstName": person.first,
                "LastName": person.last,
                "Name": f"{person.first} {person.last}",
                "Email": self._buyer_email(deal.number),
                "Title": person.title,
                "LeadSource": deal.birth.source,
                "OwnerId": self._user_id(deal.owners[0][1]),
                "CreatedDate": iso_instant(deal.birth.at),
                "IsDeleted": False,
            }
            records.append(Record(ids.salesforce_id(ids.CONTACT, deal.number), deal.birth.at, values))
        return records

    def _buyer_email(self, deal_number: int) -> str | None:
        lead = self._h.deals[deal_number].birth.lead
        if lead is not None and not self._h.leads[lead].has_email:
            return None
        return self._h.buyers[deal_number].email

    def _leads(self) -> list[Record]:
        records = []
        for lead in self._h.leads:
            person, organisation = lead.person, lead.organisation
            values: Fields = {
                "FirstName": person.first,
                "LastName": person.last,
                "Name": f"{person.first} {person.last}",
                "Email": person.email if lead.has_email else None,
                "Title": person.title,
                "Company": organisation.name,
                "Industry": organisation.industry,
                "NumberOfEmployees": organisation.employees if lead.knows_employees else None,
                "Country": organisation.country,
                "LeadSource": lead.source.name,
                "Status": NEW,
                "OwnerId": self._user_id(lead.owner),
                "CreatedDate": iso_instant(lead.created_at),
                "IsConverted": False,
                "ConvertedDate": None,
                "ConvertedOpportunityId": None,
                "ConvertedAccountId": None,
                "ConvertedContactId": None,
                "IsDeleted": False,
            }
            changes: list[tuple[int, Fields]] = []
            for at, status in lead.statuses:
                fields: Fields = {"Status": status}
                if status == CONVERTED:
                    deal = self._deal_of_lead[lead.number]
                    fields |= {
                        "IsConverted": True,
                        "ConvertedDate": date.fromordinal(self._h.clock.day(at)).isoformat(),
                        "ConvertedOpportunityId": ids.salesforce_id(ids.OPPORTUNITY, deal),
                        "ConvertedAccountId": ids.salesforce_id(ids.ACCOUNT, self._account_of_deal[deal]),
                        "ConvertedContactId": ids.salesforce_id(ids.CONTACT, deal),
                    }
                changes.append((at, fields))
            records.append(Record(ids.salesforce_id(ids.LEAD, lead.number), lead.created_at, values, changes))
        return records

    def _opportunities(self) -> list[Record]:
        won_before: dict[int, int] = {}
        for deal in self._h.deals:
            for move in deal.moves:
                if move.stage == len(self._h.company.stages):
                    account = self._account_of_deal[deal.number]
                    won_before[account] = min(move.at, won_before.get(account, move.at))
        records = []
        for paper in self._h.paperwork:
            deal = paper.deal
            account = self._account_of_deal[deal.number]
            is_customer = won_before.get(account, deal.birth.at) < deal.birth.at
            kind = "Existing Business" if is_customer else "New Business"
            organisation = self._h.organisations[deal.birth.organisation]
            values: Fields = {
                "AccountId": ids.salesforce_id(ids.ACCOUNT, account),
                "Name": f"{organisation.name} - {kind}",
                **_shown(paper.created),
                "Type": kind,
                "LeadSource": deal.birth.source,
                "OwnerId": self._user_id(deal.owners[0][1]),
                "CreatedDate": iso_instant(deal.birth.at),
                "IsDeleted": False,
                "Segment__c": self._h.company.segments[deal.birth.segment].name,
            }
            changes = [(at, _shown(fields)) for at, fields in paper.changes]
            changes += [(at, {"OwnerId": self._user_id(rep)}) for at, rep in self._owners(deal.number)]
            if deal.deleted_at is not None:
                changes.append((deal.deleted_at, {"IsDeleted": True}))
            changes.sort(key=_when)
            records.append(Record(ids.salesforce_id(ids.OPPORTUNITY, deal.number), deal.birth.at, values, changes))
        return records

    def _history(self) -> list[Record]:
        rows: list[tuple[int, Fields]] = []
        for paper in self._h.paperwork:
            deal, now = paper.deal, dict(paper.created)
            mass_updates = {
                move.at for move in deal.moves if move.kind == RELABELLED and move.label != self._retired_label()
            }
            rows.append((deal.birth.at, self._history_row(deal.number, now, deal.created_by, deal.birth.at)))
            for at, fields in paper.changes:
                now.update(fields)
                if any(column in fields for column in TRACKED):
                    by = self._h.team.by_role[INTEGRATION][0] if at in mass_updates else deal.owner_at(at)
                    rows.append((at, self._history_row(deal.number, now, by, at)))
        rows.sort(key=_when)  # stable: saves of one deal at one instant stay in order
        return [Record(ids.salesforce_id(ids.OPPORTUNITY_HISTORY, n), at, row) for n, (at, row) in enumerate(rows)]

    def _retired_label(self) -> str | None:
        retired = self._h.company.retired_stage
        return None if retired is None else retired.label

    def _history_row(self, deal: int, now: Fields, by: int, at: int) -> Fields:
        return {
            "OpportunityId": ids.salesforce_id(ids.OPPORTUNITY, deal),
            "StageName": now["StageName"],
            "Amount": now["Amount"],
            "CloseDate": _iso(now["CloseDate"]),
            "Probability": now["Probability"],
            "ForecastCategory": CATEGORY_NAMES[str(now["ForecastCategoryName"])],
            "CreatedDate": iso_instant(at),
            "CreatedById": self._user_id(by),
            "IsDeleted": False,
        }

    def _line_items(self) -> list[Record]:
        lines = [(line.created_at, paper.deal, line) for paper in self._h.paperwork for line in paper.lines]
        lines.sort(key=lambda row: row[0])
        records = []
        for number, (created, deal, line) in enumerate(lines):
            values: Fields = {
                "OpportunityId": ids.salesforce_id(ids.OPPORTUNITY, deal.number),
                "Product2Id": ids.salesforce_id(ids.PRODUCT, line.product),
                "Quantity": float(line.quantity),
                "UnitPrice": line.unit_price,
                "TotalPrice": line.total(line.unit_price),
                "CreatedDate": iso_instant(created),
                "IsDeleted": False,
            }
            changes: list[tuple[int, Fields]] = [
                (at, {"UnitPrice": price, "TotalPrice": line.total(price)}) for at, price in line.changes
            ]
            if deal.deleted_at is not None:
                changes.append((deal.deleted_at, {"IsDeleted": True}))
            records.append(Record(ids.salesforce_id(ids.LINE_ITEM, number), created, values, changes))
        return records

    def _about(self, lead: int | None, deal: int | None) -> tuple[str | None, str | None]:
        if lead is not None:
            return ids.salesforce_id(ids.LEAD, lead), None
        assert deal is not None
        return ids.salesforce_id(ids.CONTACT, deal), ids.salesforce_id(ids.OPPORTUNITY, deal)

    def _tasks(self) -> list[Record]:
        records = []
        for number, task in enumerate(self._h.activities.tasks):
            who, what = self._about(task.lead, task.deal)
            is_open = task.done_at is None or task.done_at > task.created_at
            values: Fields = {
                "WhoId": who,
                "WhatId": what,
                "OwnerId": self._user_id(task.owner),
                "Subject": task.subject,
                "TaskSubtype": task.subtype,
                "Status": "Not Started" if is_open else "Completed",
                "IsClosed": not is_open,
                "ActivityDate": date.fromordinal(task.due).isoformat(),
                "CreatedDate": iso_instant(task.created_at),
                "CompletedDateTime": None if is_open else iso_instant(task.created_at),
                "CallDisposition": task.disposition,
                "IsDeleted": False,
            }
            changes: list[tuple[int, Fields]] = []
            if is_open and task.done_at is not None:
                done: Fields = {
                    "Status": "Completed",
                    "IsClosed": True,
                    "CompletedDateTime": iso_instant(task.done_at),
                }
                changes.append((task.done_at, done))
            records.append(Record(ids.salesforce_id(ids.TASK, number), task.created_at, values, changes))
        return records

    def _events(self) -> list[Record]:
        records = []
        for number, meeting in enumerate(self._h.activities.appointments):
            who, what = self._about(meeting.lead, meeting.deal)
            values: Fields = {
                "WhoId": who,
                "WhatId": what,
                "OwnerId": self._user_id(meeting.owner),
                "Subject": meeting.subject,
                "Type": meeting.type,
                "StartDateTime": iso_instant(meeting.starts_at),
                "EndDateTime": iso_instant(meeting.ends_at),
                "CreatedDate": iso_instant(meeting.created_at),
                "Outcome__c": None,
                "IsDeleted": False,
            }
            changes: list[tuple[int, Fields]] = []
            if meeting.outcome_at is not None:
                changes.append((meeting.outcome_at, {"Outcome__c": meeting.outcome}))
            records.append(Record(ids.salesforce_id(ids.EVENT, number), meeting.created_at, values, changes))
        return records

    def _quotas(self) -> list[Record]:
        records = []
        for number, quota in enumerate(sorted(self._h.quotas, key=lambda quota: quota.set_at)):
            values: Fields = {
                "QuotaOwnerId": self._user_id(quota.rep),
                "StartDate": quota.month.isoformat(),
                "QuotaAmount": quota.amount,
                "IsAmount": True,
            }
            changes: list[tuple[int, Fields]] = []
            if quota.revised is not None:
                changes.append((quota.revised[0], {"QuotaAmount": quota.revised[1]}))
            records.append(Record(ids.salesforce_id(ids.FORECASTING_QUOTA, number), quota.set_at, values, changes))
        return records

    def _email_events(self) -> list[Record]:
        records = []
        for number, event in enumerate(self._h.email_events, start=1):
            values: Fields = {
                "event_type": event.type,
                "occurred_at": iso_instant(event.at),
                "message_id": f"msg_{event.message:07d}",
                "sender_email": self._h.team.reps[event.rep].email,
                "recipient_email": self._h.leads[event.lead].person.email,
                "lead_id": ids.salesforce_id(ids.LEAD, event.lead),
                "sequence_id": event.sequence,
                "step": event.step,
                "variant": event.variant,
            }
            records.append(Record(f"evt_{number:08d}", event.at, values))
        return records


def _when(change: tuple[int, Fields]) -> int:
    return change[0]


def _iso(day: Value) -> str:
    assert isinstance(day, int)
    return date.fromordinal(day).isoformat()


def _shown(fields: Fields) -> Fields:
    """Deal fields as the CRM shows them: days as dates."""
    return {key: _iso(value) if key == "CloseDate" else value for key, value in fields.items()}


ROLE_COLUMNS = ("Id", "Name", "DeveloperName", "ParentRoleId", *STAMPS)
USER_COLUMNS = (
    *(
        "Id",
        "Name",
        "FirstName",
        "LastName",
        "Email",
        "IsActive",
        "UserRoleId",
        "ManagerId",
        "Title",
        "Team__c",
    ),
    *("Department", "CreatedDate", *STAMPS, "Start_Date__c"),
)
STAGE_COLUMNS = (
    *("Id", "MasterLabel", "ApiName", "IsActive", "SortOrder", "IsClosed", "IsWon", "DefaultProbability"),
    *("ForecastCategoryName", *STAMPS),
)
PRODUCT_COLUMNS = ("Id", "Name", "ProductCode", "Family", "IsActive", "List_Price__c", "CreatedDate", *STAMPS)
ACCOUNT_COLUMNS = (
    *("Id", "Name", "Website", "Industry", "NumberOfEmployees", "BillingCountry", "OwnerId", "CreatedDate"),
    *(*STAMPS, "IsDeleted"),
)
CONTACT_COLUMNS = (
    *(
        "Id",
        "AccountId",
        "FirstName",
        "LastName",
        "Name",
        "Email",
        "Title",
        "LeadSource",
        "OwnerId",
        "CreatedDate",
    ),
    *(*STAMPS, "IsDeleted"),
)
LEAD_COLUMNS = (
    *(
        "Id",
        "FirstName",
        "LastName",
        "Name",
        "Email",
        "Title",
        "Company",
        "Industry",
        "NumberOfEmployees",
        "Country",
    ),
    *(
        "LeadSource",
        "Status",
        "OwnerId",
        "CreatedDate",
        "IsConverted",
        "ConvertedDate",
        "ConvertedOpportunityId",
    ),
    *("ConvertedAccountId", "ConvertedContactId", *STAMPS, "IsDeleted"),
)
OPPORTUNITY_COLUMNS = (
    *(
        "Id",
        "AccountId",
        "Name",
        "StageName",
        "Amount",
        "Probability",
        "CloseDate",
        "Type",
        "LeadSource",
        "IsClosed",
    ),
    *("IsWon", "ForecastCategoryName", "OwnerId", "CreatedDate", *STAMPS, "IsDeleted", "Segment__c"),
    *("Loss_Reason__c", "NextStep"),
)
HISTORY_COLUMNS = (
    *(
        "Id",
        "OpportunityId",
        "StageName",
        "Amount",
        "CloseDate",
        "Probability",
        "ForecastCategory",
        "CreatedDate",
    ),
    *("CreatedById", "IsDeleted"),
)
LINE_COLUMNS = (
    *("Id", "OpportunityId", "Product2Id", "Quantity", "UnitPrice", "TotalPrice", "CreatedDate", *STAMPS),
    "IsDeleted",
)
TASK_COLUMNS = (
    *("Id", "WhoId", "WhatId", "OwnerId", "Subject", "TaskSubtype", "Status", "IsClosed", "ActivityDate"),
    *("CreatedDate", "CompletedDateTime", "CallDisposition", *STAMPS, "IsDeleted"),
)
EVENT_COLUMNS = (
    *("Id", "WhoId", "WhatId", "OwnerId", "Subject", "Type", "StartDateTime", "EndDateTime", "CreatedDate"),
    *("Outcome__c", *STAMPS, "IsDeleted"),
)
QUOTA_COLUMNS = ("Id", "QuotaOwnerId", "StartDate", "QuotaAmount", "IsAmount", *STAMPS)
EMAIL_COLUMNS = (
    *("event_id", "event_type", "occurred_at", "message_id", "sender_email", "recipient_email", "lead_id"),
    *("sequence_id", "step", "variant"),
)
