"""A small company counted by hand: every number below was worked out on paper from the stories in generic_by_hand.py.

Assumption guarded: the definitions of DESIGN.md section 7, on the deals that packages get wrong (the C-cases of
CASES.md), delivered as CSV and JSON Lines, plain and gzipped, without any config.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from nights import TwoNights, build_rows, digests, prepared, rows_of

D = Decimal
Row = tuple[Any, ...]


def day(text: str) -> date:
    """'09-01' → 1 September 2026."""
    return date.fromisoformat(f"2026-{text}")


def moment(text: str) -> datetime:
    """'09-01 09' → 9 o'clock on 1 September 2026, UTC."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H")  # noqa: DTZ007 - published moments are UTC without a zone


def asked(nights: TwoNights, sql: str) -> list[Row]:
    return rows_of(nights.second, sql)


# Deals


def test_where_every_deal_stands(generic_by_hand: TwoNights) -> None:
    """C7 (30 days from 1 September to 1 October, never negative), C9, C16, C22 and the rest: status, dates, counts."""
    found = asked(
        generic_by_hand,
        """
        select opportunity_id, status, stage, created_on, closed_on, age_days, sales_cycle_days, visits, reopened_times, team, amount
        from fct_opportunity where opportunity_id like 'D%' order by created_at, opportunity_id
        """,
    )
    assert found == [
        # no history, never moved: 158 days from 15 June to 20 November
        ("D8", "open", "prospecting", day("06-15"), None, 158, None, 1, 0, "North", D("110.00")),
        # C7
        ("D1", "won", "won", day("09-01"), day("10-01"), 30, 30, 5, 0, "North", D("1000.00")),
        # C22: lost by its stage alone
        ("D2", "lost", "lost", day("09-02"), day("09-30"), 28, None, 3, 0, "North", D("500.00")),
        # the stage before its creation is set aside; won while Ben was in North
        ("D3", "won", "won", day("09-03"), day("10-05"), 32, 32, 3, 0, "North", D("2000.00")),
        # open, so Ben's team of today
        ("D5", "open", "engagement", day("09-07"), None, 74, None, 4, 0, "East", D("800.00")),
        # C9: won in October, reopened, so open
        ("D6", "open", "closing", day("09-08"), None, 73, None, 4, 1, "North", D("1500.00")),
        # lost in September, reopened, won: the last close counts
        ("D7", "won", "won", day("09-09"), day("11-05"), 57, 57, 4, 1, "North", D("700.00")),
        ("D12", "open", "closing", day("10-01"), None, 50, None, 4, 0, "East", D("900.00")),
        ("D4", "open", "engagement", day("10-01"), None, 50, None, 3, 0, "North", D("300.00")),
        # C10: won without an amount
        ("D11", "won", "won", day("10-02"), day("10-30"), 28, 28, 2, 0, "North", None),
        # created, then two extracts that show two stages
        ("D13", "open", "closing", day("10-15"), None, 36, None, 3, 0, "North", D("650.00")),
        # C16: flagged as deleted
        ("D9", "deleted", "prospecting", day("10-20"), None, 31, None, 1, 0, "East", D("400.00")),
        # gone from the second whole extract
        ("D10", "deleted", "qualification", day("10-25"), None, 26, None, 2, 0, "North", D("250.00")),
        # created on an unknown day: the first extract's
        ("D14", "open", "prospecting", day("11-10"), None, 10, None, 1, 0, "East", D("60.00")),
    ]


def test_what_is_inferred_is_marked(generic_by_hand: TwoNights) -> None:
    found = asked(
        generic_by_hand,
        """
        select opportunity_id, is_created_at_inferred, has_stage_history, deleted_at, lead_id, source
        from fct_opportunity where opportunity_id in ('D1', 'D8', 'D9', 'D10', 'D13', 'D14') order by 1
        """,
    )
    assert found == [
        # its lead says where it came from
        ("D1", False, True, None, "l1", "Website"),
        # deleted by the first extract that lacks it
        ("D10", False, True, moment("11-20 00"), None, None),
        ("D13", False, False, None, None, None),
        ("D14", True, False, None, None, None),
        ("D8", False, False, None, None, None),
        # deleted at the time of the change that flagged it
        ("D9", False, True, moment("11-10 08"), None, None),
    ]


# Visits


