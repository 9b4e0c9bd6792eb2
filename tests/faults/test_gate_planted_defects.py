"""Assumption: every check of the gate turns red for the defect it names, and no other check does.

Without it a check could be unable to fail, and stay green over wrong tables for years; or turn red together
with five others, so that nobody knows what to repair. Each defect is planted into clean_build.py's build.

All checks are asked by the SQL that finds their examples, and those of the planted check's table by Great
Expectations as well.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import clean_build
import duckdb
import pytest
from gate_child import GatePool

from quality import build_database, suites
from quality.build_database import DeliveredObject
from quality.checks import Check
from quality.rules import NotEmpty, NotNull
from quality.thresholds import settle

# Shares are of handfuls here.
THRESHOLDS = {"tolerated_rows": 0}
DELIVERED = (DeliveredObject("generic", "opportunity"), DeliveredObject("generic", "user"))
CHECKS: dict[str, Check] = {
    check.name: check for group in suites.collect(settle(THRESHOLDS), DELIVERED) for check in group.checks
}

USERS = "where object = 'user'"
USER_FILE = "user_2026-11-22.csv"
NEGOTIATE = "where stage = 'negotiate'"
# For a defect of the last pipeline day alone: with a bridge, that would not close as the day does either.
NO_BRIDGE = "; delete from marts.fct_pipeline_bridge; delete from marts.fct_pipeline_movement"
LAST_DAY = "where date_day = '2026-11-22' and stage = 'qualify'"
COMPANY = "where scope = 'company' and period_start = '2026-11-01' and period_type = 'month'"
# One deal lost, none won: everything about velocity is empty.
LOSER = "where scope_id = 'r1' and period_start = '2026-11-01' and period_type = 'month'"

# The company's forecast of a year that nothing else looks at.
NEXT_YEAR = "where scope = 'company' and period_start = '2027-01-01' and period_type = 'year'"

# What is credited of a won deal follows its amount.
CREDIT_AGAIN = "update marts.fct_won_credit set credited_amount = share * (select amount from marts.fct_opportunity where opportunity_id = 'o2')"


def again(table: str, which: str, changed: str = "") -> str:
    """SQL that adds a row which is there already, with something `changed`."""
    row = f"* replace ({changed})" if changed else "*"
    return f"insert into {table} by name select {row} from {table} where {which} limit 1"


PLANTS: dict[str, str] = {
    # raw
    "no_delivered_file_was_refused": "insert into accounting.delivered_file (system, object, file, outcome)"
    " values ('generic', 'lead', 'lead.csv', 'refused')",
    "no_delivered_file_was_ignored": "insert into accounting.delivered_file (system, object, file, outcome)"
    " values ('generic', 'lead', 'lead.doc', 'ignored')",
    "rows_of_a_file_are_loaded_or_quarantined": f"update accounting.delivered_file set rows_delivered = 3 {USERS}",
    "few_rows_are_quarantined": f"update accounting.delivered_file set rows_delivered = 3, rows_quarantined = 1 {USERS}",
    "raw_holds_what_was_loaded": "delete from raw.generic__user where _row = 2",
    "generic_opportunity_rows_have_their_id": "update raw.generic__opportunity set opportunity_id = null where _row <= 2",
    "generic_user_rows_have_their_id": "update raw.generic__user set user_id = null where _row = 1",
    # staging
    "raw_rows_are_staged_repeated_or_set_aside": f"update intermediate.int_row_accounting set rows_duplicate = 1 {USERS}",
    "staging_saw_every_loaded_row": f"update intermediate.int_row_accounting set rows_raw = 1, rows_loaded = 1 {USERS}",
    "few_rows_are_set_aside": f"update intermediate.int_row_accounting set rows_loaded = 1, rows_set_aside = 1 {USERS}",
    "no_required_column_was_removed": "insert into marts.ops_schema_change"
    " values ('generic', 'opportunity', 'opportunity_2026-11-21.csv', 'stage', 'removed', 'stage', true, false)",
    "no_column_in_use_was_removed": "insert into marts.ops_schema_change"
    " values ('generic', 'opportunity', 'opportunity_2026-11-22.csv', 'amount', 'removed', 'amount', false, true)",
    "columns_hold_the_kind_of_value_they_held": "insert into marts.ops_schema_change"
    " values ('generic', 'opportunity', 'opportunity_2026-11-22.csv', 'amount', 'type changed', 'amount', false, true)",
    "no_id_is_delivered_twice_with_different_content": "insert into marts.ops_set_aside"
    " (system, object, file, row_number, problem, record_id) values"
    " ('generic', 'user', 'user.csv', 1, 'id appears several times in one extract …', 'r1')",
    # freshness
    "the_opportunity_extract_came_when_expected": "update accounting.delivered_file"
    " set extracted_on = extracted_on - 2 where object = 'opportunity'",
    "the_opportunity_extract_is_as_large_as_usual": "update accounting.delivered_file"
    "  set rows_delivered = 2, rows_loaded = 2 where file = 'opportunity_2026-11-22.csv';"
    " update intermediate.int_row_accounting"
    "  set rows_raw = 2, rows_loaded = 2 where file = 'opportunity_2026-11-22.csv';"
    " delete from raw.generic__opportunity where _file = 'opportunity_2026-11-22.csv' and _row > 2",
    # dimensions
    "the_settings_are_this_builds": "update marts.dim_company_settings set as_of = '2026-11-21'",
    "a_day_is_one_row": again("marts.dim_date", "date_day = '2026-11-10'"),
    "the_calendar_has_no_gap": "delete from marts.dim_date where date_day = '2026-11-10'",
    "the_calendar_reaches_what_is_spoken_of": "update marts.fct_opportunity set expected_close_on = '2028-02-01' where opportunity_id = 'o1'",
    "the_calendar_marks_the_as_of_day": "update marts.dim_date set is_as_of = true where date_day = '2026-11-21'",
    "a_stage_is_one_row": again("marts.dim_stage", "stage = 'negotiate'"),
    "a_stage_belongs_to_a_phase": f"update marts.dim_stage set phase = 'thinking' {NEGOTIATE}",
    "a_stage_is_open_won_or_lost_by_its_phase": f"update marts.dim_stage set is_won = true {NEGOTIATE}",
    "a_stage_has_its_place": f"update marts.dim_stage set stage_order = null {NEGOTIATE}",
    "open_stages_come_before_closed_ones": f"update marts.dim_stage set stage_order = 9 {NEGOTIATE}",
    "a_stage_probability_is_a_share": f"update marts.dim_stage set default_probability = 70 {NEGOTIATE}",
    "a_rep_is_one_row": again("marts.dim_rep", "rep_id = 'r1'"),
    "a_rep_has_an_id": again("marts.dim_rep", "rep_id = 'r1'", "null as rep_id"),
    "an_account_is_one_row": again("marts.dim_account", "account_id = 'a1'"),
    "an_account_has_an_id": again("marts.dim_account", "account_id = 'a1'", "null as account_id"),
    "a_lead_is_one_row": again("marts.dim_lead", "lead_id = 'l2'"),
    "a_lead_has_an_id": again("marts.dim_lead", "lead_id = 'l2'", "null as lead_id"),
    "people_left_after_they_came": "update marts.dim_rep set ended_on = '2024-12-31' where rep_id = 'r1'",
    "leads_converted_after_they_came": "update marts.dim_lead set converted_at = '2026-11-01' where lead_id = 'l1'",
    # matching
    "a_person_is_one_row": again("marts.dim_person", "person_id = 'p-1'"),
    "a_record_is_one_persons": again("marts.dim_person_record", "record_id = 'l4'", "'p-1' as person_id"),
    "a_record_has_its_person": "update marts.dim_person_record set person_id = null where record_id = 'l4'",
    "a_record_of_a_person_says_what_it_is": "update marts.dim_person_record set object = 'robot' where record_id = 'l3'",
    "a_match_of_a_person_says_why": "update marts.dim_person_record set match_reason = null where record_id = 'l3'",
    "a_person_of_a_record_that_is_there_is_told": "delete from marts.dim_person where person_id = 'p-3'",
    "a_person_has_as_many_records_as_are_told": "update marts.dim_person set records = 3 where person_id = 'p-1'",
    "few_matches_of_people_are_in_conflict": "update marts.dim_person_record set has_conflict = true where record_id = 'l4'",
    "a_company_is_one_row": again("marts.dim_company", "company_id = 'c-a1'"),
    "a_record_is_one_companys": again("marts.dim_company_record", "record_id = 'a1'", "true as is_deleted"),
    "a_record_has_its_company": again(
        "marts.dim_company_record", "record_id = 'a1'", "null as company_id, true as is_deleted, 'a9' as record_id"
    ),
    "a_record_of_a_company_says_what_it_is": "update marts.dim_company_record set object = 'shop' where record_id = 'a1'",
    "a_match_of_a_company_says_why": "update marts.dim_company_record set match_reason = 'guess' where record_id = 'a1'",
    "a_company_of_a_record_that_is_there_is_told": "delete from marts.dim_company where company_id = 'c-a1'",
    "a_company_has_as_many_records_as_are_told": "update marts.dim_company set accounts = 0 where company_id = 'c-a1'",
    "few_matches_of_companies_are_in_conflict": "update marts.dim_company_record set has_conflict = true where record_id = 'a1'",
    "a_lead_is_somebodys_record": "update marts.dim_lead set person_id = null where lead_id = 'l2'",
    "one_lead_stands_for_a_person": "update marts.dim_lead set is_primary_record = true where lead_id = 'l2'",
    "a_user_is_somebodys_record": "update marts.dim_rep set person_id = null where rep_id = 'r1'",
    "an_account_is_somebodys_record": "update marts.dim_account set company_id = null where account_id = 'a1'",
    "an_event_is_counted_or_repeats_another": "update marts.ops_event_overlap set counted = 5 where told_by like 'generic%'",
    "two_histories_of_a_deal_agree": "insert into marts.ops_field_history_difference values ('salesforce', 'o1', 'amount')",
    # opportunities
    "there_are_opportunities": "delete from marts.fct_opportunity; delete from marts.fct_stage_visit;"
    " delete from marts.fct_pipeline_daily; update marts.fct_activity_daily set opportunities_created = 0;"
    " delete from marts.fct_won_credit; delete from marts.rpt_bottleneck; delete from marts.ops_close_date_difference",
    "an_opportunity_is_one_row": again("marts.fct_opportunity", "opportunity_id = 'o5'"),
    "an_opportunity_has_an_id": again("marts.fct_opportunity", "opportunity_id = 'o5'", "null as opportunity_id"),
    "opportunity_status_is_known": "update marts.fct_opportunity set status = 'archived' where opportunity_id = 'o2'"
    "; delete from marts.fct_won_credit; delete from marts.ops_close_date_difference",
    "the_stage_of_an_open_opportunity_is_known": "update marts.dim_stage set defined_by = 'unknown' where stage = 'propose'",
    "opportunity_status_fits_its_phase": "update marts.fct_opportunity set phase = 'closing' where opportunity_id = 'o2'",
    "tonight_tells_of_every_opportunity": "update marts.fct_opportunity set is_of_earlier_extract = true where opportunity_id = 'o1'",
    "an_opportunity_closed_after_it_came": "update marts.fct_opportunity set closed_at = '2026-11-15'"
    " where opportunity_id = 'o2'",
    "a_closed_opportunity_has_its_day": "update marts.fct_opportunity set closed_at = null where opportunity_id = 'o2'",
    "an_open_opportunity_has_no_closing_day": "update marts.fct_opportunity set closed_at = '2026-11-20'"
    " where opportunity_id = 'o1'",
    "a_deleted_opportunity_has_its_day": "update marts.fct_opportunity set deleted_at = null where opportunity_id = 'o5'",
    "nothing_happens_to_an_opportunity_after_the_as_of_day": "update marts.fct_opportunity"
    " set closed_at = '2026-11-25' where opportunity_id = 'o2'",
    "few_open_opportunities_vanished_tonight": "update marts.fct_opportunity"
    "  set status = 'deleted', deleted_at = '2026-11-22 10:00' where opportunity_id = 'o4';"
    " update marts.fct_pipeline_daily set deleted_count = 1, deleted_amount = 100,"
    "  open_count = 1, open_amount = 100"
    f" {LAST_DAY}"
    "; update marts.fct_opportunity set is_stalled = null, risk_reasons = null,"
    "  win_probability = null, likely_win_from = null, likely_win_to = null where opportunity_id = 'o4';"
    " delete from marts.fct_handoff; delete from marts.rpt_bottleneck" + NO_BRIDGE,
    "nobody_lost_all_open_opportunities": "update marts.fct_opportunity set owner_id = 'r1' where opportunity_id = 'o6'",
    "few_opportunities_have_an_unknown_owner": "update marts.fct_opportunity set owner_id = 'gone'"
    " where opportunity_id = 'o1'",
    "few_opportunities_have_an_unknown_account": "update marts.fct_opportunity set account_id = 'gone'"
    " where opportunity_id = 'o1'",
    "an_amount_is_not_negative": f"update marts.fct_opportunity set amount = -1 where opportunity_id = 'o2'; {CREDIT_AGAIN}",
    "a_probability_lies_between_0_and_1": "update marts.fct_opportunity set probability = 10 where opportunity_id = 'o1'",
    "delivered_probabilities_are_shares": "update intermediate.int_opportunity_version set probability = 10",
    "a_last_activity_has_its_day_or_a_reason": "update marts.fct_opportunity set last_activity_on = null where opportunity_id = 'o1'",
    "the_reporting_currency_is_known": "update marts.fct_opportunity set currency = 'XXQ' where opportunity_id = 'o2';"
    " update config.run set currency = null",
    "an_amount_has_its_exchange_rate": "update marts.fct_opportunity set amount = null where opportunity_id = 'o2'"
    f"; {CREDIT_AGAIN}",
    "no_amount_is_absurd": f"update marts.fct_opportunity set amount = 1000001 where opportunity_id = 'o2'; {CREDIT_AGAIN}",
    "most_open_opportunities_have_an_amount": "update marts.fct_opportunity set amount = 0"
    "  where opportunity_id in ('o4', 'o6');"
    f" update marts.fct_pipeline_daily set amount_change_amount = -200, open_amount = 0 {LAST_DAY}" + NO_BRIDGE,
    # visits
    "a_visit_is_one_row": "update marts.fct_stage_visit set visit_id = 'same' where opportunity_id in ('o4', 'o6')",
    "a_visit_has_an_id": "update marts.fct_stage_visit set visit_id = null where opportunity_id = 'o4'",
    "a_visit_says_how_it_is_known": "update marts.fct_stage_visit set entry_evidence = 'guess' where opportunity_id = 'o4'",
    "a_visit_lasts_no_negative_time": "update marts.fct_stage_visit set days_in_stage = -1 where opportunity_id = 'o4'",
    "no_visit_lies_after_the_as_of_day": "update marts.fct_stage_visit set entered_at = '2026-11-25'"
    " where opportunity_id = 'o4'",
    "visits_do_not_overlap": "update marts.fct_stage_visit set exited_at = '2026-11-19'"
    " where opportunity_id = 'o1' and visit_number = 1",
    "visits_leave_no_hole": "update marts.fct_stage_visit set exited_at = '2026-11-17'"
    " where opportunity_id = 'o1' and visit_number = 1",
    "visits_are_numbered_in_order": "update marts.fct_stage_visit set visit_number = 3"
    " where opportunity_id = 'o1' and visit_number = 2",
    "an_opportunity_has_visits": "delete from marts.fct_stage_visit where opportunity_id = 'o3'"
    "; delete from marts.rpt_bottleneck",
    "a_visit_belongs_to_an_opportunity": again(
        "marts.fct_stage_visit", "opportunity_id = 'o4'", "'o9' as opportunity_id, 'o9-1' as visit_id"
    ),
    "an_opportunity_has_one_current_visit": "update marts.fct_stage_visit set is_current = false"
    " where opportunity_id = 'o4'",
    "the_current_visit_is_in_the_stage_of_the_opportunity": "update marts.fct_stage_visit"
    " set stage = 'propose' where opportunity_id = 'o4'"
    "; delete from marts.rpt_bottleneck",
    # funnel
    "a_funnel_cohort_is_one_row": again("marts.fct_stage_funnel", "stage = 'qualify' and scope_id = 'all'"),
    "who_entered_a_stage_advanced_lost_or_is_open": "update marts.fct_stage_funnel set lost = 2"
    " where stage = 'qualify' and scope_id in ('all', 'inbound')",
    "who_entered_a_stage_visited_or_skipped_it": "update marts.fct_stage_funnel set skipped = skipped + 1"
    " where stage = 'qualify' and scope_id in ('all', 'inbound')",
    "funnel_counts_are_not_negative": "update marts.fct_stage_funnel"
    " set lost = lost - 1, still_open = still_open + 1"
    " where stage = 'qualify' and scope_id in ('all', 'outbound')",
    "funnel_segments_add_up_to_all": "delete from marts.fct_stage_funnel where stage = 'propose' and scope_id = 'outbound'",
    "a_conversion_rate_on_nothing_is_empty": "update marts.fct_stage_funnel"
    " set conversion_rate = 0, conversion_rate_low = 0, conversion_rate_high = 1 where entered = 0",
    "a_conversion_rate_is_advanced_of_entered": "update marts.fct_stage_funnel set conversion_rate = 0.51"
    " where stage = 'propose' and scope_id = 'all'",
    "a_conversion_rate_lies_in_its_interval": "update marts.fct_stage_funnel set conversion_rate_low = 0.6"
    " where stage = 'propose' and scope_id = 'all'",
    "a_conversion_interval_is_not_below_nothing": "update marts.fct_stage_funnel"
    " set conversion_rate_low = -0.1 where stage = 'propose' and scope_id = 'all'",
    "a_conversion_interval_is_not_above_all": "update marts.fct_stage_funnel set conversion_rate_high = 1.1"
    " where stage = 'propose' and scope_id = 'all'",
    "advancing_takes_no_negative_time": "update marts.fct_stage_funnel set median_days_to_advance = -1"
    " where stage = 'propose' and scope_id = 'all'",
    "an_eventual_conversion_lies_in_its_interval": "update marts.fct_stage_funnel set eventual_conversion_rate_low = 0.9"
    " where stage = 'qualify' and scope_id = 'all'",
    "an_eventual_conversion_or_why_there_is_none": "update marts.fct_stage_funnel set eventual_missing_reason = 'none'"
    " where stage = 'qualify' and scope_id = 'all'",
    "a_finished_cohort_has_converted_what_it_will": "update marts.fct_stage_funnel set eventual_conversion_rate = 0.9"
    " where stage = 'negotiate' and scope_id = 'all'",
    # bridge
    "a_deal_moves_once_in_a_period": again("marts.fct_pipeline_movement", "opportunity_id = 'o3'"),
    "a_movement_has_a_known_name": "update marts.fct_pipeline_movement set movement = 'jumped' where opportunity_id = 'o3'",
    "a_movement_adds_what_came_less_what_left": "update marts.fct_pipeline_movement set amount_delta = 1"
    " where opportunity_id = 'o3'",
    "deals_count_as_created_from_a_stage_that_exists": "insert into config.created_from_stage values ('sales', 'proposal')",
    "a_bridge_is_one_row": "insert into marts.fct_pipeline_bridge"
    " select * exclude (range) replace ('2026-11-09' as period_start, '2026-11-15' as period_end, 'other' as pipeline,"
    "  0 as created_count, 0 as created_amount, 0 as won_count, 0 as won_amount, 0 as lost_count, 0 as lost_amount,"
    "  0 as deleted_count, 0 as deleted_amount, 0 as closing_count, 0 as closing_amount)"
    " from marts.fct_pipeline_bridge cross join range(2) where scope = 'company'",
    "bridge_counts_are_not_negative": "update marts.fct_pipeline_bridge set slipped_count = -1 where scope = 'company'",
    "a_bridge_closes_in_deals": "update marts.fct_pipeline_bridge set created_count = 7 where scope = 'company'",
    "a_bridge_closes_in_money": "update marts.fct_pipeline_bridge set created_amount = 7 where scope = 'company'",
    "a_bridge_opens_as_the_last_one_closed": "update marts.fct_pipeline_bridge set opening_count = 1, created_count = 5"
    " where scope = 'company'",
    "bridge_scopes_add_up_to_the_company": "delete from marts.fct_pipeline_bridge where scope_id = 'r2'",
    "the_bridge_closes_with_the_open_movements": "delete from marts.fct_pipeline_movement where opportunity_id = 'o1'",
    "the_bridge_closes_as_the_day_does": "update marts.fct_pipeline_bridge set period_end = '2026-11-20'",
    # leads
    "a_win_cohort_is_one_row": again(
        "marts.fct_win_cohort",
        "scope = 'company'",
        "0 as created, 0 as watched_30_days, 0 as too_young_30_days,"
        " null as won_within_30_days, null as win_rate_30_days, 0 as watched_60_days, 0 as too_young_60_days, null as won_within_60_days,"
        " null as win_rate_60_days, 0 as too_young_90_days",
    ),
    "wins_of_a_cohort_are_among_the_watched": "update marts.fct_win_cohort set win_rate_30_days = 0.9 where scope = 'company'",
    "parts_of_a_win_cohort_add_up_to_all": "delete from marts.fct_win_cohort where scope_id = 'outbound'",
    "a_cohort_of_leads_is_one_row": "insert into marts.fct_lead_funnel select * replace ('2026-10-01' as cohort_month)"
    " from marts.fct_lead_funnel;"
    " insert into marts.fct_lead_funnel select * replace (0 as leads, 0 as qualified, 0 as opportunities, 0 as won,"
    "  0 as lost, 0 as still_open, 0 as deals, null as lead_to_won_rate) from marts.fct_lead_funnel"
    " where cohort_month = '2026-10-01' and scope_id = 'inbound'",
    "a_step_of_the_lead_funnel_is_part_of_the_last": "update marts.fct_lead_funnel set qualified = 4 where scope_id = 'all'",
    "segments_of_leads_add_up_to_all": "delete from marts.fct_lead_funnel where scope_id = 'outbound'",
    "a_rate_of_leads_lies_in_its_interval": "update marts.fct_lead_funnel set lead_to_won_rate = 0.9 where scope_id = 'all'",
    "a_measure_is_covered_once": again("marts.ops_coverage", "measure = 'won'"),
    "what_cannot_be_answered_says_why": "update marts.ops_coverage set reason = null where measure = 'won'",
    "what_is_not_covered_is_not_a_number": "update marts.ops_coverage set known_since = '2026-11-18'"
    " where measure = 'pushed'",
    # velocity
    "a_velocity_period_is_one_row": again("marts.fct_velocity", "period_type = 'week'"),
    "closed_deals_were_won_or_lost": f"update marts.fct_velocity set closed = 2 {LOSER}",
    "velocity_counts_are_not_negative": f"update marts.fct_velocity set won_without_amount = -1 {LOSER}",
    "closed_deals_were_open_in_their_period": "update marts.fct_velocity"
    f" set open_in_period = 0, mean_open = 0, opportunities = 0 {LOSER}",
    "no_more_deals_are_open_on_average_than_at_any_moment": "update marts.fct_velocity"
    f" set mean_open = 3.1, opportunities = 3.1 {LOSER}",
    "opportunities_of_velocity_are_what_the_config_says": f"update marts.fct_velocity set opportunities = 3 {LOSER}",
    "velocity_is_compared_with_as_many_days": f"update marts.fct_velocity set previous_end = '2026-10-31' {LOSER}",
    "a_win_rate_on_nothing_is_empty": f"update marts.fct_velocity set win_rate = null {LOSER}",
    "a_win_rate_is_won_of_closed": f"update marts.fct_velocity set win_rate = 0.1 {LOSER}",
    "a_win_rate_lies_in_its_interval": f"update marts.fct_velocity set win_rate_low = 0.1 {LOSER}",
    "a_win_rate_by_amount_is_a_share": f"update marts.fct_velocity set win_rate_by_amount = 5 {LOSER}",
    "a_sales_cycle_is_not_negative": f"update marts.fct_velocity set sales_cycle_days = -1 {LOSER}",
    "velocity_is_what_its_factors_make": "update marts.fct_velocity"
    f" set velocity_per_day = 80, velocity_change = 55, contribution_opportunities = 55 {COMPANY}",
    "a_change_of_velocity_is_the_difference": "update marts.fct_velocity"
    f" set velocity_change = 30, contribution_opportunities = 30 {COMPANY}",
    "contributions_add_up_to_the_change_of_velocity": "update marts.fct_velocity"
    f" set contribution_deal_size = 0.001 {COMPANY}",
    "scopes_add_up_to_the_company": again(
        "marts.fct_velocity",
        LOSER.removeprefix("where "),
        "'week' as period_type, date '2026-11-02' as period_start",
    ),
    "months_add_up_to_the_year": "delete from marts.fct_velocity"
    " where period_type = 'month' and period_start = '2026-10-01'",
    # pipeline
    "a_day_of_a_stage_is_one_row": again("marts.fct_pipeline_daily", "date_day = '2026-11-21' and stage = 'propose'"),
    "pipeline_days_have_no_gap": "delete from marts.fct_pipeline_daily where date_day = '2026-11-21' and stage = 'propose'",
    "pipeline_counts_are_not_negative": f"update marts.fct_pipeline_daily set slipped_count = -1 {LAST_DAY}",
    "a_pipeline_day_closes_in_deals": f"update marts.fct_pipeline_daily set created_count = 1 {LAST_DAY}",
    "a_pipeline_day_closes_in_money": f"update marts.fct_pipeline_daily set created_amount = 0.01 {LAST_DAY}",
    "a_pipeline_day_opens_as_the_last_one_closed_in_deals": "update marts.fct_pipeline_daily"
    f" set opening_count = 1, created_count = 1 {LAST_DAY}",
    "a_pipeline_day_opens_as_the_last_one_closed_in_money": "update marts.fct_pipeline_daily"
    f" set opening_amount = 100, created_amount = 100 {LAST_DAY}",
    "what_leaves_a_stage_arrives_in_another_in_deals": "update marts.fct_pipeline_daily"
    " set advanced_in_count = 0, created_count = 1 where date_day = '2026-11-18' and stage = 'propose'",
    "what_leaves_a_stage_arrives_in_another_in_money": "update marts.fct_pipeline_daily"
    " set advanced_in_amount = 0, created_amount = 100 where date_day = '2026-11-18' and stage = 'propose'",
    "the_last_pipeline_day_is_the_open_opportunities_in_deals": "update marts.fct_pipeline_daily"
    f" set created_count = 1, open_count = 3 {LAST_DAY}" + NO_BRIDGE,
    "the_last_pipeline_day_is_the_open_opportunities_in_money": "update marts.fct_pipeline_daily"
    f" set created_amount = 100, open_amount = 300 {LAST_DAY}" + NO_BRIDGE,
    # targets
    "a_target_names_what_is_known": "update intermediate.int_target set unknown_cell = 'metric' where scope_id = 'r2'",
    "targets_do_not_overlap": "update intermediate.int_target set is_overlapping = true where scope_id = 'r2'",
    "a_quota_is_of_a_period_of_the_company": "update intermediate.int_target set is_off_period = true where scope_id = 'r2'",
    "who_has_deals_has_a_quota": "delete from intermediate.int_target where scope_id = 'r2'",
    "exchange_rates_are_of_their_day": "update intermediate.int_opportunity_amount set rate_date = '2026-11-17'",
    "what_is_opened_was_sent": "insert into intermediate.int_email_event_judged"
    " select 'generic', 'x' || number, 'opened', false from range(1, 8) as events (number)",
    # histories
    "a_source_of_history_is_one_row": again("marts.ops_history_source", "true"),
    "every_difference_of_histories_is_counted": "update marts.ops_history_source set states_that_differ = 2",
    "a_difference_of_histories_is_one_row": again("marts.ops_history_difference", "true")
    + "; update marts.ops_history_source set states_that_differ = 2",
    "extracts_agree_with_the_history": "insert into marts.ops_history_difference"
    " select 'generic', 'o' || number, timestamp '2026-11-20', 'propose', 'qualify' from range(1, 6) as deals (number);"
    " update marts.ops_history_source set states_that_differ = 6",
    "a_close_date_difference_is_one_row": again("marts.ops_close_date_difference", "true"),
    "a_close_date_that_differs_is_of_a_deal_that_is_closed_so": "update marts.ops_close_date_difference set closed_on = close_date",
    # activity
    "a_day_of_a_person_is_one_row": again("marts.fct_activity_daily", "activity_date = '2026-11-22'"),
    "activity_has_its_day": "update marts.fct_activity_daily set activity_date = null where activity_date = '2026-11-16'",
    "activity_counts_are_not_negative": "update marts.fct_activity_daily set tasks = -1 where activity_date = '2026-11-16'",
    "no_activity_lies_after_the_as_of_day": "update marts.fct_activity_daily set activity_date = '2026-11-25'"
    " where activity_date = '2026-11-22'",
    "activity_counts_no_lead_twice": "update marts.fct_activity_daily set leads_created = 3"
    " where activity_date = '2026-11-16'",
    "activity_counts_no_opportunity_twice": "update marts.fct_activity_daily set opportunities_created = 6"
    " where activity_date = '2026-11-16'",
    "fewer_mails_are_opened_than_sent": "update marts.fct_activity_daily set emails_opened = 9"
    " where activity_date = '2026-11-22'",
    "activity_has_not_stopped": "update marts.fct_activity_daily set activity_date = activity_date - 30",
    # risks
    "only_open_deals_are_at_risk": "update marts.fct_opportunity set is_stalled = true where opportunity_id = 'o2'",
    "a_risk_that_is_not_told_has_its_reason": "update marts.fct_opportunity set contacts = null where opportunity_id = 'o1'",
    "a_win_probability_is_one_and_of_an_open_deal": "update marts.fct_opportunity set win_probability = 1.25 where opportunity_id = 'o1'",
    # process
    "a_handoff_is_one_row": again("marts.fct_handoff", "opportunity_id = 'o1'"),
    "a_handoff_is_of_a_known_kind": "update marts.fct_handoff set kind = 'gift' where opportunity_id = 'o1'",
    "a_handoff_waits_no_negative_time": "update marts.fct_handoff set wait_hours = -1 where opportunity_id = 'o1'",
    "a_handoff_changes_hands": "update marts.fct_handoff set to_rep_id = 'r2' where opportunity_id = 'o1'",
    "a_touch_ends_the_wait": "update marts.fct_handoff set first_touch_at = '2026-11-15' where opportunity_id = 'o1'",
    "nobody_waits_for_whom_nobody_knows": "update marts.fct_handoff set wait_hours = null where opportunity_id = 'o4'",
    "only_open_deals_wait": "update marts.fct_handoff set is_waiting = true where opportunity_id = 'o2'",
    "a_deals_credit_adds_up_to_one": "update marts.fct_won_credit set share = 0.4 where part = 'closed'",
    "a_share_of_credit_is_a_share": "update marts.fct_won_credit set share = case when rep_id = 'r1' then 0.6 else -0.3 end"
    " where part = 'worked'",
    "a_deals_credited_amounts_add_up_to_its_amount": "update marts.fct_won_credit set credited_amount = 1"
    " where part = 'closed'",
    "every_won_deal_and_no_other_has_its_credit": "delete from marts.fct_won_credit",
    "a_stage_of_a_period_is_one_row": again("marts.rpt_bottleneck", "scope_id = 'A' and stage = 'propose' and arrivals = 0"),
    "a_stage_holds_what_came_less_what_left": "update marts.rpt_bottleneck set opening_wip = 1"
    " where scope_id = 'A' and stage = 'propose' and arrivals = 1",
    "arrivals_are_the_visits_that_began": "update marts.rpt_bottleneck set arrivals = arrivals + 1, opening_wip = opening_wip - 1"
    " where scope_id in ('all', 'A') and stage = 'qualify' and arrivals > 0",
    "a_stage_holds_its_open_deals_today": "update marts.rpt_bottleneck set opening_wip = 1, wip = 3"
    " where scope = 'company' and stage = 'qualify' and arrivals > 0",
    "teams_add_up_to_the_companys_flow": "delete from marts.rpt_bottleneck where scope_id = 'B' and stage = 'propose'",
    "one_stage_at_most_limits_the_flow": "update marts.rpt_bottleneck set is_limiting = true where scope_id = 'A' and arrivals > 0",
    "a_limit_that_is_not_told_has_its_reason": "update marts.rpt_bottleneck set is_limiting = null where scope_id = 'A'",
    # forecast
    "a_forecast_is_one_row": again(
        "marts.fct_forecast",
        "scope_id = 'A' and period_type = 'week'",
        "0 as mean, 0 as won_so_far, 0 as from_open,"
        " 0 as from_new, 0 as p10, 0 as static_weighted, 0 as open_count, 0 as commit, 50 as gap, 0.4 as probability_of_quota",
    ),
    "the_current_and_the_next_period_are_forecast": "delete from marts.fct_forecast where period_start = '2027-01-01' and period_type = 'year'",
    "a_forecast_is_what_is_won_open_and_new": f"update marts.fct_forecast set from_new = 31 {NEXT_YEAR}",
    "a_forecasts_quantiles_are_in_order": f"update marts.fct_forecast set p50 = 151 {NEXT_YEAR}",
    "a_forecast_is_no_less_than_what_is_won": f"update marts.fct_forecast set p10 = 19 {NEXT_YEAR}",
    "forecasts_of_teams_add_up_to_the_company": "delete from marts.fct_forecast where scope_id = 'A' and period_start = '2026-11-30'",
    "best_case_holds_what_is_committed": f"update marts.fct_forecast set best_case = 69 {NEXT_YEAR}",
    "what_cannot_be_forecast_has_its_reason": f"update marts.fct_forecast set pipeline_needed = null {NEXT_YEAR}",
    "the_chance_of_a_quota_is_a_probability": "update marts.fct_forecast set probability_of_quota = 1.2 where scope_id = 'A'",
    "the_chance_of_a_quota_fits_the_quantiles": "update marts.fct_forecast set probability_of_quota = 0.2 where scope_id = 'B'",
    "a_gap_is_what_the_forecast_lacks": f"update marts.fct_forecast set gap = 0 {NEXT_YEAR}",
    "a_replay_is_one_row": again("marts.fct_forecast_accuracy", "method = 'last_period'"),
    "an_error_is_what_was_said_less_what_happened": "update marts.fct_forecast_accuracy set error = 20 where method = 'last_period'",
    "an_interval_held_what_lies_in_it": "update marts.fct_forecast_accuracy set p10 = 105 where method = 'funnelcast'",
    "what_happened_is_what_was_won": "update marts.fct_forecast_accuracy set actual = 99, error = forecast - 99,"
    " absolute_error = abs(forecast - 99)",
    "the_record_of_the_forecast_can_be_trusted": "update marts.fct_forecast_accuracy set p10 = 105, is_within_p10_p90 = false"
    " where method = 'funnelcast'",
    "no_simpler_method_has_the_better_record": "update marts.fct_forecast_accuracy set forecast = 101, error = 1, absolute_error = 1"
    " where method = 'last_period'",
    "all_ten_deciles_are_told": "delete from marts.fct_forecast_calibration where decile = 4",
    "given_probabilities_lie_in_their_decile": "update marts.fct_forecast_calibration set mean_probability = 0.405 where decile = 4",
    "a_deciles_open_deals_are_told_apart": "update marts.fct_forecast_calibration set deals = 90 where decile = 4",
    "deals_are_won_as_often_as_was_said": "update marts.fct_forecast_calibration set won = 55, won_share = 0.55, won_share_low = 0.5, won_share_high = 0.6"
    " where decile = 4",
    "a_warning_is_one_row": again("marts.rpt_forecast_warning", "scope_id = 'B'"),
    "who_will_miss_the_quota_is_named": "delete from marts.rpt_forecast_warning where scope_id = 'B' and period_type = 'month'",
    "a_warning_began_while_it_was_watched": "update marts.rpt_forecast_warning set below_since = '2026-11-23' where scope_id = 'B'",
    "a_main_cause_is_beyond_the_usual": "update marts.rpt_forecast_warning set usual_lost_amount = 50 where scope_id = 'B'",
    "a_ramp_is_a_share_of_a_ramped_rep": "update marts.rpt_ramp set share_of_ramped = 1.5",
    "a_plan_is_one_row": again("marts.rpt_capacity_plan", "scope_id = 'A'", "0 as sellers"),
    "capacity_is_reps_times_productivity": "update marts.rpt_capacity_plan set capacity = 310 where scope_id = 'A'",
    "hires_close_the_gap_and_no_more": "update marts.rpt_capacity_plan set hires_needed = 3 where scope_id = 'all'",
    "sellers_of_teams_are_those_of_the_company": "delete from marts.rpt_capacity_plan where scope_id = 'B'",
    # qualification
    "a_tier_is_one_row": again("marts.rpt_qualification_tier", "subject = 'account'"),
    "tiers_hold_every_lead_once": "delete from marts.rpt_qualification_tier where subject = 'lead' and tier = 'b'",
    "a_tiers_won_are_among_those_with_an_opportunity": "update marts.rpt_qualification_tier set with_opportunity = 0"
    " where subject = 'account'",
    "a_tiers_rate_lies_in_its_interval": "update marts.rpt_qualification_tier set won_rate_high = 0.1 where subject = 'account'",
    # change
    "a_change_is_one_row": again("marts.rpt_metric_change", "scope = 'company'"),
    "a_change_is_the_difference_of_its_values": "update marts.rpt_metric_change set before_value = 0.7, difference_low = -1"
    " where scope_id = 'r1'",
    "segments_explain_the_companys_change": "update marts.rpt_metric_change set contribution = 0.1, contribution_own = 0.1"
    " where scope_id = 'r2'",
    "a_contribution_is_own_and_mix": "update marts.rpt_metric_change set contribution_mix = 0.1 where scope_id = 'r2'",
    "nothing_is_significant_without_a_test": "update marts.rpt_metric_change set is_significant = true where scope_id = 'r2'",
    "comparing_many_makes_nothing_surer": "update marts.rpt_metric_change set p_value = 0.04 where scope_id = 'r1'",
    "a_change_lies_in_its_interval": "update marts.rpt_metric_change set difference_low = 0 where scope_id = 'r1'",
}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("clean") / "build.duckdb"
    clean_build.make(database)
    return database


@pytest.fixture(scope="module")
def asked(clean: Path) -> Iterator[dict[str, Future[dict[str, Any]]]]:
    """Each planted build, given to Great Expectations at once so that its two processes are never idle."""
    pool = GatePool()
    known = [name for name in PLANTS if name in CHECKS]
    yield {name: pool.ask(_planted(clean, name), CHECKS[name].table, THRESHOLDS) for name in known}
    pool.close()


@pytest.fixture(scope="module")
def in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        clean_build.fill(connection)
        yield connection


@pytest.fixture
def planted_in_memory(name: str, in_memory: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The clean build with one defect, which is taken back afterwards."""
    in_memory.begin()
    in_memory.execute(PLANTS[name])
    yield in_memory
    in_memory.rollback()


