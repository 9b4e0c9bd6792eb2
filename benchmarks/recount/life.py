"""A deal's life: from its history, its date of creation and the extracts that showed it, to what it was at any moment.

Belongs here: the order of changes, what stands before a history begins and after it ends, visits. DESIGN.md section 7.
Does not belong here: money in the reporting currency, owners and teams (facts.py).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from benchmarks.recount.company import Company, Stage
from benchmarks.recount.records import UNKNOWN, Deal, Told, Version


@dataclass(frozen=True)
class Step:
    """From `at` on the deal was this. `status` is open, won, lost or deleted."""

    at: datetime
    stage: Stage
    status: str
    amount: Any
    expected: Any
    evidence: str


@dataclass(frozen=True)
class Visit:
    stage: Stage
    entered: datetime
    exited: datetime | None
    evidence: str


@dataclass(frozen=True)
class Life:
    """All steps in order, the day of each, and the visits; `created` may be inferred."""

    deal: Deal
    created: datetime
    is_inferred: bool
    steps: list[Step]
    days: list[date]
    visits: list[Visit]
    has_history: bool
    # Whether its history begins on a later day than the deal.
    begins_later: bool

    @property
    def is_deleted(self) -> bool:
        return self.steps[-1].status == "deleted"

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def status(self) -> str:
        return self.steps[-1].status

    @property
    def closed_at(self) -> datetime | None:
        """When it entered the terminal stage that it is in, whether or not it was deleted since."""
        return self.visits[-1].entered if self.visits[-1].stage.status != "open" else None


def live(deal: Deal, company: Company, as_of: date) -> Life:
    """Put a deal's life together as it was known at the end of the as-of day."""
    end = company.midnight(as_of + timedelta(days=1))
    first = deal.versions[0]
    history = [told for told in deal.history if told.at < end]
    if deal.created is not None:
        born = company.day(deal.created)
        history = [told for told in history if company.day(told.at) >= born]
    history.sort(key=lambda told: (told.at, told.stage.order, told.order))
    created = deal.created or min([first.at, *(told.at for told in history[:1])])
    if deal.created is None and not history and first.close is not None and first.told.stage.status != "open":
        created = min(created, first.close)
    if history and history[0].stage.status == "open":
        steps = _from_history(deal, history, created, company)
    elif history:
        steps = _from_a_closed_history(deal, history, created, company)
    else:
        steps = _from_the_record(deal, created)
    steps = _after_the_history(deal, steps, history, company)
    if company.definitions.get("closed_on") == "close_date":
        steps = _on_the_close_date(deal, steps, created, company, end)
    if deal.deleted_at is not None:
        last = steps[-1]
        steps.append(Step(max(deal.deleted_at, last.at), last.stage, "deleted", last.amount, last.expected, "extract"))
    return Life(
        deal,
        created,
        deal.created is None,
        steps,
        [company.day(step.at) for step in steps],
        _visits(steps),
        bool(history),
        bool(history) and company.day(history[0].at) > company.day(created),
    )


def _on_the_close_date(deal: Deal, steps: list[Step], created: datetime, company: Company, end: datetime) -> list[Step]:
    """Closed on the CRM's own date: open until then, and changes of stage after it are told on it."""
    close = deal.versions[-1].close
    if steps[-1].status == "open" or close is None or not company.day(created) <= company.day(close) or close >= end:
        return steps
    first = next(place for place, step in enumerate(steps) if all(each.stage == steps[-1].stage for each in steps[place:]))
    moved = company.day(close) != company.day(steps[first].at)
    if not moved:
        return steps
    close = max(close, created)
    return [
        dataclasses.replace(step, at=close, evidence="record")
        if place >= first
        else dataclasses.replace(step, at=min(step.at, close))
        for place, step in enumerate(steps)
    ]


def _from_history(deal: Deal, history: list[Told], created: datetime, company: Company) -> list[Step]:
    steps = [_step(told, deal, "history") for told in history]
    if company.day(history[0].at) > company.day(created):
        # Before a history begins a deal stands in the first stage that is known of it; what it was worth then is not known.
        head = steps[0]
        older = _before_the_history(deal, history[0].at, created, company)
        steps = [*(older or [Step(created, head.stage, head.status, None, None, "created")]), *steps]
    return steps


def _before_the_history(deal: Deal, first_word: datetime, created: datetime, company: Company) -> list[Step]:
    """Extracts that are older than the history tell what they show."""
    older = [version for version in deal.versions if company.day(version.at) < company.day(first_word)]
    if not older:
        return []
    known = dataclasses.replace(deal, versions=older, history=[])
    return _after_the_history(known, _from_the_record(known, created), [], company)