def test_every_visit_of_the_awkward_deals(generic_by_hand: TwoNights) -> None:
    """C15 (two at one instant), C19 (a superseded version ends where the next begins), C27 (re-entry is its own visit)."""
    found = asked(
        generic_by_hand,
        """
        select opportunity_id, visit_number, stage, entered_at, exited_at, next_stage, is_reentry, is_current, entry_evidence
        from fct_stage_visit where opportunity_id in ('D4', 'D5', 'D6', 'D7', 'D8', 'D12', 'D13', 'D14')
        order by opportunity_id, visit_number
        """,
    )
    p, q, e, c = "prospecting", "qualification", "engagement", "closing"
    assert found == [
        # D12: the late rows lie between the known ones
        ("D12", 1, p, moment("10-01 08"), moment("10-10 08"), q, False, False, "history"),
        ("D12", 2, q, moment("10-10 08"), moment("10-20 08"), e, False, False, "history"),
        ("D12", 3, e, moment("10-20 08"), moment("11-02 08"), c, False, False, "history"),
        ("D12", 4, c, moment("11-02 08"), None, None, False, True, "history"),
        # D13: no history; created, then dated by the extracts that first showed it
        ("D13", 1, p, moment("10-15 00"), moment("11-10 00"), q, False, False, "created"),
        ("D13", 2, q, moment("11-10 00"), moment("11-20 00"), c, False, False, "extract"),
        ("D13", 3, c, moment("11-20 00"), None, None, False, True, "extract"),
        ("D14", 1, p, moment("11-10 00"), None, None, False, True, "extract"),
        # D4: two stages at one instant, by stage order, although delivered the other way round
        ("D4", 1, p, moment("10-01 10"), moment("10-08 10"), q, False, False, "history"),
        ("D4", 2, q, moment("10-08 10"), moment("10-08 10"), e, False, False, "history"),
        ("D4", 3, e, moment("10-08 10"), None, None, False, True, "history"),
        # D5: moved back, re-entered
        ("D5", 1, p, moment("09-07 09"), moment("09-14 09"), e, False, False, "history"),
        ("D5", 2, e, moment("09-14 09"), moment("09-21 09"), q, False, False, "history"),
        ("D5", 3, q, moment("09-21 09"), moment("10-01 09"), e, False, False, "history"),
        ("D5", 4, e, moment("10-01 09"), None, None, True, True, "history"),
        # D6: won is a stage like any other; reopened is a re-entry
        ("D6", 1, p, moment("09-08 09"), moment("09-15 09"), c, False, False, "history"),
        ("D6", 2, c, moment("09-15 09"), moment("10-10 12"), "won", False, False, "history"),
        ("D6", 3, "won", moment("10-10 12"), moment("11-03 12"), c, False, False, "history"),
        ("D6", 4, c, moment("11-03 12"), None, None, True, True, "history"),
        ("D7", 1, p, moment("09-09 09"), moment("09-19 09"), "lost", False, False, "history"),
        ("D7", 2, "lost", moment("09-19 09"), moment("10-19 09"), q, False, False, "history"),
        ("D7", 3, q, moment("10-19 09"), moment("11-05 09"), "won", False, False, "history"),
        ("D7", 4, "won", moment("11-05 09"), None, None, False, True, "history"),
        ("D8", 1, p, moment("06-15 00"), None, None, False, True, "created"),
    ]


def test_days_in_stage_of_a_reentered_stage(generic_by_hand: TwoNights) -> None:
    """C27: time in stage is per visit: 7, 7 and 10 days exactly, and since 1 October, 9 o'clock, to the end of 20 November."""
    found = asked(
        generic_by_hand, "select days_in_stage from fct_stage_visit where opportunity_id = 'D5' order by visit_number"
    )
    assert found == [(7.0,), (7.0,), (10.0,), (50.625,)]


def test_c19_visits_never_overlap_and_one_is_current(generic_by_hand: TwoNights) -> None:
    broken = asked(
        generic_by_hand,
        """
        select opportunity_id from (
            select *, lead(entered_at) over (partition by opportunity_id order by visit_number) as next_entered_at from fct_stage_visit
        )
        group by opportunity_id
        having bool_or(exited_at is distinct from next_entered_at) or count(*) filter (where is_current) <> 1
        """,
    )
    assert broken == []