def _planted(clean: Path, name: str) -> Path:
    """A copy of the clean build with one defect."""
    database = clean.with_name(f"{name}.duckdb")
    shutil.copyfile(clean, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute(PLANTS[name])
    return database


def _broken(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The checks that are red, by the SQL that finds their examples."""
    return {name for name, check in CHECKS.items() if _is_broken(connection, check)}


def _is_broken(connection: duckdb.DuckDBPyConnection, check: Check) -> bool:
    table = build_database.quoted(check.table)
    if isinstance(check.rule, NotEmpty):
        return _count(connection, table) == 0
    assert check.rule.offenders is not None
    found = _count(connection, f"({check.rule.offenders.format(batch=table)})")
    if isinstance(check.rule, NotNull) and found:
        return found > (1 - check.rule.share) * _count(connection, table)
    return found > 0


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return int(connection.execute(f"select count(*) from {rows}").fetchall()[0][0])


def test_every_check_has_a_planted_defect_and_every_planted_defect_a_check() -> None:
    assert sorted(PLANTS) == sorted(CHECKS)


def test_clean_data_has_the_types_of_the_contracts(clean: Path) -> None:
    with duckdb.connect(str(clean), read_only=True) as connection:
        assert clean_build.differing_types(connection) == []


def test_clean_data_is_green(clean: Path) -> None:
    with build_database.opened(clean) as connection:
        assert _broken(connection) == set()


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_a_planted_defect_turns_exactly_its_check_red(name: str, asked: dict[str, Future[dict[str, Any]]]) -> None:
    answers = asked[name].result()
    assert {check: error for check, (_, _, error) in answers.items() if error} == {}
    assert {check for check, (held, _, _) in answers.items() if not held} == {name}


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_a_planted_defect_is_shown_by_example(name: str, planted_in_memory: duckdb.DuckDBPyConnection) -> None:
    assert _broken(planted_in_memory) == {name}
    examples = build_database.examples(planted_in_memory, CHECKS[name])
    assert examples or isinstance(CHECKS[name].rule, NotEmpty)


@pytest.mark.parametrize(
    ("name", "found_in", "row_number"),
    [("few_rows_are_set_aside", "staging", 2), ("few_rows_are_quarantined", "landing", 3)],
)
def test_a_row_that_came_again_repaired_no_longer_counts(
    name: str, found_in: str, row_number: int, planted_in_memory: duckdb.DuckDBPyConnection
) -> None:
    problem = f"'generic', 'user', '{USER_FILE}', {row_number}, '{found_in}', 'not a number'"
    planted_in_memory.execute(
        f"insert into marts.ops_set_aside (system, object, file, row_number, found_in, problem) values ({problem})"
    )
    repaired = "insert into accounting.repaired_row values ('generic', 'user', ?, ?, ?)"

    planted_in_memory.execute(repaired, [USER_FILE, found_in, row_number + 1])
    assert _is_broken(planted_in_memory, CHECKS[name]), "a row without a problem is no repair"

    planted_in_memory.execute(repaired, [USER_FILE, found_in, row_number])
    assert not _is_broken(planted_in_memory, CHECKS[name])