def _from_a_closed_history(deal: Deal, history: list[Told], created: datetime, company: Company) -> list[Step]:
    """The history begins after the close: the CRM's date of the close is the close, and where it was before is not known."""
    steps = [_step(told, deal, "history") for told in history]
    first = steps[0]
    if company.day(first.at) <= company.day(created):
        return steps
    older = _before_the_history(deal, first.at, created, company)
    if older:
        return older + steps
    closed = next((version.close for version in reversed(deal.versions) if version.close is not None), None)
    is_told = closed is not None and company.day(closed) < company.day(first.at)
    opened = _opened(deal, created)
    if not is_told or closed is None:
        return [*opened, *steps]
    return [*opened, dataclasses.replace(first, at=max(closed, created), evidence="record"), *steps[1:]]


def _opened(deal: Deal, created: datetime) -> list[Step]:
    return [Step(created, deal.entry, "open", None, None, "created")] if deal.entry else []


def _from_the_record(deal: Deal, created: datetime) -> list[Step]:
    """No history: it was created in the entry stage, and is what the first extract shows since that, or since its close."""
    first = deal.versions[0]
    told = first.told
    amount, expected = _plain(told.amount), _plain(told.expected)
    if deal.created is None and told.stage.status == "open":
        return [Step(created, told.stage, "open", amount, expected, "extract")]
    begin = deal.entry or told.stage
    if told.stage.status == "open" and told.stage.order <= begin.order:
        return [Step(created, told.stage, "open", amount, expected, "created")]
    steps = [Step(created, begin, "open", amount, expected, "created")]
    since = first.at
    if told.stage.status != "open" and first.close is not None:
        since = first.close
    steps.append(Step(max(since, created), told.stage, told.stage.status, amount, expected, "extract"))
    return steps


def _after_the_history(deal: Deal, steps: list[Step], history: list[Told], company: Company) -> list[Step]:
    """What extracts show and the history does not tell, each from the first extract that shows it.

    An extract of a day shows that day's end. Its stage is no move back where the history tells that stage of the same day before its
    last word, or where the extract before showed it too; an amount or date that the day had before its last word was edited before it,
    once something newer was delivered.
    """
    steps = list(steps)
    last_row = history[-1].at if history else None
    seen: Version | None = None
    for place, version in enumerate(deal.versions):
        before, seen = seen, version
        if last_row is None and before is None:
            continue
        if last_row is not None and _is_older(version, last_row, company):
            continue
        now, said = steps[-1], version.told
        is_of_its_day = last_row is not None and company.day(last_row) == company.day(version.at) and version.is_of_a_day
        earlier = _before_the_last_word(steps, version) if is_of_its_day else []
        is_newest = not any(_differs(version, later) for later in deal.versions[place + 1 :])
        stage, amount, expected = said.stage, now.amount, now.expected
        if is_of_its_day and (
            stage in [step.stage for step in earlier] or (before is not None and before.told.stage == stage)
        ):
            stage = now.stage
        if said.amount is not UNKNOWN and (is_newest or said.amount not in [step.amount for step in earlier]):
            amount = said.amount
        if said.expected is not UNKNOWN and (is_newest or said.expected not in [step.expected for step in earlier]):
            expected = said.expected
        if (stage, amount, expected) == (now.stage, now.amount, now.expected):
            continue
        at = version.at
        if stage != now.stage and stage.status != "open" and version.close is not None and now.at < version.close:
            at = version.close if before is None or version.close > before.at else version.at
        steps.append(Step(max(at, now.at), stage, stage.status, amount, expected, "extract"))
    return steps


def _is_older(version: Version, last_row: datetime, company: Company) -> bool:
    """An extract of a day tells of any moment of that day; one that says its time tells of what was before it."""
    return company.day(last_row) > version.on if version.is_of_a_day else last_row > version.at


def _before_the_last_word(steps: list[Step], version: Version) -> list[Step]:
    """What a day began with, and what it was before the last word of the day."""
    return [*[step for step in steps if step.at <= version.at][-1:], *[step for step in steps if step.at > version.at][:-1]]


def _differs(version: Version, later: Version) -> bool:
    return (version.told.stage, version.told.amount, version.told.expected, version.updated) != (
        later.told.stage,
        later.told.amount,
        later.told.expected,
        later.updated,
    )


def _step(told: Told, deal: Deal, evidence: str) -> Step:
    first = deal.versions[0].told
    amount = told.amount if told.amount is not UNKNOWN else _plain(first.amount)
    expected = told.expected
    if expected is UNKNOWN:
        expected = _plain(first.expected) if deal.is_expected_taken_back else None
    return Step(told.at, told.stage, told.stage.status, amount, expected, evidence)


def _plain(value: Any) -> Any:
    return None if value is UNKNOWN else value


def _visits(steps: list[Step]) -> list[Visit]:
    found: list[Visit] = []
    for step in steps:
        if step.status == "deleted":
            continue
        if found and (found[-1].stage.pipeline, found[-1].stage.key) == (step.stage.pipeline, step.stage.key):
            continue
        if found:
            found[-1] = Visit(found[-1].stage, found[-1].entered, step.at, found[-1].evidence)
        found.append(Visit(step.stage, step.at, None, step.evidence))
    return found