def test_c28_known_visits_keep_their_ids_when_an_earlier_one_arrives_late(generic_by_hand: TwoNights) -> None:
    ids = "select visit_id from fct_stage_visit where opportunity_id not in ('D13') and exited_at is not null and stage <> 'prospecting'"
    before, after = (set(rows_of(release, ids)) for release in (generic_by_hand.first, generic_by_hand.second))
    assert before
    assert before <= after
    closing = "select visit_id, visit_number from fct_stage_visit where opportunity_id = 'D12' and stage = 'closing'"
    ((before_id, before_number),) = rows_of(generic_by_hand.first, closing)
    ((after_id, after_number),) = rows_of(generic_by_hand.second, closing)
    assert (before_id, before_number, after_number) == (after_id, 2, 4)


# Cohorts

# cohort month, stage: entered, visited, skipped, advanced, lost, still open. Deleted deals (D9, D10) are in none.
COHORTS: dict[tuple[str, str], tuple[int, ...]] = {
    # D8 stands there since June.
    ("06-01", "prospecting"): (1, 1, 0, 0, 0, 1),
    # G1 won, G2 lost. Only G1 got past the others, all at once.
    ("07-01", "prospecting"): (2, 2, 0, 1, 1, 0),
    ("07-01", "qualification"): (1, 0, 1, 1, 0, 0),
    ("07-01", "engagement"): (1, 0, 1, 1, 0, 0),
    ("07-01", "closing"): (1, 0, 1, 1, 0, 0),
    # E1 and F1 to F3 won, E2 to E10 lost.
    ("08-01", "prospecting"): (13, 13, 0, 4, 9, 0),
    ("08-01", "qualification"): (4, 0, 4, 4, 0, 0),
    ("08-01", "engagement"): (4, 0, 4, 4, 0, 0),
    ("08-01", "closing"): (4, 0, 4, 4, 0, 0),
    # D1, D2, D3, D5, D6, D7: all got further; D7 only after it had been lost.
    ("09-01", "prospecting"): (6, 6, 0, 6, 0, 0),
    # D1 and D2 visited; D3, D5, D6 skipped (D5 came back later); D2 was lost from here.
    ("09-01", "qualification"): (5, 2, 3, 4, 1, 0),
    # D1 and D5 visited; D3 and D6 skipped; D5 is still here.
    ("09-01", "engagement"): (4, 2, 2, 3, 0, 1),
    # D1, D3, D6 visited; D6 was won, but that was taken back: it is open.
    ("09-01", "closing"): (3, 3, 0, 2, 0, 1),
    # D4, D11, D12, D13.
    ("10-01", "prospecting"): (4, 4, 0, 4, 0, 0),
    # D4 (for no time at all), D7 (after it was reopened), D12 (told late) visited; D11 skipped by winning.
    ("10-01", "qualification"): (4, 3, 1, 4, 0, 0),
    # D4 and D12 visited, D11 skipped; D4 is still here.
    ("10-01", "engagement"): (3, 2, 1, 2, 0, 1),
    # D11 skipped.
    ("10-01", "closing"): (1, 0, 1, 1, 0, 0),
    # D14.
    ("11-01", "prospecting"): (1, 1, 0, 0, 0, 1),
    # D13, by what two extracts show.
    ("11-01", "qualification"): (1, 1, 0, 1, 0, 0),
    # D7 skipped by winning, D13 skipped.
    ("11-01", "engagement"): (2, 0, 2, 2, 0, 0),
    # D7 skipped by winning; D12 and D13 are here.
    ("11-01", "closing"): (3, 2, 1, 1, 0, 2),
}


def test_every_cohort(generic_by_hand: TwoNights) -> None:
    found = asked(
        generic_by_hand,
        """
        select cohort_month, stage, entered, visited, skipped, advanced, lost, still_open
        from fct_stage_funnel where scope = 'company'
        """,
    )
    assert {(month, stage): tuple(counts) for month, stage, *counts in found} == {
        (day(month), stage): counts for (month, stage), counts in COHORTS.items()
    }


