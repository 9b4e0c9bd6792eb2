"""The sales process as configuration: its shape, its validation and its defaults.

Belongs here: the models of `config/sales_process.yml` and the sentences said when it is wrong.
Does not belong here: environment variables and flags (settings.py), or turning the process into tables (ingestion/).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from funnelcast import memory
from funnelcast.errors import UsageError
from funnelcast.landing_place import RemoteFolder, landing_place

Phase = Literal["prospecting", "qualification", "engagement", "closing", "won", "lost"]
Delivery = Literal["full", "delta", "events"]
Motion = Literal["inbound", "outbound", "product_led"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Label = Annotated[str, Field(min_length=1)]
TERMINAL_PHASES = ("won", "lost")
# The parts of a company that every table names alike (macros/segments.sql); `segments` adds columns of its own.
SCOPES = ("company", "pipeline", "team", "pod", "rep", "product", "source", "motion", "segment")
ForecastScope = Literal["team", "rep", "pipeline", "segment"]
ForecastPeriod = Literal["week", "month", "quarter", "year"]
ForecastMethod = Literal[
    "static_weighted",
    "commit",
    "best_case",
    "last_period",
    "moving_average",
    "same_month_last_quarter",
    "same_period_last_year",
]
FORECAST_METHODS: tuple[ForecastMethod, ...] = get_args(ForecastMethod)
# Three years of months say how good a forecast is; half a year of weeks does, and older ones cost more than they tell.
REPLAYS: dict[str, int] = {"week": 26, "month": 36, "quarter": 12, "year": 5}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Strict):
    """Whose days, weeks, years and money the tables are published in."""

    name: str = "the company"
    timezone: str = "UTC"
    # None: the currency of the data, if there is only one.
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    # How many days an exchange rate stands after its own where no newer one comes; None: until the next, as Salesforce's dated ones do.
    rates_stand_for_days: Annotated[int, Field(ge=0, le=3660)] | None = 7
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 1
    week_starts_on: Weekday = "monday"

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, value: str) -> str:
        return _known_timezone(value)


class Stage(_Strict):
    """One stage of a pipeline: what the CRM calls it, and what it means."""

    label: Label
    key: Key
    phase: Phase
    probability: Annotated[float, Field(ge=0, le=1)]


class RetiredStage(_Strict):
    """A label that only old history names, and the stage of today it belongs to."""

    label: Label
    key: Key


class Pipeline(_Strict):
    """A sequence of stages, in order; won and lost come last."""

    key: Key
    # What the CRM calls this pipeline (or its record type). None given: the pipeline of every deal that names no other.
    labels: tuple[Label, ...] = ()
    stages: Annotated[tuple[Stage, ...], Field(min_length=3)]
    retired: tuple[RetiredStage, ...] = ()
    # Where deals are when they are created, for a CRM that keeps no history. None: the first stage.
    entry_stage: Key | None = None

    @model_validator(mode="after")
    def _stages_fit_together(self) -> Pipeline:
        keys = [stage.key for stage in self.stages]
        labels = [stage.label.casefold() for stage in self.stages] + [old.label.casefold() for old in self.retired]
        _no_repeats(keys, f"pipeline {self.key!r}: stage key")
        _no_repeats(labels, f"pipeline {self.key!r}: stage label")
        phases: list[str] = [stage.phase for stage in self.stages]
        for phase in TERMINAL_PHASES:
            if phases.count(phase) == 0:
                raise ValueError(f"pipeline {self.key!r} has no stage whose phase is {phase!r}; expected at least one")
        first_terminal = min(phases.index(phase) for phase in TERMINAL_PHASES)
        if any(phase not in TERMINAL_PHASES for phase in phases[first_terminal:]) or first_terminal == 0:
            raise ValueError(f"pipeline {self.key!r}: expected the open stages first, then the won and lost ones")
        for retired in self.retired:
            if retired.key not in keys:
                raise ValueError(
                    f"pipeline {self.key!r}: the retired label {retired.label!r} names the stage {retired.key!r}; "
                    f"expected one of {', '.join(keys)}"
                )
        if self.entry_stage is not None and self.entry_stage not in keys[:first_terminal]:
            raise ValueError(
                f"pipeline {self.key!r}: entry_stage is {self.entry_stage!r}; expected one of {', '.join(keys[:first_terminal])}"
            )
        return self


# What a rule can ask of a lead or account, besides columns of their own that the extract names.
COMPANY_ATTRIBUTES = ("industry", "employees", "country")
PERSON_ATTRIBUTES = ("title", "source")
LIST_OPERATORS = ("one_of", "not_one_of", "contains")
NUMBER_OPERATORS = ("at_least", "at_most", "between")


class ScoreRule(_Strict):
    """Points for an attribute that is so: `{attribute: employees, is: at_least, value: 100, points: 20}`."""

    attribute: Key
    # known: whatever it is, if it is there.
    operator: Literal["one_of", "not_one_of", "contains", "at_least", "at_most", "between", "known"] = Field(alias="is")
    value: float | None = None
    values: tuple[Label, ...] | tuple[float, ...] = ()
    points: Annotated[int, Field(ge=-1000, le=1000)]

    @model_validator(mode="after")
    def _values_fit_the_operator(self) -> ScoreRule:
        what = f"the rule on {self.attribute!r}, {self.operator}"
        if self.operator in LIST_OPERATORS and (not self.values or self.value is not None):
            raise ValueError(f"{what}: expected `values`, a list of at least one")
        if self.operator in ("at_least", "at_most") and (self.value is None or self.values):
            raise ValueError(f"{what}: expected `value`, a number")
        if self.operator == "between":
            numbers = [value for value in self.values if isinstance(value, float)]
            if len(numbers) != 2 or len(self.values) != 2 or numbers[0] > numbers[1] or self.value is not None:
                raise ValueError(f"{what}: expected `values`, two numbers, the smaller first")
        if self.operator == "known" and (self.values or self.value is not None):
            raise ValueError(f"{what}: expected neither `value` nor `values`")
        if self.operator in NUMBER_OPERATORS and self.attribute in (*PERSON_ATTRIBUTES, "industry", "country"):
            raise ValueError(f"{what}: {self.attribute} is text; expected one of {', '.join(LIST_OPERATORS)}, known")
        if self.operator in LIST_OPERATORS and any(isinstance(value, float) for value in self.values):
            raise ValueError(f"{what}: expected texts; put numbers in quotes")
        return self


class Tier(_Strict):
    """A class of scores, from a number of points on. The last tier takes all that the others leave."""

    key: Key
    minimum: int | None = Field(default=None, alias="from")


class Score(_Strict):
    """Rules that add up to a score, and the tiers it falls into, the best first."""

    rules: tuple[ScoreRule, ...] = ()
    tiers: tuple[Tier, ...] = ()

    @model_validator(mode="after")
    def _tiers_fit_together(self) -> Score:
        if bool(self.rules) != bool(self.tiers):
            raise ValueError("expected both `rules` and `tiers`, or neither")
        _no_repeats([tier.key for tier in self.tiers], "tier")
        if self.tiers and self.tiers[-1].minimum is not None:
            raise ValueError(f"the last tier, {self.tiers[-1].key!r}, takes what the others leave; expected no `from`")
        bounds = [tier.minimum for tier in self.tiers[:-1] if tier.minimum is not None]
        if self.tiers and len(bounds) < len(self.tiers) - 1:
            raise ValueError("every tier but the last needs `from`, the points from which on it begins")
        if bounds != sorted(set(bounds), reverse=True):
            raise ValueError("expected the tiers from the highest `from` to the lowest, each once")
        return self


class Handover(_Strict):
    """Who gives a deal to whom at a stage. No pipeline given: in every pipeline that has this stage."""

    pipeline: Key | None = None
    stage: Key
    giver: Key = Field(alias="from")
    taker: Key = Field(alias="to")


class Credit(_Strict):
    """What finding, working and closing a deal count for in the credit for it; together 1."""

    sourced: Annotated[float, Field(ge=0, le=1)] = 0.2
    worked: Annotated[float, Field(ge=0, le=1)] = 0.3
    closed: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _adds_up(self) -> Credit:
        total = round(self.sourced + self.worked + self.closed, 9)
        if total != 1:
            raise ValueError(f"sourced, worked and closed add up to {total:g}; expected 1")
        return self


class ObjectOptions(_Strict):
    """How one object is delivered, where it differs from what its system's declaration says."""

    # Where the files are, as a glob below landing. None: `<system>/<object>/*`.
    files: str | None = None
    # The extract date of files whose names carry none.
    extracted_on: date | None = None
    delivery: Delivery | None = None
    # How dates are written, in strptime's words, where they are not ISO.
    dates: str | None = None
    # Whose clock its times without a zone show: `company`, or a name such as America/New_York. None: UTC.
    timezone: str | None = None
    # How numbers are written: the thousands separator, then the decimal mark.
    numbers: Literal["1,234.5", "1.234,5", "1 234,5"] | None = None
    # Our column → the delivered one.
    columns: dict[Key, Label] = Field(default_factory=dict)
    # Our column → a value that every row has.
    constants: dict[Key, str] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, value: str | None) -> str | None:
        return value if value in (None, "company") else _known_timezone(str(value))


