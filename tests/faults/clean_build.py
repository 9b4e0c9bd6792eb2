"""A build database in which nothing is wrong: a week of a handful of deals, and every table of the gate.

Belongs here: the clean data, small enough to follow by hand. Does not belong here: what is then broken in it
(test_gate_planted_defects.py).

Two stages are open (qualify, propose), and every deal is worth 100. The week, as of Sunday 2026-11-22:

    o1  created 16th, proposed 18th, open           o4  created 20th, open
    o2  created 16th, proposed 17th, won 20th       o5  created 18th, deleted 21st
    o3  created 17th, lost 19th                     o6  created 19th, open
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import duckdb
import yaml

MARTS = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "marts"

SCHEMAS = ("raw", "config", "accounting", "staging", "intermediate", "marts")

RUN = """
create table config.run as
select date '2026-11-22' as as_of, timestamp '2026-11-23' as as_of_end, 'UTC' as timezone, 'EUR' as currency,
    7 as rates_stand_for_days;

create table config.created_from_stage (pipeline varchar, stage varchar);

create table config.definition as select 'mean_open' as velocity_opportunities, 'stage_change' as closed_on;

create table config.forecast_replay as
select period_type, 1 as periods from (values ('week'), ('month'), ('quarter'), ('year')) as periods (period_type);

create table config.forecast as
select 0.5::double as warn_below_probability, 1 as trusted_replays, 0.5::double as trusted_error, 0.5::double as trusted_interval
"""

# Four nightly extracts of opportunities, one of users; six and two rows each.
FILES = """
create table accounting.delivered_file as
select
    'generic' as system, object, object || '_' || day || '.csv' as file,
    cast(day as timestamp) as extracted_at,
    cast(day as date) as extracted_on, md5(object || day) as sha256, 'csv' as format, 'loaded' as outcome,
    cast(null as varchar) as reason, rows as rows_delivered, rows as rows_loaded,
    0::bigint as rows_quarantined
from (values
    ('opportunity', '2026-11-19', 6::bigint),
    ('opportunity', '2026-11-20', 6),
    ('opportunity', '2026-11-21', 6),
    ('opportunity', '2026-11-22', 6),
    ('user', '2026-11-22', 2)
) as delivered (object, day, rows);

create table raw.generic__opportunity as
select
    'o' || number as opportunity_id, 'propose' as stage, file as _file, number as _row,
    extracted_at as _extracted_at, 'full' as _delivery
from accounting.delivered_file cross join range(1, 7) as rows (number) where object = 'opportunity';

create table raw.generic__user as
select
    'r' || number as user_id, 'Ann' as name, file as _file, number as _row, extracted_at as _extracted_at,
    'full' as _delivery
from accounting.delivered_file cross join range(1, 3) as rows (number) where object = 'user';

create table intermediate.int_row_accounting as
select
    system, object, file, rows_loaded as rows_raw,
    case when extracted_on = '2026-11-22' then rows_loaded else 0 end as rows_loaded,
    case when extracted_on = '2026-11-22' then 0 else rows_loaded end as rows_duplicate,
    0::bigint as rows_set_aside
from accounting.delivered_file;

create table marts.ops_set_aside (
    system varchar, object varchar, file varchar, row_number bigint, found_in varchar, problem_column varchar,
    problem varchar, problem_value varchar, record_id varchar);

create table accounting.repaired_row (system varchar, object varchar, file varchar, found_in varchar, row_number bigint);

create table marts.ops_schema_change as
select
    'generic' as system, 'opportunity' as object, 'opportunity_2026-11-22.csv' as file, 'Region' as column_name, 'added' as change,
    cast(null as varchar) as declared_as, false as is_required, true as is_newest
"""

DIMENSIONS = """
create table marts.dim_company_settings as select as_of, timezone from config.run;

create table marts.dim_date as
select cast(day as date) as date_day, day = '2026-11-22' as is_as_of
from range(timestamp '2026-01-01', timestamp '2028-01-01', interval 1 day) as days (day);

create table marts.dim_stage as
select
    'generic' as source_system, 'sales' as pipeline, stage, stage_order, phase,
    phase not in ('won', 'lost') as is_open, phase = 'won' as is_won, phase = 'lost' as is_lost,
    probability as default_probability, 'config' as defined_by
from (values
    ('qualify', 1, 'qualification', 0.1::double),
    ('propose', 2, 'engagement', 0.4),
    ('negotiate', 3, 'closing', 0.7),
    ('won', 4, 'won', 1.0),
    ('lost', 5, 'lost', 0.0)
) as stages (stage, stage_order, phase, probability);

create table marts.dim_rep as
select
    'generic' as source_system, rep_id, 'closer' as role, team, is_placeholder,
    date '2025-01-01' as started_on, cast(null as date) as ended_on,
    case when not is_placeholder then 'p-' || rep_id end as person_id
