"""What a run says at its end, in words: what was published and what it shows, or why the gate refused.

Belongs here: plain text of at most 100 columns, made from what it is given.
Does not belong here: printing it (command.cli), choosing the numbers (headline.py).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from publishing.certificate import read_certificate
from publishing.headline import Headline, Outlook, Period, read_headline
from publishing.layout import CERTIFICATE, DATABASE, PARQUET
from publishing.notices import Notices, read_notices
from publishing.reader import open_release, published_release
from quality.verdict import CheckResult, Verdict

WIDTH = 100
_LABEL = 18
# More than this would no longer be a summary.
_MISSING_TOLD = 2
NO_NOTICES = Notices()


def published_summary(home: Path) -> str:
    """Tell what is published under ``home``. Raises `NothingPublished` if nothing is."""
    release = published_release(home)
    certificate = read_certificate(release)
    with open_release(release) as connection:
        as_of = date.fromisoformat(certificate["as_of"])
        headline, notices = read_headline(connection, as_of), read_notices(connection, as_of)
    return render_published(certificate, headline, home, notices)


def render_published(certificate: dict[str, Any], headline: Headline, home: Path, notices: Notices = NO_NOTICES) -> str:
    """Render the summary of a release from its certificate, its headline numbers, and what is to be said of its deliveries."""
    return "\n".join(
        [
            f"Published, as of {certificate['as_of']}.",
            "",
            *_labelled(_work(certificate)),
            *_labelled(_listed("Columns", notices.schema_changes)),
            *_labelled(_listed("History", notices.histories)),
            *_labelled(_listed("Close dates", notices.close_dates)),
            *_warnings(certificate["checks"]),
            "",
            *_labelled(_numbers(headline, certificate["reporting_currency"])),
            *_labelled(_missing(headline)),
            "",
            *_outputs(home),
        ]
    )


def render_refused(verdict: Verdict, home: Path) -> str:
    """Render why nothing was published: each check in the way, and what to do about it."""
    refusing = verdict.refusing()
    errored = [check for check in refusing if check.status == "errored"]
    opening = f"The gate refused: {_counted(len(refusing), 'check')} failed."
    if verdict.status == "errored":
        checks = _counted(len(verdict.checks), "check")
        opening = f"The gate could not finish: {len(errored)} of {checks} could not be run."
    unchanged = "Nothing was published; what was published before is unchanged."
    lines = [*_wrapped(f"{opening} {unchanged}", "", ""), ""]
    for check in refusing:
        lines += [*_wrapped(_finding(check), "  "), *_wrapped(f"What to do: {check.advice}", "      ")]
    return "\n".join([*lines, "", f"Every check, in a browser: {home / 'build' / 'data_docs' / 'index.html'}"])


def _work(certificate: dict[str, Any]) -> Iterable[tuple[str, str]]:
    run = certificate["run"]
    read = f"{_counted(run['rows_read'], 'row')} from {_counted(run['files_read'], 'file')}"
    aside, unread = (
        _of_rows(run["rows_set_aside"], "set aside"),
        _of_rows(run["rows_quarantined"], "quarantined"),
    )
    yield "Read", f"{read}; {aside}, {unread}"
    yield "Checks", f"{run['checks_passed']:,} passed, {_counted(run['checks_failed'], 'warning')}"


def _listed(label: str, lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for number, line in enumerate(lines):
        yield (label if number == 0 else ""), line


def _warnings(checks: Iterable[dict[str, Any]]) -> list[str]:
    failed = [CheckResult(**{**check, "examples": tuple(check["examples"])}) for check in checks]
    lines = [_wrapped(f"! {_finding(check)}", " " * _LABEL) for check in failed if check.status != "passed"]
    return [line for wrapped in lines for line in wrapped]


def _finding(check: CheckResult) -> str:
    """One line for a check that is not green: which, where, how many rows, and one to look at."""
    name = f"{check.check} on {check.table}"
    if check.status == "errored":
        return f"{name}: could not be run ({(check.error or 'no reason given').splitlines()[0]})"
    found = "does not hold"
    if check.unexpected_rows is not None:
        out_of = f" of {check.total_rows:,}" if check.total_rows is not None else ""
        found = f"{check.unexpected_rows:,}{out_of} rows"
    example = f", for example {check.examples[0]}" if check.examples else ""
    return f"{name}: {found}{example}"


def _numbers(headline: Headline, currency: str | None) -> Iterable[tuple[str, str]]:
    unit = f" {currency}" if currency else ""
    quarter, name = headline.quarter, "fiscal quarter" if headline.is_fiscal else "quarter"
    without = headline.open_without_amount
    yield (
        "Open pipeline",
        f"{_counted(headline.open_count, 'deal')}, {headline.open_amount:,.0f}{unit}"
        + (f" ({without:,} without an amount)" if without else "")
        if headline.open_count
        else "no deal is open",
    )
    yield "Won", _won(quarter, name, unit)
    yield "Win rate", _win_rate(quarter, name)
    yield "Sales cycle", _sales_cycle(quarter, name)
    yield "Sales velocity", _velocity(quarter, name, unit)
    yield "", _velocity(headline.month, "month", unit)
    yield from _forecast(headline.outlook, name, unit)


def _forecast(outlook: Outlook | None, name: str, unit: str) -> Iterable[tuple[str, str]]:
    """One quarter's won so far, forecast, quota and gap, and what the forecast's own record on such quarters was."""
    if outlook is None:
        yield "Forecast", "none: no deal has closed yet to learn from"
        return
    quota = "no quota is set"
    if outlook.quota is not None:
        chance = "" if outlook.probability_of_quota is None else f" ({outlook.probability_of_quota:.0%} chance)"
        quota = f"quota {outlook.quota:,.0f}{chance}"
        if outlook.gap is not None:
            quota += f", gap {outlook.gap:,.0f}"
    yield (
        "Forecast",
        f"{name} from {outlook.period_start}: {outlook.won_so_far:,.0f}{unit} won so far, {outlook.mean:,.0f} forecast "
        f"(80% between {outlook.p10:,.0f} and {outlook.p90:,.0f}), {quota}",
    )
    if outlook.replays == 0 or outlook.share_missed is None or outlook.share_held is None:
        yield "", f"its record on {name}s: none yet, so do not rely on it"
        return
    yield (
        "",
        f"its record: over {_counted(outlook.replays, name)} it missed {outlook.share_missed:.0%} of what was won, "
        f"and its interval held {outlook.share_held:.0%}",
    )


def _missing(headline: Headline) -> Iterable[tuple[str, str]]:
    """What the delivered extracts cannot tell, in a line; the rest is in ops_coverage."""
    if not headline.missing:
        return
    told = [
        f"{missing.measures} ({missing.reason}; deliver {missing.extract_that_helps})"
        for missing in headline.missing[:_MISSING_TOLD]
    ]
    more = len(headline.missing) - len(told)
    yield "Not available", "; ".join(told) + (f"; and {more} more in ops_coverage" if more else "")


def _won(quarter: Period | None, name: str, unit: str) -> str:
    if quarter is None or quarter.won == 0:
        return f"no deal was won this {name} yet"
    amount = "none with an amount" if quarter.won_amount is None else f"{quarter.won_amount:,.0f}{unit}"
    return f"{_counted(quarter.won, 'deal')} this {name} (since {quarter.period_start}), {amount}"


def _win_rate(quarter: Period | None, name: str) -> str:
    if quarter is None or quarter.win_rate is None:
        return f"not known: no deal closed this {name} yet"
    interval = (
        f"; 95% between {quarter.win_rate_low:.0%} and {quarter.win_rate_high:.0%}"
        if quarter.win_rate_low is not None and quarter.win_rate_high is not None
        else ""
    )
    return f"{quarter.win_rate:.0%} this {name} ({quarter.won:,} of {quarter.closed:,} closed{interval})"


def _sales_cycle(quarter: Period | None, name: str) -> str:
    if quarter is None or quarter.won == 0:
        return f"not known: no deal was won this {name} yet"
    if quarter.sales_cycle_days_median is None:
        return f"not known: it is not known when the deals won this {name} were created"
    return f"{_rounded(quarter.sales_cycle_days_median)} days, the median of those won this {name}"


def _velocity(period: Period | None, name: str, unit: str) -> str:
    if period is None or period.velocity_per_day is None:
        why = f"no deal was won this {name} yet"
        if period is not None and period.won:
            why = f"the deals won this {name} lack an amount or the days from created to closed"
        return f"not known for this {name}: {why}"
    now, before = period.velocity_per_day, period.previous_velocity_per_day
    # What is not over is compared with as many first days of the period before.
    so_far, days = ("", f"the {name} before") if period.is_over else (" so far", f"the same days of the {name} before")
    told = f"{now:,.0f}{unit} a day this {name}{so_far}"
    if before is None:
        return f"{told}; not known for {days}"
    change = f"{abs(now - before):,.0f}"
    if change == "0":
        return f"{told}, as in {days}"
    share = f" ({abs(now - before) / before:.0%})" if before else ""
    return f"{told}, {change}{share} {'less' if now < before else 'more'} than in {days}"


def _outputs(home: Path) -> list[str]:
    published = home / "published"
    return [
        *_places(
            (
                ("Database", str(published / DATABASE)),
                ("Parquet", f"{published / PARQUET}/"),
                ("Certificate", str(published / CERTIFICATE)),
            )
        ),
        "",
        "Try, in Python:",
        f'  import funnelcast; db = funnelcast.open("{home}")',
        "  db.sql(\"from fct_velocity where scope = 'company' and period_type = 'quarter'\")",
    ]


def _labelled(lines: Iterable[tuple[str, str]]) -> list[str]:
    wrapped = (_wrapped(text, " " * _LABEL, label.ljust(_LABEL)) for label, text in lines)
    return [line for lines_of_one in wrapped for line in lines_of_one]


def _places(lines: Iterable[tuple[str, str]]) -> list[str]:
    # Paths are not wrapped: they are to be copied.
    return [f"{label.ljust(_LABEL)}{place}" for label, place in lines]


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent if first is not None else indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _rounded(number: float) -> str:
    return f"{number:,.1f}".removesuffix(".0")


def _of_rows(count: int, fate: str) -> str:
    return f"{count:,} {fate}" if count else f"none {fate}"
