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

    select status.source_system, status.opportunity_id, status.status, {{ local_day('status.closed_at') }} as closed_on, opportunity_cut.segment_key
    from status
    cross join run
    inner join opportunity_cut
        on status.source_system = opportunity_cut.source_system and status.opportunity_id = opportunity_cut.opportunity_id
    where status.status <> 'deleted'

),

dated as (

    select
        stage_entry.pipeline,
        stage_entry.stage,
        stage_entry.stage_order,
        kept.segment_key,
        coalesce(stage_entry.is_visited_first, false) as is_visited,
        case when stage_entry.advanced_at is not null then 'advanced' when kept.status = 'lost' then 'lost' else 'open' end as outcome,
        {{ days_between('stage_entry.entered_at', 'stage_entry.advanced_at') }} as days_to_advance,
        {{ local_day('stage_entry.entered_at') }} as entered_on,
        case
            when stage_entry.advanced_at is not null then {{ local_day('stage_entry.advanced_at') }}
            when kept.status = 'lost' then kept.closed_on
            else run.as_of
        end as left_on
    from stage_entry
    cross join run
    inner join kept
        on stage_entry.source_system = kept.source_system and stage_entry.opportunity_id = kept.opportunity_id

)

select
    cast({{ dbt.date_trunc('month', 'entered_on') }} as date) as cohort_month,
    pipeline,
    stage,
    stage_order,
    segment_key,
    is_visited,
    outcome,
    days_to_advance,
    -- Whole days until it advanced, was lost, or was last seen.
    greatest({{ dbt.datediff('entered_on', 'left_on', 'day') }}, 0) as days
from dated