def test_a_conversion_rate_with_its_interval(generic_by_hand: TwoNights) -> None:
    """4 of 13 is 0.307692, and by Wilson's formula between 0.126807 and 0.576307; it took 17, 22, 22 and 22 days."""
    found = asked(
        generic_by_hand,
        """
        select conversion_rate, conversion_rate_low, conversion_rate_high, median_days_to_advance from fct_stage_funnel
        where scope = 'company' and cohort_month = '2026-08-01' and stage = 'prospecting'
        """,
    )
    assert found == [(0.307692, 0.126807, 0.576307, 22.0)]


def test_the_median_waits_for_those_that_advanced(generic_by_hand: TwoNights) -> None:
    """September's prospecting: 4 (D1), 7 (D5, D6), 10 (D2), 20 (D3) and 40 (D7) days; the middle of six is 8.5."""
    found = asked(
        generic_by_hand,
        """
        select median_days_to_advance from fct_stage_funnel
        where scope = 'company' and cohort_month = '2026-09-01' and stage = 'prospecting'
        """,
    )
    assert found == [(8.5,)]


# Velocity


def test_c1_one_of_ten_but_half_of_the_money(generic_by_hand: TwoNights) -> None:
    assert _rates(generic_by_hand, "rep", "u5", "08-01") == [(10, 1, 9, 0.1, 0.5)]


def test_c2_three_won_and_none_lost_is_all(generic_by_hand: TwoNights) -> None:
    assert _rates(generic_by_hand, "rep", "u6", "08-01") == [(3, 3, 0, 1.0, 1.0)]


def test_c3_a_team_has_the_rate_of_its_sums(generic_by_hand: TwoNights) -> None:
    """1,000 of 1,100 is 90.9 %; Gus's 100 % and Hal's 0 % are not added or averaged."""
    assert _rates(generic_by_hand, "team", "South", "07-01") == [(2, 1, 1, 0.5, 0.909091)]


def test_c4_a_rep_without_a_deal_is_there(generic_by_hand: TwoNights) -> None:
    assert _rates(generic_by_hand, "rep", "u3", "10-01") == [(0, 0, 0, None, None)]


def test_c10_won_without_an_amount(generic_by_hand: TwoNights) -> None:
    """100 % by count; by amount nobody knows; that the amount is missing is counted."""
    found = asked(
        generic_by_hand,
        """
        select win_rate, win_rate_by_amount, won_without_amount, won_amount, average_deal_size, sales_cycle_days, velocity_per_day
        from fct_velocity where period_type = 'month' and period_start = '2026-10-01' and scope = 'rep' and scope_id = 'u4'
        """,
    )
    assert found == [(1.0, None, 1, None, None, 28.0, None)]


def test_the_company_month_by_month(generic_by_hand: TwoNights) -> None:
    found = asked(
        generic_by_hand,
        """
        select period_start, is_complete, open_in_period, opportunities, won, lost, win_rate, won_amount, lost_amount, average_deal_size,
            sales_cycle_days, velocity_per_day, previous_velocity_per_day
        from fct_velocity where period_type = 'month' and scope = 'company' order by 1
        """,
    )
    # Hours in which each was open ÷ hours of the month (720 or 744; of November, as of the 20th, 480).
    assert found == [
        # D8 alone, since the 15th, before which nothing is known
        (day("06-01"), False, 1, 1.0, 0, 0, None, None, None, None, None, None, None),
        # D8 744, G1 and G2 336 each: 1416 / 744 × 1/2 × 1000 / 14
        (day("07-01"), True, 3, 1.903226, 1, 1, 0.5, D("1000.00"), D("100.00"), D("1000.00"), 14.0, D("67.9724"), None),
        # D8 744, the ten E 408, the three F 528: 6408 / 744; (900 + 3 × 100) / 4 = 300; (17 + 3 × 22) / 4 = 20.75; × 4/13 × 300 / 20.75
        (
            day("08-01"),
            True,
            14,
            8.612903,
            4,
            9,
            0.307692,
            D("1200.00"),
            D("900.00"),
            D("300.00"),
            20.75,
            D("38.3150"),
            D("67.9724"),
        ),
        # D1 711, D2 678, D3 663, D5 567, D6 543, D7 240, D8 720: 4122 / 720. D2 lost; D7's loss was taken back, so it is none.
        (day("09-01"), True, 7, 5.725, 0, 1, 0.0, None, D("500.00"), None, None, None, D("38.3150")),
        # D1, D3, D11 won (D6's win was taken back); D1 9, D3 105, D4 734, D5 744, D6 228, D7 303, D8 744, D11 672, D12 736, D13 408:
        # 4683 / 744 × 1 × 1500 / 30
        (day("10-01"), True, 10, 6.294355, 3, 0, 1.0, D("3000.00"), None, D("1500.00"), 30.0, D("314.7177"), None),
        # D4, D5, D8, D12, D13 480 each, D6 420, D7 105, D14 264; D7 won: 3189 / 480 × 1 × 700 / 57.
        # Of October's first 20 days: D1 9, D3 105, D4 470, D5 480, D6 228, D7 39, D8 480, D11 447, D12 472, D13 144; D1 and D3 won:
        # 2874 / 480 × 1 × 1500 / 31
        (day("11-01"), False, 8, 6.64375, 1, 0, 1.0, D("700.00"), None, D("700.00"), 57.0, D("81.5899"), D("289.7177")),
    ]