from (
    values ('r1', 'A', false), ('r2', 'B', false), ('gone', null, true)
) as reps (rep_id, team, is_placeholder);

create table marts.dim_account as
select 'generic' as source_system, account_id, is_placeholder, case when not is_placeholder then 'c-' || account_id end as company_id
from (values ('a1', false), ('a2', false), ('gone', true)) as accounts (account_id, is_placeholder);

create table marts.dim_lead as
select
    'generic' as source_system, lead_id, timestamp '2026-11-10' as created_at,
    cast(converted_at as timestamp) as converted_at, person_id, is_primary_record
from (
    values ('l1', '2026-11-16', 'p-1', true), ('l2', null, 'p-1', false), ('l3', null, 'p-3', true)
) as leads (lead_id, converted_at, person_id, is_primary_record)
"""

# l1 and l2 are one person; l4 was merged into l3, and had another address. a1 and a2 are a company each.
MATCHING = """
create table marts.dim_person_record as
select
    'generic' as source_system, object, record_id, person_id, match_reason, other_person_id is not null as has_conflict,
    other_person_id, is_deleted
from (values
    ('lead', 'l1', 'p-1', 'email', null, false),
    ('lead', 'l2', 'p-1', 'email', null, false),
    ('lead', 'l3', 'p-3', 'alone', null, false),
    ('lead', 'l4', 'p-3', 'merged', null, true),
    ('user', 'r1', 'p-r1', 'email', null, false),
    ('user', 'r2', 'p-r2', 'corrected', null, false)
) as records (object, record_id, person_id, match_reason, other_person_id, is_deleted);

create table marts.dim_person as
select person_id, count(*) as records from marts.dim_person_record where not is_deleted group by all;

create table marts.dim_company_record as
select
    'generic' as source_system, 'account' as object, account_id as record_id, 'c-' || account_id as company_id,
    'domain' as match_reason, false as has_conflict, cast(null as varchar) as other_company_id, false as is_deleted
from (values ('a1'), ('a2')) as accounts (account_id);

create table marts.dim_company as
select company_id, count(*) as accounts from marts.dim_company_record group by all;

create table marts.ops_event_overlap as
select * from (values
    ('instantly.event', 'sent', 6::bigint, 0::bigint, 0::bigint, 0::bigint, 6::bigint),
    ('generic.email_event', 'sent', 9, 2, 3, 0, 4),
    ('instantly.event', 'meeting_booked', 3, 0, 0, 2, 1)
) as told (told_by, event_type, events, repeated_by_message, repeated_by_minute, repeated_by_meeting, counted);

create table marts.ops_field_history_difference (source_system varchar, opportunity_id varchar, field varchar)
"""

OPPORTUNITIES = """
create table marts.fct_opportunity as
select
    'generic' as source_system, opportunity_id, account_id, owner_id, 'sales' as pipeline, stage, phase,
    status,
    100::decimal(18, 2) as amount, 100::decimal(18, 2) as amount_original, 'EUR' as currency,
    cast(created_at as timestamp) as created_at, cast(stage_entered_at as timestamp) as stage_entered_at,
    cast(closed_at as timestamp) as closed_at, cast(cast(closed_at as timestamp) as date) as closed_on, cast(deleted_at as timestamp) as deleted_at,
    false as is_of_earlier_extract,
    0.5::double as probability, date '2026-11-20' as last_activity_on, cast(null as varchar) as last_activity_reason,
    case when status = 'open' then false end as is_stalled, case when status = 'open' then 2 end as contacts,
    case when status = 'open' then true end as has_no_next_activity,
    case when status = 'open' then 'no next activity' end as risk_reasons, cast(null as varchar) as risk_unknown,
    case when status = 'open' then 0.25::double end as win_probability,
    date '2026-12-15' as expected_close_on,
    case when status = 'open' then date '2026-12-01' end as likely_win_from,
    case when status = 'open' then date '2027-01-15' end as likely_win_to
from (values
    ('o1', 'a1', 'r1', 'propose', 'engagement', 'open', '2026-11-16 09:00', '2026-11-18 09:00', null, null),
    ('o2', 'a1', 'r2', 'won', 'won', 'won', '2026-11-16 09:00', '2026-11-20 09:00', '2026-11-20 09:00',
     null),
    ('o3', 'a2', 'r1', 'lost', 'lost', 'lost', '2026-11-17 09:00', '2026-11-19 09:00', '2026-11-19 09:00',
     null),
    ('o4', 'a2', 'r1', 'qualify', 'qualification', 'open', '2026-11-20 09:00', '2026-11-20 09:00', null,
     null),
    ('o5', 'a2', 'r2', 'qualify', 'qualification', 'deleted', '2026-11-18 09:00', '2026-11-18 09:00', null,
     '2026-11-21'),
    ('o6', 'a1', 'r2', 'qualify', 'qualification', 'open', '2026-11-19 09:00', '2026-11-19 09:00', null,
     null)
) as opportunities (
    opportunity_id, account_id, owner_id, stage, phase, status, created_at, stage_entered_at, closed_at,
    deleted_at);