class Matching(_Strict):
    """What matching people and companies across systems must know of this company's market."""

    # Domains, further to the shipped list, that many companies share: a provider of mail, a portal, a franchise.
    shared_domains: tuple[Label, ...] = ()


class Definitions(_Strict):
    """The definitions that companies contest. Each option and what follows from it: docs/definitions.md."""

    # Expected in the period and still open: only while its date stayed there, or also when the date was moved on.
    slipped: Literal["date_passed", "not_closed"] = "date_passed"
    # Pipeline → the stage from which on a deal counts as created. A pipeline not named: from its first stage.
    created_from_stage: dict[Key, Key] = Field(default_factory=dict)
    # What a deal counts as when it is won or lost: its amount then, or the one it had when the period began.
    closed_amount: Literal["last", "first"] = "last"
    # The delivered column of the opportunity that is its amount, such as arr. None: the one called amount.
    amount_column: Label | None = None
    # Whose a deal of a past period is: its owner, team and segment of today, or those of the period's end.
    past_periods: Literal["today", "frozen"] = "today"
    # The opportunities of sales velocity: the mean number open over the period's days, or those open at any moment of it.
    velocity_opportunities: Literal["mean_open", "open_in_period"] = "mean_open"
    # When a deal was closed: when it came to its last stage, or on the day that the CRM has as its close date.
    closed_on: Literal["stage_change", "close_date"] = "stage_change"