def test_what_each_factor_did_to_the_change(generic_by_hand: TwoNights) -> None:
    """From 2874/480 × 1 × 1500 / 31 to 3189/480 × 1 × 700 / 57, worked out apart by Shapley's value of three factors that changed."""
    found = asked(
        generic_by_hand,
        """
        select previous_start, previous_end, velocity_change, contribution_opportunities, contribution_win_rate, contribution_deal_size,
            contribution_sales_cycle
        from fct_velocity where period_type = 'month' and scope = 'company' and period_start = '2026-11-01'
        """,
    )
    assert found == [(day("10-01"), day("10-20"), D("-208.1278"), D("18.6191"), D("0.0000"), D("-125.1684"), D("-101.5785"))]


# Pipeline by day

P, Q, E, C = "prospecting", "qualification", "engagement", "closing"
# day, stage: opening, created, advanced in, advanced out, back in, back out, reopened, won, lost, deleted, closing
DAYS: dict[tuple[str, str], tuple[int, ...]] = {
    # C17: D8 is there on its first day and ever since, although no history tells of it
    ("06-15", P): (0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    ("06-16", P): (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    # E1 won and nine lost, D8 and F1 to F3 stay
    ("08-20", P): (14, 0, 0, 0, 0, 0, 0, 1, 9, 0, 4),
    # D5 moved back
    ("09-21", E): (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
    ("09-21", Q): (1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2),
    # D2 lost from qualification, where D5 stays
    ("09-30", Q): (2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1),
    # D4 and D12 came; D5 re-entered engagement; D1 was won, D3 and D6 stay in closing
    ("10-01", P): (1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3),
    ("10-01", Q): (1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0),
    ("10-01", E): (0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1),
    ("10-01", C): (3, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2),
    # C15: D4 changed at 10 o'clock; the day's end counts, and qualification was passed in no time
    ("10-08", P): (4, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3),
    ("10-08", Q): (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("10-08", E): (1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2),
    # C18: D12 moved on, as was told five weeks later. C9: D6 was won in October
    ("10-10", P): (3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2),
    ("10-10", Q): (0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1),
    ("10-10", C): (1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
    # D7, lost a month before, is reopened in another stage (D12 is there, too)
    ("10-19", Q): (1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2),
    # C9: and D6 reopened in November
    ("11-03", C): (1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2),
    # C16: D9 leaves on the 10th, D14 comes, D13 has moved on
    ("11-10", P): (3, 1, 0, 1, 0, 0, 0, 0, 0, 1, 2),
    ("11-10", Q): (1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2),
    # D10 is gone from the extract, D13 moves on; D8, D14 · D4, D5 · D6, D12, D13 stay
    ("11-20", P): (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
    ("11-20", Q): (2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0),
    ("11-20", E): (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
    ("11-20", C): (2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3),
}


@pytest.mark.parametrize(("when", "stage"), DAYS, ids=[f"{when} {stage}" for when, stage in DAYS])
def test_a_day_of_the_pipeline(generic_by_hand: TwoNights, when: str, stage: str) -> None:
    found = asked(
        generic_by_hand,
        f"""
        select opening_count, created_count, advanced_in_count, advanced_out_count, moved_back_in_count, moved_back_out_count,
            reopened_count, won_count, lost_count, deleted_count, open_count
        from fct_pipeline_daily where date_day = '2026-{when}' and stage = '{stage}'
        """,
    )
    assert found == [DAYS[when, stage]]


def test_the_days_begin_with_the_first_deal_and_only_today_is_unfinished(generic_by_hand: TwoNights) -> None:
    """C15, C17: from 15 June to 20 November are 159 days, of four open stages each."""
    found = asked(
        generic_by_hand,
        "select min(date_day), max(date_day), count(*), min(date_day) filter (where is_unfinished) from fct_pipeline_daily",
    )
    assert found == [(day("06-15"), day("11-20"), 159 * 4, day("11-20"))]


def test_the_money_of_a_day(generic_by_hand: TwoNights) -> None:
    """D13 moves on with its 600 and grows to 650; with D6 (1,500) and D12 (900) closing holds 3,050, weighted 80 %."""
    found = asked(
        generic_by_hand,
        """
        select opening_amount, advanced_in_amount, amount_change_amount, open_amount, weighted_amount
        from fct_pipeline_daily where date_day = '2026-11-20' and stage = 'closing'
        """,
    )
    assert found == [(D("2400.00"), D("600.00"), D("50.00"), D("3050.00"), D("2440.00"))]


def test_c9_october_keeps_its_win(generic_by_hand: TwoNights) -> None:
    """October +1 won; November reopened: D6 is in both, beside the wins that lasted (D1, D3, D11 and D7)."""
    found = asked(
        generic_by_hand,
        """
        select month(date_day), sum(won_count), sum(reopened_count), sum(reopened_amount)
        from fct_pipeline_daily where date_day >= '2026-10-01' group by 1 order by 1
        """,
    )
    # In October D7 came back from its loss.
    assert found == [(10, 4, 1, D("700.00")), (11, 1, 1, D("1500.00"))]


def test_c18_late_history_changes_the_days_it_tells_of(generic_by_hand: TwoNights) -> None:
    """On 15 October D12 was in qualification; the first night could not know it, and thought of prospecting."""
    sql = "select stage, open_count from fct_pipeline_daily where date_day = '2026-10-15' and stage in ('prospecting', 'qualification')"
    assert sorted(rows_of(generic_by_hand.first, sql)) == [("prospecting", 4), ("qualification", 0)]
    assert sorted(rows_of(generic_by_hand.second, sql)) == [("prospecting", 3), ("qualification", 1)]


def test_c20_rebuilding_the_last_table_doubles_nothing(generic_by_hand: TwoNights) -> None:
    """C20: built once more, on tables that are there already, no day is there twice."""
    from orchestration.dbt_build import run_dbt
    from orchestration.environment import prepare

    settings = generic_by_hand.settings
    of_day = "from marts.fct_pipeline_daily order by date_day, stage"
    before = build_rows(settings, of_day)
    with prepared(settings):
        prepare(settings)
        run_dbt(["run", "--select", "fct_pipeline_daily", "--vars", '{"systems": ["generic"]}'], settings)
    assert build_rows(settings, of_day) == before


# Activity


def test_what_everybody_did(generic_by_hand: TwoNights) -> None:
    """C13 (the day before the first lead), C24 (one mail to an address that two leads have is one mail)."""
    found = asked(
        generic_by_hand,
        """
        select rep_id, activity_date, leads_created, emails_sent, emails_delivered, emails_opened, emails_clicked, emails_replied,
            emails_bounced, calls, meetings_booked, meetings_held, tasks
        from fct_activity_daily
        where leads_created + emails_sent + emails_delivered + emails_opened + emails_clicked + emails_replied + emails_bounced
            + calls + meetings_booked + meetings_held + tasks > 0
        order by rep_id, activity_date
        """,
    )
    assert found == [
        ("u1", day("09-10"), 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0),
        # a no-show was booked and not held
        ("u1", day("09-11"), 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0),
        # known by the sender's address
        ("u1", day("11-18"), 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0),
        ("u2", day("09-12"), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
        # C13
        ("u3", day("08-31"), 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
        ("u3", day("09-01"), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        # sent once, told twice; opened twice that day is once
        ("u3", day("09-02"), 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0),
        ("u3", day("09-03"), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0),
        ("u3", day("09-04"), 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
        ("u3", day("09-15"), 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        # C24
        ("u3", day("11-18"), 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0),
        # a user whom no extract names
        ("u99", day("11-18"), 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
        # a mail of which nobody says who sent it (m4) is nobody's, and so is a call without a user (a8)
        (None, day("11-18"), 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0),
    ]


def test_deals_created_and_won_are_counted_on_their_day_and_deleted_ones_never(generic_by_hand: TwoNights) -> None:
    found = asked(
        generic_by_hand,
        """
        select rep_id, sum(opportunities_created), sum(opportunities_won) from fct_activity_daily
        group by 1 having sum(opportunities_created) > 0 order by 1
        """,
    )
    # u1: D1, D2, D4, D6, D8, D13, without D10 · u2: D3, D5, D7, D12, D14, without D9
    assert found == [("u1", 6, 1), ("u2", 5, 2), ("u4", 1, 1), ("u5", 10, 1), ("u6", 3, 3), ("u7", 1, 1), ("u8", 1, 0)]


def test_a_person_is_shown_as_today_and_one_unknown_as_a_placeholder(generic_by_hand: TwoNights) -> None:
    found = asked(
        generic_by_hand, "select rep_id, name, team, manager_name, is_placeholder from dim_rep where rep_id in ('u2', 'u99')"
    )
    assert sorted(found) == [("u2", "Ben", "East", "Max", False), ("u99", "unknown (u99)", None, None, True)]


# Accounting


def test_every_delivered_row_is_accounted_for(generic_by_hand: TwoNights) -> None:
    """P1, by hand: 29 deals, 65 changes, 9 users; on the second night 27 of 28 deals and 8 of 9 users are unchanged."""
    found = asked(
        generic_by_hand,
        """
        select object, extracted_at::date, format, rows_delivered, rows_loaded, rows_quarantined, rows_staged, rows_duplicate, rows_set_aside
        from ops_file where outcome = 'loaded' order by 1, 2
        """,
    )
    first, second = day("11-10"), day("11-20")
    assert found == [
        ("activity", first, "csv.gz", 6, 6, 0, 6, 0, 0),
        # no id
        ("activity", second, "csv.gz", 3, 3, 0, 2, 0, 1),
        # e1 is told again: the newest telling counts; one unknown type
        ("email_event", first, "jsonl.gz", 8, 8, 0, 6, 1, 1),
        ("email_event", second, "jsonl", 6, 6, 0, 6, 0, 0),
        ("lead", first, "jsonl", 3, 3, 0, 3, 0, 0),
        ("opportunity", first, "csv", 29, 29, 0, 29, 0, 0),
        # only D13 has changed
        ("opportunity", second, "csv.gz", 28, 28, 0, 1, 27, 0),
        # D1's win is told again
        ("stage_history", first, "jsonl", 65, 65, 0, 64, 1, 0),
        ("stage_history", second, "jsonl.gz", 3, 3, 0, 3, 0, 0),
        ("user", first, "csv", 9, 9, 0, 9, 0, 0),
        ("user", second, "csv", 9, 9, 0, 1, 8, 0),
    ]


def test_what_was_set_aside_and_why(generic_by_hand: TwoNights) -> None:
    found = asked(
        generic_by_hand,
        "select object, row_number, found_in, problem_column, problem_value from ops_set_aside order by 1, 2",
    )
    assert found == [
        ("activity", 3, "staging", "activity_id", None),
        ("email_event", 8, "staging", "event_type", "teleported"),
        ("stage_history", 64, "intermediate", "opportunity_id", "ghost"),
        ("stage_history", 65, "intermediate", "opportunity_id", "D3"),
    ]


# Rebuilding


@pytest.mark.long
def test_p5_everything_is_rebuilt_from_raw_to_the_same_digests(generic_by_hand: TwoNights) -> None:
    """Delete the build database and all else but raw: the next run publishes the same digests (this test runs last)."""

    from nights import night

    settings = generic_by_hand.settings
    before = digests(settings.home)
    shutil.rmtree(settings.build)
    night(settings.home, settings.landing)
    assert settings.published.resolve() != generic_by_hand.second, "a new release"
    assert digests(settings.home) == before


def _rates(nights: TwoNights, scope: str, scope_id: str, month: str) -> list[Row]:
    return asked(
        nights,
        f"""
        select closed, won, lost, win_rate, win_rate_by_amount from fct_velocity
        where period_type = 'month' and period_start = '2026-{month}' and scope = '{scope}' and scope_id = '{scope_id}'
        """,
    )