create table intermediate.int_opportunity_version as
select source_system, opportunity_id, probability, cast(null as timestamp) as valid_to from marts.fct_opportunity;

create table marts.fct_stage_visit as
select
    opportunity_id || '-' || entered_at as visit_id, 'generic' as source_system, opportunity_id, visit_number,
    'sales' as pipeline, stage, cast(entered_at as timestamp) as entered_at,
    cast(exited_at as timestamp) as exited_at, 1::double as days_in_stage, exited_at is null as is_current,
    case when visit_number = 1 then 'created' else 'history' end as entry_evidence
from (values
    ('o1', 1, 'qualify', '2026-11-16 09:00', '2026-11-18 09:00'),
    ('o1', 2, 'propose', '2026-11-18 09:00', null),
    ('o2', 1, 'qualify', '2026-11-16 09:00', '2026-11-17 09:00'),
    ('o2', 2, 'propose', '2026-11-17 09:00', '2026-11-20 09:00'),
    ('o2', 3, 'won', '2026-11-20 09:00', null),
    ('o3', 1, 'qualify', '2026-11-17 09:00', '2026-11-19 09:00'),
    ('o3', 2, 'lost', '2026-11-19 09:00', null),
    ('o4', 1, 'qualify', '2026-11-20 09:00', null),
    ('o5', 1, 'qualify', '2026-11-18 09:00', '2026-11-21 00:00'),
    ('o6', 1, 'qualify', '2026-11-19 09:00', null)
) as visits (opportunity_id, visit_number, stage, entered_at, exited_at)
"""

# Every deal has its history, and one of the many states that extracts showed differs from it: fewer than are worth a word.
HISTORIES = """
create table marts.ops_history_source as
select 'generic' as source_system, 6::bigint as opportunities, 100::bigint as states_compared, 1::bigint as states_that_differ;

create table marts.ops_history_difference as
select
    'generic' as source_system, 'o6' as opportunity_id, timestamp '2026-11-21' as shown_at, 'propose' as extract_stage,
    'qualify' as history_stage
"""

# One deal was closed in the CRM's words a day before it came to its last stage.
CLOSE_DATES = """
create table marts.ops_close_date_difference as
select
    source_system, opportunity_id, status, closed_on, closed_on as stage_changed_on, closed_on - 1 as close_date, cast(null as varchar) as problem
from marts.fct_opportunity
where status = 'won' and opportunity_id = 'o2';
"""

# Ann of team A has a quota for November, and Ben has one too. o1 was won at the rate of its day.
TARGETS = """
create table intermediate.int_target as
select
    'rep' as scope, 'generic' as rep_source_system, rep_id as scope_id, 'bookings' as metric, 'month' as period_type,
    date '2026-11-01' as period_start, date '2026-11-30' as period_end, cast(null as varchar) as unknown_cell, false as is_overlapping,
    false as is_off_period, 'target_2026-11-01.csv' as _file, row_number::bigint as _row
from (values ('r1', 1), ('r2', 2)) as reps (rep_id, row_number);

create table intermediate.int_opportunity_amount as
select
    'generic' as source_system, 'o2' as opportunity_id, 'USD' as currency, 100::decimal(18, 2) as amount,
    date '2026-11-20' as rate_day, date '2026-11-20' as rate_date
"""

# Thirty mails were sent, and one more was opened of which nobody knows: fewer than are worth a word.
MAILS = """
create table intermediate.int_email_event_judged as
select
    'generic' as source_system, 'e' || number as event_id, case when number <= 30 then 'sent' else 'opened' end as event_type,
    number <= 30 as is_known_sent
from range(1, 32) as events (number)
"""

# o1, o3 and o4 came inbound, o2 and o6 outbound; o2 skipped negotiate.
FUNNEL = """
create table marts.fct_stage_funnel as
select
    date '2026-11-01' as cohort_month, 'sales' as pipeline, stage, scope, scope_id,
    entered, entered - skipped as visited, skipped, advanced, lost, still_open, rate as conversion_rate,
    greatest(rate - 0.2, 0) as conversion_rate_low, least(rate + 0.2, 1) as conversion_rate_high,
    eventual_rate as eventual_conversion_rate, greatest(eventual_rate - 0.2, 0) as eventual_conversion_rate_low,
    least(eventual_rate + 0.2, 1) as eventual_conversion_rate_high,
    case when eventual_rate is null then 'nobody has left the stage yet' end as eventual_missing_reason,
    case when advanced > 0 then 1.5 end as median_days_to_advance
