"""What is true of a simulated company: every rate, duration, season and change of staff, in one dataclass.

Parameters only: nothing here draws a number. Benchmarks vary a company with `dataclasses.replace`.
Probabilities and mean days are those of a neutral day: no season, no ramp, an average rep and deal.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Segment:
    """A size class of customers. `pace` stretches the days in every stage, `losing` the chance to lose."""

    name: str
    share: float
    employees: tuple[int, int]
    amount_median: float
    amount_spread: float
    pace: float
    losing: float


@dataclass(frozen=True)
class Stage:
    """An open stage as the CRM shows it (default probability in per cent), and what truly happens in it."""

    key: str
    label: str
    default_probability: int
    forecast_category: str
    mean_days: float
    lost: float
    back: float


@dataclass(frozen=True)
class RetiredStage:
    """A label that deals in one open stage could also carry, until an administrator did away with it."""

    label: str
    key: str
    default_probability: int
    retired_on: date
    daily_chance: float


@dataclass(frozen=True)
class Source:
    """Where leads come from. `share` is of the inbound leads, `interest` the chance of wanting a meeting.

    Outbound leads are made by the SDRs and won over by their e-mails and calls, so they have neither.
    """

    name: str
    motion: str
    share: float
    interest: float
    losing: float


@dataclass(frozen=True)
class Variant:
    """One wording of an e-mail: what becomes of it once delivered. Clicks and replies are given the open."""

    name: str
    opened: float
    clicked: float
    replied: float


@dataclass(frozen=True)
class SequenceStep:
    """An e-mail sent some days after the one before, in one of its wordings by equal chance."""

    days_after: int
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class Sequence:
    """A series of e-mails that a kind of lead is put into."""

    key: str
    motion: str
    segments: tuple[str, ...]
    steps: tuple[SequenceStep, ...]


@dataclass(frozen=True)
class Product:
    """Something sold."""

    name: str
    family: str
    list_price: float


@dataclass(frozen=True)
class Hire:
    """A rep who joins after the history began. Role is `sdr` or `ae`."""

    role: str
    team: str
    on: date


@dataclass(frozen=True)
class Departure:
    """A rep who leaves; `number` counts the reps of the role, in order of joining, from 0."""

    role: str
    number: int
    on: date


@dataclass(frozen=True)
class Transfer:
    """A rep who changes to the other team."""

    role: str
    number: int
    on: date


@dataclass(frozen=True)
class Slump:
    """A rep whose activity falls to `level` of the usual between two days: someone to coach."""

    role: str
    number: int
    first: date
    last: date
    level: float


@dataclass(frozen=True)
class Slowdown:
    """A stage that from a day on holds deals `times` as long, in one team or in all: a bottleneck to be found."""

    stage: str
    since: date
    times: float
    team: str | None = None


SEGMENTS = (
    Segment("SMB", 0.55, (8, 99), 6500.0, 0.62, 0.80, 0.96),
    Segment("Mid-Market", 0.33, (100, 999), 15500.0, 0.66, 1.10, 1.02),
    Segment("Enterprise", 0.12, (1000, 12000), 40000.0, 0.74, 1.55, 1.14),
)

STAGES = (
    Stage("discovery", "Discovery", 10, "Pipeline", 9.0, 0.27, 0.00),
    Stage("qualified", "Qualified", 20, "Pipeline", 12.0, 0.25, 0.02),
    Stage("demo", "Demo", 40, "Pipeline", 15.0, 0.24, 0.03),
    Stage("proposal", "Proposal", 60, "Best Case", 16.0, 0.23, 0.04),
    Stage("negotiation", "Negotiation", 80, "Commit", 14.0, 0.17, 0.04),
)

SOURCES = (
    Source("Website", "inbound", 0.30, 0.37, 0.98),
    Source("Webinar", "inbound", 0.20, 0.19, 1.05),
    Source("Content Download", "inbound", 0.16, 0.12, 1.10),
    Source("Trade Show", "inbound", 0.09, 0.22, 1.04),
    Source("Referral", "inbound", 0.05, 0.55, 0.72),
    Source("Free Trial", "product_led", 0.20, 0.33, 0.92),
    Source("Outbound", "outbound", 0.00, 0.00, 1.10),
    Source("LinkedIn", "outbound", 0.00, 0.00, 1.08),
    Source("Partner", "inbound", 0.00, 0.00, 0.82),
)

SEQUENCES = (
    Sequence(
        "SEQ-OUT-SMB",
        "outbound",
        ("SMB",),
        (
            SequenceStep(0, (Variant("A", 0.40, 0.12, 0.080), Variant("B", 0.46, 0.12, 0.125))),
            SequenceStep(3, (Variant("A", 0.34, 0.10, 0.080),)),
            SequenceStep(5, (Variant("A", 0.29, 0.14, 0.060), Variant("B", 0.29, 0.14, 0.065))),
            SequenceStep(7, (Variant("A", 0.26, 0.06, 0.110),)),
        ),
    ),
    Sequence(
        "SEQ-OUT-MME",
        "outbound",
        ("Mid-Market", "Enterprise"),
        (
            SequenceStep(0, (Variant("A", 0.37, 0.10, 0.085), Variant("B", 0.36, 0.10, 0.080))),
            SequenceStep(4, (Variant("A", 0.32, 0.09, 0.070),)),
            SequenceStep(6, (Variant("A", 0.28, 0.16, 0.060), Variant("B", 0.33, 0.10, 0.095))),
            SequenceStep(8, (Variant("A", 0.24, 0.05, 0.085),)),
        ),
    ),
    Sequence(
        "SEQ-INB-FOLLOW",
        "inbound",
        ("SMB", "Mid-Market", "Enterprise"),
        (
            SequenceStep(1, (Variant("A", 0.52, 0.20, 0.060), Variant("B", 0.55, 0.28, 0.060))),
            SequenceStep(6, (Variant("A", 0.41, 0.12, 0.040),)),
        ),
    ),
)

PRODUCTS = (
    Product("Fernhollow Starter", "Platform", 240.0),
    Product("Fernhollow Growth", "Platform", 420.0),
    Product("Fernhollow Enterprise", "Platform", 660.0),
    Product("Insights Add-on", "Add-on", 96.0),
    Product("Onboarding Package", "Services", 2500.0),
    Product("Premium Support", "Services", 6000.0),
)


@dataclass(frozen=True)
class Company:
    """A whole company. The defaults are the example company that `make sample` writes."""

    name: str = "Fernhollow, Inc."
    domain: str = "fernhollow.example"
    timezone: str = "America/New_York"
    currency: str = "USD"
    fiscal_year_start_month: int = 2

    # The CRM went live on the first day: deals then in flight were entered again, at the stage they were in.
    history_starts_on: date = date(2024, 11, 23)
    as_of: date = date(2026, 11, 22)
    nightly_deltas: int = 14
    in_flight_days: int = 150

    # Volume: `scale` multiplies what arrives, not the people.
    scale: float = 1.0
    inbound_leads_per_day: float = 9.5
    outbound_leads_per_workday: float = 1.55
    direct_deals_per_day: float = 0.45
    growth_per_year: float = 0.12

    # People.
    teams: tuple[str, str] = ("East", "West")
    account_executives: int = 11
    development_reps: int = 8
    hires: tuple[Hire, ...] = (
        Hire("ae", "East", date(2025, 3, 3)),
        Hire("sdr", "West", date(2025, 6, 2)),
        Hire("ae", "West", date(2025, 9, 8)),
        Hire("ae", "East", date(2026, 2, 9)),
        Hire("sdr", "East", date(2026, 4, 6)),
        Hire("ae", "West", date(2026, 8, 10)),
        Hire("sdr", "East", date(2026, 11, 16)),
    )
    departures: tuple[Departure, ...] = (Departure("ae", 3, date(2026, 6, 12)),)
    transfers: tuple[Transfer, ...] = (Transfer("ae", 6, date(2026, 11, 12)),)
    slumps: tuple[Slump, ...] = (
        Slump("sdr", 2, date(2026, 10, 12), date(2026, 11, 22), 0.40),
        Slump("ae", 8, date(2026, 10, 5), date(2026, 11, 22), 0.20),
    )
    ramp_days: int = 182
    ramp_floor: float = 0.25
    skill_spread: float = 0.14
    monthly_quota: float = 31000.0
    quota_growth_per_year: float = 0.05

    # The funnel.
    segments: tuple[Segment, ...] = SEGMENTS
    stages: tuple[Stage, ...] = STAGES
    retired_stage: RetiredStage | None = RetiredStage("Verbal", "negotiation", 90, date(2025, 9, 14), 0.05)
    skip_chance: float = 0.06
    same_instant_chance: float = 0.025
    reopened_after_lost: float = 0.022
    reopened_after_won: float = 0.008
    size_effect: float = 0.07
    diligent_share: float = 0.60
    diligent_effect: float = 1.15
    neglected_share: float = 0.10
    deletions_per_day: float = 0.60
    deletion_days: int = 28
    # None in the example company: for tests that ask whether a bottleneck that was put in is found.
    slowdowns: tuple[Slowdown, ...] = ()
    # Change of every stage's log hazards per year; -0.16 and 0.16 cost about a third of the win rate.
    forward_drift_per_year: float = 0.0
    losing_drift_per_year: float = 0.0
    # None: the drift begins with the history. It goes on for so many years, then holds.
    drift_starts_on: date | None = None
    drift_years: float = 100.0

    # Seasons: one multiplier for each week of the fiscal quarter, and the dips of the calendar.
    closing_weeks: tuple[float, ...] = (
        0.62,
        0.66,
        0.7,
        0.75,
        0.8,
        0.85,
        0.9,
        0.95,
        1.0,
        1.12,
        1.32,
        1.6,
        2.0,
    )
    forward_weeks: tuple[float, ...] = (
        0.90,
        0.95,
        1.00,
        1.00,
        1.00,
        1.00,
        1.00,
        1.00,
        1.00,
        1.05,
        1.05,
        1.05,
        1.00,
    )
    losing_weeks: tuple[float, ...] = (
        1.50,
        1.25,
        1.05,
        1.00,
        0.95,
        0.95,
        0.95,
        0.95,
        0.90,
        0.90,
        0.90,
        0.85,
        0.85,
    )
    slow_months: tuple[tuple[int, float], ...] = ((8, 0.72), (7, 0.92))
    year_end_level: float = 0.30
    weekend_level: float = 0.06
    holiday_level: float = 0.06
    bad_weeks: tuple[date, ...] = (date(2025, 6, 16), date(2026, 3, 9))
    bad_week_level: float = 0.30

    # Leads.
    sources: tuple[Source, ...] = SOURCES
    sequences: tuple[Sequence, ...] = SEQUENCES
    bounce_rate: float = 0.028
    unsubscribe_rate: float = 0.006
    reply_without_open: float = 0.012
    positive_reply: float = 0.48
    calls_per_lead: float = 0.75
    call_connects: float = 0.20
    call_interest: float = 0.50
    meeting_held: float = 0.81
    meeting_rebooked: float = 0.60
    blank_email_rate: float = 0.0025

    # What reps write down.
    products: tuple[Product, ...] = PRODUCTS
    amount_never_entered: float = 0.025
    touch_gap_days: float = 7.0
    forecast_override: float = 0.12
    close_date_on_time: float = 0.97


def validate(company: Company) -> None:
    """Refuse a company that cannot be simulated, before a long run finds out."""
    if len(company.closing_weeks) != 13 or len(company.forward_weeks) != 13 or len(company.losing_weeks) != 13:
        raise ValueError("closing_weeks, forward_weeks and losing_weeks need one multiplier for each of 13 weeks")
    if abs(sum(segment.share for segment in company.segments) - 1) > 1e-9:
        raise ValueError("the segments' shares must add up to 1")
    if company.as_of <= company.history_starts_on:
        raise ValueError("as_of must be after history_starts_on")
    for segment in company.segments:
        for stage in company.stages:
            if stage.lost * segment.losing + stage.back >= 1:
                raise ValueError(f"{segment.name} deals could never leave {stage.label} forward")
