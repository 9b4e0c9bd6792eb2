"""The config, read plainly: whose days, money, stages and rules these are.

Belongs here: sales_process.yml as it stands. Does not belong here: judging whether it is valid (the product refuses what is not).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PHASES = ("prospecting", "qualification", "engagement", "closing", "won", "lost")
PROBABILITIES = (0.1, 0.25, 0.5, 0.8, 1.0, 0.0)


@dataclass(frozen=True)
class Stage:
    """A stage of a pipeline and what it means; `order` from 1."""

    pipeline: str
    key: str
    order: int
    phase: str | None
    probability: float | None = None

    @property
    def status(self) -> str:
        return self.phase if self.phase in ("won", "lost") else "open"


@dataclass(frozen=True)
class Company:
    """The config with its defaults."""

    zone: ZoneInfo
    currency: str | None
    fiscal_month: int
    first_weekday: int
    raw: dict[str, Any]
    definitions: dict[str, Any] = field(default_factory=dict)

    @property
    def objects(self) -> dict[str, dict[str, Any]]:
        return self.raw.get("objects") or {}

    def day(self, moment: datetime) -> date:
        return moment.replace(tzinfo=UTC).astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """The first moment of a company's day, in UTC."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)

    def motion(self, source: str | None) -> str | None:
        for motion, sources in (self.raw.get("motions") or {}).items():
            if source is not None and source.casefold() in {each.casefold() for each in sources}:
                return str(motion)
        return None

    def pipeline_of(self, named: str | None) -> dict[str, Any] | None:
        """The configured pipeline that a CRM's word means, or the one that takes every deal."""
        pipelines = self.raw.get("pipelines") or []
        for pipeline in pipelines:
            if named is not None and named.casefold() in {label.casefold() for label in pipeline.get("labels", [])}:
                return dict(pipeline)
        unlabelled = [pipeline for pipeline in pipelines if not pipeline.get("labels")]
        return dict(unlabelled[0]) if unlabelled else None

    def stage_of(self, pipeline: dict[str, Any], label: str) -> Stage | None:
        renamed = {old["label"].casefold(): old["key"] for old in pipeline.get("retired", [])}
        for order, stage in enumerate(pipeline["stages"], 1):
            if stage["label"].casefold() == label.casefold() or stage["key"] == renamed.get(label.casefold()):
                return Stage(pipeline["key"], stage["key"], order, stage["phase"], stage["probability"])
        return None

    def period_start(self, kind: str, day: date) -> date:
        match kind:
            case "week":
                return day - timedelta(days=(day.weekday() - self.first_weekday) % 7)
            case "month":
                return day.replace(day=1)
            case "quarter" | "fiscal_quarter":
                first = self.fiscal_month if kind == "fiscal_quarter" else 1
                return months_later(day.replace(day=1), -((day.month - first) % 3))
            case "year" | "fiscal_year":
                first = self.fiscal_month if kind == "fiscal_year" else 1
                return months_later(day.replace(day=1), -((day.month - first) % 12))
        raise ValueError(kind)

    def next_period(self, kind: str, start: date) -> date:
        if kind == "week":
            return start + timedelta(days=7)
        return months_later(start, {"month": 1, "quarter": 3, "fiscal_quarter": 3, "year": 12, "fiscal_year": 12}[kind])

    def previous_period(self, kind: str, start: date) -> date:
        return self.period_start(kind, start - timedelta(days=1))


def load(path: Path) -> Company:
    raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    told = raw.get("company") or {}
    return Company(
        ZoneInfo(told.get("timezone", "UTC")),
        told.get("currency"),
        told.get("fiscal_year_start_month", 1),
        _DAYS.index(told.get("week_starts_on", "monday")),
        raw,
        raw.get("definitions") or {},
    )


def months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def phase_of(probability: float) -> str:
    """What a CRM's open stage means that no config describes, by its own probability. No document says where the phases part."""
    return PHASES[sum(probability >= bound for bound in (0.2, 0.4, 0.75))]