from (
    select *, case when entered > 0 then round(advanced / entered, 6) end as rate,
        case when advanced + lost > 0 then round(advanced / (advanced + lost), 6) end as eventual_rate
    from (values
        ('qualify', 'company', 'all', 5::bigint, 0::bigint, 2::bigint, 1::bigint, 2::bigint),
        ('qualify', 'source', 'inbound', 3, 0, 1, 1, 1),
        ('qualify', 'source', 'outbound', 2, 0, 1, 0, 1),
        ('propose', 'company', 'all', 2, 0, 1, 0, 1),
        ('propose', 'source', 'inbound', 1, 0, 0, 0, 1),
        ('propose', 'source', 'outbound', 1, 0, 1, 0, 0),
        ('negotiate', 'company', 'all', 1, 1, 1, 0, 0),
        ('negotiate', 'source', 'inbound', 0, 0, 0, 0, 0),
        ('negotiate', 'source', 'outbound', 1, 1, 1, 0, 0)
    ) as cohorts (stage, scope, scope_id, entered, skipped, advanced, lost, still_open)
)
"""

# r1 is team A and won in October, r2 is team B and won in November; a cycle is 4 days.
VELOCITY = """
create table marts.fct_velocity as
with counted as (

    select
        *, won + lost as closed,
        case when won + lost > 0 then won / (won + lost) end as win_rate,
        case when won > 0 then 100::decimal(18, 2) end as average_deal_size,
        case when won > 0 then 4::double end as sales_cycle_days
    from (values
        ('week', '2026-11-02', 'company', 'company', 4::bigint, 0::bigint, 0::bigint),
        ('month', '2026-10-01', 'company', 'company', 4, 1, 1),
        ('month', '2026-10-01', 'rep', 'r1', 2, 1, 0),
        ('month', '2026-10-01', 'rep', 'r2', 2, 0, 1),
        ('month', '2026-10-01', 'team', 'A', 2, 1, 0),
        ('month', '2026-10-01', 'team', 'B', 2, 0, 1),
        ('month', '2026-11-01', 'company', 'company', 6, 1, 1),
        ('month', '2026-11-01', 'rep', 'r1', 3, 0, 1),
        ('month', '2026-11-01', 'rep', 'r2', 3, 1, 0),
        ('month', '2026-11-01', 'team', 'A', 3, 0, 1),
        ('month', '2026-11-01', 'team', 'B', 3, 1, 0),
        ('year', '2026-01-01', 'company', 'company', 8, 2, 2),
        ('year', '2026-01-01', 'rep', 'r1', 4, 1, 1),
        ('year', '2026-01-01', 'rep', 'r2', 4, 1, 1),
        ('year', '2026-01-01', 'team', 'A', 4, 1, 1),
        ('year', '2026-01-01', 'team', 'B', 4, 1, 1)
    ) as periods (period_type, period_start, scope, scope_id, open_in_period, won, lost)

),

measured as (

    select
        * replace (cast(period_start as date) as period_start),
        (open_in_period / 2)::double as mean_open, mean_open as opportunities,
        case period_type
            when 'week' then cast(period_start as date) + 6
            when 'month' then last_day(cast(period_start as date))
            else date '2026-12-31'
        end as period_end,
        won * 100::decimal(18, 2) as won_amount, lost * 100::decimal(18, 2) as lost_amount,
        0::bigint as won_without_amount,
        greatest(win_rate - 0.3, 0) as win_rate_low, least(win_rate + 0.3, 1) as win_rate_high,
        win_rate as win_rate_by_amount,
        opportunities * win_rate * average_deal_size / sales_cycle_days as velocity_per_day
    from counted

),

compared as (

    select
        *, lag(velocity_per_day) over by_period as previous_velocity_per_day, lag(period_start) over by_period as previous_start,
        -- The as-of day is the 22nd.
        lag(period_start) over by_period + 21 as previous_end
    from measured
    window by_period as (partition by period_type, scope, scope_id order by period_start)

)

select
    *, velocity_per_day - previous_velocity_per_day as velocity_change,
    velocity_change as contribution_opportunities, velocity_change * 0 as contribution_win_rate,
    velocity_change * 0 as contribution_deal_size, velocity_change * 0 as contribution_sales_cycle
