-- One row per opportunity and open stage that it visited or skipped past, as cohorts count it: what became of it there, and after how long.
-- Deleted deals count nowhere: mistakes, repeats and merged ones, not deals that were censored. Whose a row is, no cohort asks.
with stage_entry as (

    select * from {{ ref('int_stage_entry') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }} where is_now

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

kept as (

    select status.opportunity_key, status.status, {{ local_day('status.closed_at') }} as closed_on, opportunity_cut.segment_key
    from status
    cross join run
    inner join opportunity_cut on status.opportunity_key = opportunity_cut.opportunity_key
    where status.status <> 'deleted'

),

dated as (

    select
        stage_entry.stage_key,
        kept.segment_key,
        coalesce(stage_entry.is_visited_first, false) as is_visited,
        case when stage_entry.advanced_at is not null then 'advanced' when kept.status = 'lost' then 'lost' else 'open' end as outcome,
        {{ days_between('stage_entry.entered_at', 'stage_entry.advanced_at') }} as days_to_advance,
        stage_entry.entered_on,
        case
            when stage_entry.advanced_at is not null then stage_entry.advanced_on
            when kept.status = 'lost' then kept.closed_on
            else run.as_of
        end as left_on
    from stage_entry
    cross join run
    inner join kept on stage_entry.opportunity_key = kept.opportunity_key

)

select
    cast({{ dbt.date_trunc('month', 'entered_on') }} as date) as cohort_month,
    stage_key,
    segment_key,
    is_visited,
    outcome,
    days_to_advance,
    -- Whole days until it advanced, was lost, or was last seen.
    greatest({{ dbt.datediff('entered_on', 'left_on', 'day') }}, 0) as days
from dated
