-- One row per source system with deals: the days of its first two extracts, and what its history tells since when.
{{ config(materialized='view') }}
with opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

stage_history as (

    select * from {{ ref('int_stage_history') }}

),

history_beginning as (

    select * from {{ ref('int_history_beginning') }} where is_late

),

run as (

    select timezone from {{ source('config', 'run') }}

),

extract_day as (

    select source_system, valid_from, dense_rank() over (partition by source_system order by valid_from) as extract_number
    from opportunity_version

),

system as (

    select
        extract_day.source_system,
        min({{ local_day('extract_day.valid_from') }}) as first_extract_on,
        min(case when extract_day.extract_number = 2 then {{ local_day('extract_day.valid_from') }} end) as second_extract_on
    from extract_day
    cross join run
    group by extract_day.source_system

),

history as (

    select
        stage_history.source_system, count(*) as changes,
        min({{ local_day('stage_history.changed_at') }}) as first_change_on,
        min(case when stage_history.amount is not null then {{ local_day('stage_history.changed_at') }} end) as first_amount_on
    from stage_history
    cross join run
    where stage_history.problem is null
    group by stage_history.source_system

),

-- Deals that are older than their history: what is said of the time before it.
older as (

    select
        source_system,
        'the delivered history begins then; ' || cast(count(*) as varchar) || ' deals are older than theirs: before its first word each stands '
        || 'in the stage that this tells, since its creation' as stage_reason,
        'the delivered history begins then; ' || cast(count(*) as varchar) || ' deals are older than theirs: what they were worth before its first '
        || 'word is not known, and adds nothing to sums' as amount_reason
    from history_beginning
    group by source_system

)

select
    system.source_system,
    system.first_extract_on,
    system.second_extract_on,
    coalesce(history.changes, 0) as changes,
    history.first_change_on,
    history.first_amount_on,
    -- Null where no deal is older than its history.
    older.stage_reason,
    older.amount_reason
from system
left join history on system.source_system = history.source_system
left join older on system.source_system = older.source_system