from compared
"""

PIPELINE = """
create table marts.fct_pipeline_daily as
select
    cast(date_day as date) as date_day, 'generic' as source_system, 'sales' as pipeline, stage,
    opening::bigint as opening_count, created::bigint as created_count, advanced_in as advanced_in_count,
    advanced_out as advanced_out_count, 0::bigint as moved_back_in_count, 0::bigint as moved_back_out_count,
    0::bigint as transferred_in_count, 0::bigint as transferred_out_count,
    0::bigint as reopened_count, won as won_count, lost as lost_count, deleted as deleted_count,
    closing as open_count, 0::bigint as slipped_count, 0::bigint as pushed_count, 0::bigint as pulled_in_count,
    opening * 100::decimal(18, 2) as opening_amount, created * 100::decimal(18, 2) as created_amount,
    advanced_in * 100::decimal(18, 2) as advanced_in_amount,
    advanced_out * 100::decimal(18, 2) as advanced_out_amount,
    0::decimal(18, 2) as moved_back_in_amount, 0::decimal(18, 2) as moved_back_out_amount,
    0::decimal(18, 2) as transferred_in_amount, 0::decimal(18, 2) as transferred_out_amount,
    0::decimal(18, 2) as reopened_amount, won * 100::decimal(18, 2) as won_amount,
    lost * 100::decimal(18, 2) as lost_amount, deleted * 100::decimal(18, 2) as deleted_amount,
    0::decimal(18, 2) as amount_change_amount, closing * 100::decimal(18, 2) as open_amount
from (values
    ('2026-11-16', 'qualify', 0, 2, 0, 0, 0, 0, 0, 2),
    ('2026-11-16', 'propose', 0, 0, 0, 0, 0, 0, 0, 0),
    ('2026-11-17', 'qualify', 2, 1, 0, 1, 0, 0, 0, 2),
    ('2026-11-17', 'propose', 0, 0, 1, 0, 0, 0, 0, 1),
    ('2026-11-18', 'qualify', 2, 1, 0, 1, 0, 0, 0, 2),
    ('2026-11-18', 'propose', 1, 0, 1, 0, 0, 0, 0, 2),
    ('2026-11-19', 'qualify', 2, 1, 0, 0, 0, 1, 0, 2),
    ('2026-11-19', 'propose', 2, 0, 0, 0, 0, 0, 0, 2),
    ('2026-11-20', 'qualify', 2, 1, 0, 0, 0, 0, 0, 3),
    ('2026-11-20', 'propose', 2, 0, 0, 0, 1, 0, 0, 1),
    ('2026-11-21', 'qualify', 3, 0, 0, 0, 0, 0, 1, 2),
    ('2026-11-21', 'propose', 1, 0, 0, 0, 0, 0, 0, 1),
    ('2026-11-22', 'qualify', 2, 0, 0, 0, 0, 0, 0, 2),
    ('2026-11-22', 'propose', 1, 0, 0, 0, 0, 0, 0, 1)
) as days (date_day, stage, opening, created, advanced_in, advanced_out, won, lost, deleted, closing)
"""

# The week and the one before, of which the pipeline knows nothing: o1, o4 and o6 are open at its end.
BRIDGE = """
create table marts.fct_pipeline_movement as
select
    'generic' as source_system, opportunity_id, 'week' as period_type, date '2026-11-16' as period_start,
    'sales' as pipeline, 'created' as movement, 'created' as entered_as, left_as,
    cast(null as decimal(18, 2)) as amount_at_start, case when left_as is null then 100::decimal(18, 2) end as amount_at_end,
    case when left_as is null then 100 else 0 end::decimal(18, 2) as amount_delta,
    100::decimal(18, 2) as entered_amount, case when left_as is not null then 100::decimal(18, 2) end as left_amount,
    cast(null as decimal(18, 2)) as amount_change
from (values ('o1', null), ('o2', 'won'), ('o3', 'lost'), ('o4', null), ('o5', 'deleted'), ('o6', null))
    as moved (opportunity_id, left_as);

create table marts.fct_pipeline_bridge as
select
    'week' as period_type, date '2026-11-16' as period_start, date '2026-11-22' as period_end, 'sales' as pipeline,
    scope, scope_id, 0::bigint as opening_count, created::bigint as created_count, 0::bigint as reopened_count,
    0::bigint as transferred_in_count, 0::bigint as transferred_out_count, won::bigint as won_count,
    lost::bigint as lost_count, deleted::bigint as deleted_count, (created - won - lost - deleted)::bigint as closing_count,
    0::decimal(18, 2) as opening_amount, created * 100::decimal(18, 2) as created_amount,
    0::decimal(18, 2) as reopened_amount, 0::decimal(18, 2) as transferred_in_amount,
    0::decimal(18, 2) as transferred_out_amount, won * 100::decimal(18, 2) as won_amount,
    lost * 100::decimal(18, 2) as lost_amount, deleted * 100::decimal(18, 2) as deleted_amount,
    0::decimal(18, 2) as amount_change_amount, closing_count * 100::decimal(18, 2) as closing_amount,
    0::bigint as pushed_count, 0::bigint as pulled_in_count, 0::bigint as slipped_count, 0::bigint as advanced_count,
    0::bigint as moved_back_count, 0::bigint as expanded_count, 0::bigint as contracted_count