class Forecast(_Strict):
    """What is forecast, how it is judged on the past, and when somebody is warned."""

    # For which parts of the company, besides the whole.
    scopes: tuple[ForecastScope, ...] = ("team", "rep", "pipeline", "segment")
    # What others would have said, beside the forecast proper.
    methods: tuple[ForecastMethod, ...] = FORECAST_METHODS
    # How many past periods are forecast again, with what was known when they began. A period type not named: its default.
    replays: dict[ForecastPeriod, Annotated[int, Field(ge=0, le=520)]] = Field(default_factory=dict)
    # The periods that the moving average is over.
    moving_average_periods: Annotated[int, Field(ge=1, le=24)] = 3
    # A warning is given for who reaches the quota with less than this probability.
    warn_below_probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    # The record of a forecast can be trusted from this many replays on, while it misses by no more than this share of what was won,
    # and while its p10 to p90 held at least this share of the outcomes.
    trusted_replays: Annotated[int, Field(ge=1, le=520)] = 6
    trusted_error: Annotated[float, Field(gt=0, le=10)] = 0.5
    trusted_interval: Annotated[float, Field(ge=0, le=0.8)] = 0.5
    # Months after which a rep counts as ramped in the capacity plan, where the history does not tell.
    ramp_months: Annotated[int, Field(ge=0, le=36)] = 6

    @model_validator(mode="after")
    def _lists_name_each_once(self) -> Forecast:
        _no_repeats(list(self.scopes), "forecast scope")
        _no_repeats(list(self.methods), "forecast method")
        return self

    def replays_of(self, period_type: str) -> int:
        """How many past periods of a type are replayed."""
        given = {str(each): periods for each, periods in self.replays.items()}
        return given.get(period_type, REPLAYS[period_type])