from (values
    ('company', 'all', 6, 1, 1, 1), ('rep', 'r1', 3, 0, 1, 0), ('rep', 'r2', 3, 1, 0, 1)
) as bridged (scope, scope_id, created, won, lost, deleted)
"""

LEADS = """
create table marts.fct_win_cohort as
select
    date '2026-09-01' as cohort_month, scope, scope_id, created::bigint as created,
    watched::bigint as watched_30_days, (created - watched)::bigint as too_young_30_days, won::bigint as won_within_30_days, won / nullif(watched, 0) as win_rate_30_days,
    0::double as win_rate_30_days_low, 1::double as win_rate_30_days_high,
    watched::bigint as watched_60_days, (created - watched)::bigint as too_young_60_days, won::bigint as won_within_60_days, won / nullif(watched, 0) as win_rate_60_days,
    0::double as win_rate_60_days_low, 1::double as win_rate_60_days_high,
    0::bigint as watched_90_days, (created - 0)::bigint as too_young_90_days, null::bigint as won_within_90_days, null / nullif(0, 0) as win_rate_90_days,
    0::double as win_rate_90_days_low, 1::double as win_rate_90_days_high
from (values ('company', 'all', 5, 3, 2), ('source', 'inbound', 3, 2, 1), ('source', 'outbound', 2, 1, 1)) as cohorts (scope, scope_id, created, watched, won);

create table marts.fct_lead_funnel as
select
    date '2026-11-01' as cohort_month, scope, scope_id, leads, qualified, opportunities, won, lost,
    still_open, opportunities as deals, won / leads as lead_to_won_rate, 0::double as lead_to_won_rate_low,
    1::double as lead_to_won_rate_high, 0.5::double as eventual_won_rate, 0.1::double as eventual_won_rate_low,
    0.9::double as eventual_won_rate_high
from (values
    ('company', 'all', 3::bigint, 2::bigint, 2::bigint, 1::bigint, 0::bigint, 1::bigint),
    ('source', 'inbound', 2, 1, 1, 0, 0, 1),
    ('source', 'outbound', 1, 1, 1, 1, 0, 0)
) as cohorts (scope, scope_id, leads, qualified, opportunities, won, lost, still_open);

create table marts.ops_coverage as
select
    'fct_pipeline_daily' as table_name, measure, 'generic' as source_system, date '2026-11-16' as known_since,
    'the delivered history begins then' as reason, subject
from (values ('pushed', 'close_date_history'), ('won', 'deals')) as measures (measure, subject)
"""

ACTIVITY = """
create table marts.fct_activity_daily as
select
    'generic' as source_system, rep_id, cast(activity_date as date) as activity_date, leads as leads_created,
    sent as emails_sent, sent as emails_delivered, opened as emails_opened, 0::bigint as emails_machine_opened,
    0::bigint as emails_clicked, 0::bigint as emails_replied, 0::bigint as emails_bounced, 0::bigint as emails_dropped, calls, 0::bigint as meetings_booked,
    0::bigint as meetings_held, 0::bigint as tasks, created as opportunities_created, won as opportunities_won
from (values
    ('r1', '2026-11-16', 1::bigint, 5::bigint, 2::bigint, 3::bigint, 1::bigint, 0::bigint),
    ('r1', '2026-11-20', 1, 4, 1, 0, 1, 0),
    ('r2', '2026-11-20', 1, 0, 0, 2, 0, 1),
    ('r2', '2026-11-22', 0, 1, 0, 1, 0, 0)
) as days (rep_id, activity_date, leads, sent, opened, calls, created, won)
"""

# o1 came from the lead of r2; o2 went from r1 to r2 on the 18th, who has not touched it before it was won.
PROCESS = """
create table marts.fct_handoff as
select
    opportunity_id || '-' || kind as handoff_id, 'generic' as source_system, opportunity_id, 1 as handoff_number, kind, from_rep_id,
    to_rep_id, cast(handed_at as timestamp) as handed_at, cast(first_touch_at as timestamp) as first_touch_at,
    wait_hours, first_touch_at is null as is_censored, is_waiting, 'history' as evidence
from (values
    ('o1', 'conversion', 'r2', 'r1', '2026-11-16 09:00', '2026-11-16 12:00', 3::double, false),
    ('o2', 'owner', 'r1', 'r2', '2026-11-18 09:00', null, 48, false),
    ('o4', 'owner', 'r2', 'r1', '2026-11-21 00:00', null, 48, true)
) as handoffs (opportunity_id, kind, from_rep_id, to_rep_id, handed_at, first_touch_at, wait_hours, is_waiting);