class RunDefaults(_Strict):
    """Settings that flags and environment variables override."""

    home: Path | None = None
    landing: Path | RemoteFolder | None = None
    memory_limit: str | None = None

    @field_validator("landing", mode="before")
    @classmethod
    def _place(cls, value: object) -> object:
        return landing_place(value)

    @field_validator("memory_limit")
    @classmethod
    def _is_a_size(cls, value: str | None) -> str | None:
        return memory.limit(value)


class SalesProcess(_Strict):
    """The whole of `sales_process.yml`. An empty one is valid: canonical phases, calendar year, UTC."""

    run: RunDefaults = RunDefaults()
    company: Company = Company()
    sales_model: Literal["island", "assembly_line", "pod"] = "island"
    # A role of this process → what the CRM calls it. A role that is named nowhere keeps the CRM's word.
    roles: dict[Key, tuple[Label, ...]] = Field(default_factory=dict)
    handovers: tuple[Handover, ...] = ()
    credit: Credit = Credit()
    ideal_customer: Score = Field(default_factory=Score)
    qualification: Score = Field(default_factory=Score)
    pipelines: tuple[Pipeline, ...] = ()
    motions: dict[Motion, tuple[str, ...]] = Field(default_factory=dict)
    # Delivered columns: the opportunity's segment, the user's team, and further ones to cut the tables by.
    segment_column: str | None = None
    team_column: str | None = None
    segments: tuple[str, ...] = ()
    definitions: Definitions = Definitions()
    forecast: Forecast = Field(default_factory=Forecast)
    matching: Matching = Matching()
    objects: dict[str, ObjectOptions] = Field(default_factory=dict)
    gate: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _pipelines_fit_together(self) -> SalesProcess:
        _no_repeats([pipeline.key for pipeline in self.pipelines], "pipeline key")
        _no_repeats([label.casefold() for pipeline in self.pipelines for label in pipeline.labels], "pipeline label")
        unlabelled = [pipeline.key for pipeline in self.pipelines if not pipeline.labels]
        if len(unlabelled) > 1:
            raise ValueError(
                f"pipelines {', '.join(unlabelled)} have no labels; expected at most one, "
                "since a deal that names no pipeline must belong to one of them"
            )
        _no_repeats([source.casefold() for sources in self.motions.values() for source in sources], "lead source")
        return self

    @model_validator(mode="after")
    def _segments_are_scopes_of_their_own(self) -> SalesProcess:
        names = [name.strip().casefold() for name in self.segments]
        _no_repeats(names, "segment")
        taken = [name for name in names if name in SCOPES]
        if taken:
            raise ValueError(
                f"segments: every table is cut by {taken[0]!r} as it is; expected a column that is none of {', '.join(SCOPES)}"
            )
        return self

    @model_validator(mode="after")
    def _created_from_known_stages(self) -> SalesProcess:
        open_stages = {
            pipeline.key: [stage.key for stage in pipeline.stages if stage.phase not in TERMINAL_PHASES]
            for pipeline in self.pipelines
        }
        for pipeline, stage in self.definitions.created_from_stage.items():
            if open_stages and pipeline not in open_stages:
                raise ValueError(
                    f"definitions.created_from_stage names the pipeline {pipeline!r}; expected one of {', '.join(open_stages)}"
                )
            # Without configured pipelines the stages are the CRM's own: the gate names one that nothing defines.
            if open_stages and stage not in open_stages[pipeline]:
                raise ValueError(
                    f"definitions.created_from_stage: {pipeline!r} has no open stage {stage!r}; "
                    f"expected one of {', '.join(open_stages[pipeline])}"
                )
        return self

    @model_validator(mode="after")
    def _roles_hand_over_as_the_model_says(self) -> SalesProcess:
        _no_repeats([label.casefold() for labels in self.roles.values() for label in labels], "role label")
        if self.sales_model == "island" and self.handovers:
            raise ValueError(
                "handovers: in the sales model 'island' nobody hands over; expected none, or assembly_line or pod"
            )
        stages = {pipeline.key: {stage.key for stage in pipeline.stages} for pipeline in self.pipelines}
        for place, handover in enumerate(self.handovers):
            if handover.pipeline is not None and handover.pipeline not in stages:
                raise ValueError(
                    f"handovers[{place}]: pipeline is {handover.pipeline!r}; "
                    f"expected one of {', '.join(stages) or '(none is configured)'}"
                )
            known = stages[handover.pipeline] if handover.pipeline else set().union(*stages.values())
            if stages and handover.stage not in known:
                raise ValueError(
                    f"handovers[{place}]: stage is {handover.stage!r}; expected one of {', '.join(sorted(known))}"
                )
            for role in (handover.giver, handover.taker):
                if self.roles and role not in self.roles:
                    raise ValueError(f"handovers[{place}]: role is {role!r}; expected one of {', '.join(self.roles)}")
        return self

    @model_validator(mode="after")
    def _fit_is_about_companies(self) -> SalesProcess:
        for place, rule in enumerate(self.ideal_customer.rules):
            if rule.attribute in PERSON_ATTRIBUTES:
                raise ValueError(
                    f"ideal_customer.rules[{place}]: {rule.attribute} is of a person or a lead, not of a customer; "
                    "expected it under `qualification`"
                )
        return self


def load_sales_process(path: Path | None) -> SalesProcess:
    """Read and validate the sales process; no path gives the defaults.

    Raises `UsageError` naming the file, the key and what was expected.
    """
    if path is None:
        return SalesProcess()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: the config file cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: expected YAML in UTF-8, but {_one_line(str(error))}.") from error
    if content is None:
        return SalesProcess()
    if not isinstance(content, dict):
        raise UsageError(f"{path}: expected a mapping of settings at the top, found {type(content).__name__}.")
    try:
        return SalesProcess.model_validate(content)
    except ValidationError as error:
        raise UsageError(f"{path}: {describe_validation_error(error, SalesProcess)}.") from error


def describe_validation_error(error: ValidationError, model: type[BaseModel]) -> str:
    """Say in one sentence which key is wrong and what was expected: the first problem, and how many more there are."""
    problems = error.errors()
    first = problems[0]
    location = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = f"unknown key{_expected_keys(first['loc'], model)}"
    elif first["type"] == "missing":
        message = "it is missing, and required"
    elif "input" in first and isinstance(first["input"], str | int | float | bool):
        message = f"{message[0].lower()}{message[1:]}, found {first['input']!r}"
    more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
    return f"{location}: {message}{more}" if location else f"{message}{more}"


def _expected_keys(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """Name the keys that are allowed where an unknown one was found, as far as the models tell."""
    current: type[BaseModel] | None = model
    for part in location[:-1]:
        if current is None or isinstance(part, int):
            continue
        annotation = current.model_fields[part].annotation if part in current.model_fields else None
        current = _model_inside(annotation)
    if current is None:
        return ""
    return f"; expected one of {', '.join(field.alias or name for name, field in current.model_fields.items())}"


def _model_inside(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_inside(inner)
        if found is not None:
            return found
    return None


def _no_repeats(values: list[str], what: str) -> None:
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"{what} {repeated[0]!r} is given twice; expected each once")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _known_timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is not a timezone; expected a name such as 'America/New_York' or 'UTC'") from error
    return value