create table marts.fct_won_credit as
select
    'generic' as source_system, 'o2' as opportunity_id, part, rep_id, share::decimal(9, 6) as share,
    (share * 100)::decimal(18, 2) as credited_amount
from (values
    ('sourced', 'r1', 0.2), ('worked', 'r1', 0.15), ('worked', 'r2', 0.15), ('closed', 'r2', 0.5)
) as credits (part, rep_id, share);

create table marts.rpt_bottleneck as
select
    'month' as period_type, cast(month as date) as period_start, 'sales' as pipeline, stage, scope, scope_id,
    opening::bigint as opening_wip, came::bigint as arrivals, gone::bigint as departures, opening + came - gone as wip,
    case when stage = 'qualify' then true else false end as is_limiting, cast(null as varchar) as limiting_unknown
from (values
    ('2026-10-01', 'qualify', 'company', 'all', 0, 0, 0),
    ('2026-10-01', 'propose', 'company', 'all', 0, 0, 0),
    ('2026-10-01', 'qualify', 'team', 'A', 0, 0, 0),
    ('2026-10-01', 'propose', 'team', 'A', 0, 0, 0),
    ('2026-10-01', 'qualify', 'team', 'B', 0, 0, 0),
    ('2026-10-01', 'propose', 'team', 'B', 0, 0, 0),
    ('2026-11-01', 'qualify', 'company', 'all', 0, 5, 3),
    ('2026-11-01', 'propose', 'company', 'all', 0, 2, 1),
    ('2026-11-01', 'qualify', 'team', 'A', 0, 3, 2),
    ('2026-11-01', 'propose', 'team', 'A', 0, 1, 0),
    ('2026-11-01', 'qualify', 'team', 'B', 0, 2, 1),
    ('2026-11-01', 'propose', 'team', 'B', 0, 1, 1)
) as flow (month, stage, scope, scope_id, opening, came, gone)
"""

# l1 became o1's; one of the accounts has bought.
QUALIFICATION = """
create table marts.rpt_qualification_tier as
select
    subject, 'fit' as score, tier, subjects::bigint as subjects, with_opportunity::bigint as with_opportunity, won::bigint as won,
    0::bigint as lost, won / subjects as won_rate, greatest(won / subjects - 0.2, 0) as won_rate_low,
    least(won / subjects + 0.2, 1) as won_rate_high
from (values ('lead', 'a', 1, 1, 0), ('lead', 'b', 2, 0, 0), ('account', 'a', 2, 2, 1)) as tiers (subject, tier, subjects, with_opportunity, won)
"""

# The win rate fell by a half: r1's by 1 (at half of the closed deals), r2's did not change.
CHANGE = """
create table marts.rpt_metric_change as
select
    'month' as period_type, 'previous' as comparison, 'win_rate' as metric, cast(null as varchar) as pipeline,
    cast(null as varchar) as stage, scope, scope_id, value, before_value,
    (value - before_value)::decimal(18, 6) as difference, value - before_value - 0.1 as difference_low,
    value - before_value + 0.1 as difference_high, p_value, p_adjusted, p_adjusted <= 0.05 as is_significant,
    case when p_value is null then 'too few' end as not_judged, contribution::decimal(18, 6) as contribution,
    contribution::decimal(18, 6) as contribution_own, (contribution * 0)::decimal(18, 6) as contribution_mix
from (values
    ('company', 'all', 0.5::double, 1::double, 0.01::double, 0.02::double, null::decimal(18, 6)),
    ('rep', 'r1', 0, 1, 0.001, 0.003, -0.5),
    ('rep', 'r2', 1, 1, null, null, 0)
) as changes (scope, scope_id, value, before_value, p_value, p_adjusted, contribution)
"""


# Team B has little chance of its quota, and so has the company; team A will reach its own. A ramped rep wins 300 a quarter.
FORECAST = """
create table marts.fct_forecast as
select
    date '2026-11-22' as as_of, true as is_latest, period_type, cast(period_start as date) as period_start, cast(period_end as date) as period_end, parts.*,
    (mean - won_so_far - from_open)::decimal(18, 2) as from_new, greatest(quota - mean, 0)::decimal(18, 2) as gap,
    mean / quota as expected_attainment, 10::decimal(18, 2) as pipeline_needed, cast(null as varchar) as unknown
from (values
    ('week', '2026-11-23', '2026-11-29'), ('week', '2026-11-30', '2026-12-06'),
    ('month', '2026-11-01', '2026-11-30'), ('month', '2026-12-01', '2026-12-31'),
    ('quarter', '2026-10-01', '2026-12-31'), ('quarter', '2027-01-01', '2027-03-31'),
    ('year', '2026-01-01', '2026-12-31'), ('year', '2027-01-01', '2027-12-31')
) as periods (period_type, period_start, period_end)
cross join (values
    ('company', 'all', 20::decimal(18, 2), 50::decimal(18, 2), 100::decimal(18, 2), 60::decimal(18, 2), 95::decimal(18, 2),
        150::decimal(18, 2), 120::decimal(18, 2), 0.3::double, 4::bigint, 80::decimal(18, 2), 70::decimal(18, 2), 90::decimal(18, 2)),
    ('team', 'A', 10, 30, 60, 30, 57, 95, 50, 0.6, 2, 50, 40, 50),
    ('team', 'B', 10, 20, 40, 20, 38, 65, 70, 0.08, 2, 30, 30, 40)
) as parts (
    scope, scope_id, won_so_far, from_open, mean, p10, p50, p90, quota, probability_of_quota, open_count, static_weighted, commit, best_case
);

create table marts.fct_forecast_accuracy as
select
    date '2026-09-30' as as_of, 'month' as period_type, date '2026-10-01' as period_start, 'company' as scope, 'all' as scope_id,
    method, forecast::decimal(18, 2) as forecast, p10::decimal(18, 2) as p10, p90::decimal(18, 2) as p90, 100::decimal(18, 2) as actual,
    (forecast - 100)::decimal(18, 2) as error, abs(forecast - 100)::decimal(18, 2) as absolute_error, 100 between p10 and p90 as is_within_p10_p90
from (values ('funnelcast', 110, 80, 140), ('last_period', 80, null, null)) as said (method, forecast, p10, p90);

create table marts.fct_forecast_calibration as
select
    decile, (decile - 1) / 10 as probability_from, decile / 10 as probability_to, 100::bigint as deals, 10 * decile - 5 as won,
    0::bigint as still_open, 0::bigint as year_not_over,
    (decile - 0.5) / 10 as mean_probability, (decile - 0.5) / 10 as won_share, (decile - 0.8) / 10 as won_share_low, (decile - 0.2) / 10 as won_share_high
from range(1, 11) as deciles (decile);

create table marts.rpt_forecast_warning as
select
    as_of, period_type, period_start, scope, scope_id, date '2026-11-08' as observed_since, date '2026-11-15' as below_since,
    10::decimal(18, 2) as slipped_amount, 10::decimal(18, 2) as usual_slipped_amount, 50::decimal(18, 2) as lost_amount,
    20::decimal(18, 2) as usual_lost_amount, 0::decimal(18, 2) as created_shortfall, 'lost' as main_cause
from marts.fct_forecast
where period_type in ('month', 'quarter') and period_start <= as_of and scope_id in ('all', 'B');

create table marts.rpt_ramp as select 0 as tenure_month, 0.5::double as share_of_ramped;

create table marts.rpt_capacity_plan as
select
    date '2026-10-01' as period_start, *, (productivity * ramped_equivalents)::decimal(18, 2) as capacity,
    (quota - productivity * ramped_equivalents)::decimal(18, 2) as capacity_gap
from (values
    ('company', 'all', 2, 2::double, 300::decimal(18, 2), 1000::decimal(18, 2), 2), ('team', 'A', 1, 1, 300, 400, 1), ('team', 'B', 1, 1, 300, 600, 1)
) as plans (scope, scope_id, sellers, ramped_equivalents, productivity, quota, hires_needed)
"""


def make(database: Path) -> None:
    """Write the clean build database."""
    with duckdb.connect(str(database)) as connection:
        fill(connection)


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the clean build's tables into the database of a connection."""
    for schema in SCHEMAS:
        connection.execute(f"create schema {schema}")
    for tables in (
        RUN,
        FILES,
        DIMENSIONS,
        MATCHING,
        OPPORTUNITIES,
        HISTORIES,
        CLOSE_DATES,
        FUNNEL,
        VELOCITY,
        PIPELINE,
        BRIDGE,
        LEADS,
        ACTIVITY,
        TARGETS,
        MAILS,
        PROCESS,
        FORECAST,
        QUALIFICATION,
        CHANGE,
    ):
        connection.execute(tables)
    for table, column, _, contract in differing_types(connection):
        connection.execute(f'alter table marts.{table} alter column "{column}" type {contract}')


def differing_types(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str | None]]:
    """Columns of marts whose type is not that of the contract: (table, column, type, what the contract says; None: no such column)."""
    contracts = _contracts()
    found = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts' order by all"
    ).fetchall()
    told = [(table, column, kind, contracts.get((table, column))) for table, column, kind in found]
    return [row for row in told if row[2] != row[3]]


@cache
def _contracts() -> dict[tuple[str, str], str]:
    """The types that dbt enforces, by table and column."""
    described = (yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) for file in MARTS.rglob("_*__models.yml"))
    return {
        (model["name"], column["name"]): str(column["data_type"]).upper()
        for content in described
        for model in content["models"]
        for column in model["columns"]
    }
