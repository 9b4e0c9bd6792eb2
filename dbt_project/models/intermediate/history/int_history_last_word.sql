-- One row per opportunity with a history: where that leaves it, and the extracts next to the day of its last word.
{{ config(materialized='ephemeral') }}
with from_history as (

    select * from {{ ref('int_change_from_history') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

delivered_file as (

    select * from {{ source('accounting', 'delivered_file') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

-- Of two words at one moment, the last is the later one in the order of int_change_in_order.
last_word as (

    select
        from_history.opportunity_key, opportunity.source_system, from_history.word_at as last_told_at, {{ local_day('from_history.word_at') }} as told_on,
        from_history.stage_key, from_history.amount, from_history.expected_close_on, stage.pipeline
    from from_history
    cross join run
    inner join opportunity on from_history.opportunity_key = opportunity.opportunity_key
    left join stage on from_history.stage_key = stage.stage_key
    where from_history.is_last_word
    qualify row_number() over (
        partition by from_history.opportunity_key
        order by stage.stage_order desc nulls first, from_history.expected_close_on desc nulls first, from_history.amount desc nulls first
    ) = 1

),

extract_made as (

    select system as source_system, extracted_at
    from delivered_file
    where object in ('opportunity', 'deal') and outcome = 'loaded'
    union
    select source_system, valid_from from opportunity_version

),

told_day as (

    select
        found.source_system, found.told_on, {{ utc_time(dbt.cast('found.told_on', 'timestamp'), 'run.timezone') }} as began_at,
        {{ utc_time(dbt.cast(dbt.dateadd('day', 1, 'found.told_on'), 'timestamp'), 'run.timezone') }} as ended_at
    from (select distinct source_system, told_on from last_word) as found
    cross join run

),

-- The last extract of that day, and the first one after it.
extract_of_day as (

    select
        told_day.source_system, told_day.told_on, told_day.began_at, told_day.ended_at,
        max(case when extract_made.extracted_at < told_day.ended_at then extract_made.extracted_at end) as that_day_at,
        min(case when extract_made.extracted_at >= told_day.ended_at then extract_made.extracted_at end) as later_at
    from told_day
    left join extract_made
        on told_day.source_system = extract_made.source_system and extract_made.extracted_at >= told_day.began_at
    group by told_day.source_system, told_day.told_on, told_day.began_at, told_day.ended_at

)

select
    last_word.opportunity_key,
    last_word.last_told_at,
    last_word.pipeline,
    last_word.stage_key,
    last_word.amount,
    last_word.expected_close_on,
    extract_of_day.began_at,
    extract_of_day.ended_at,
    extract_of_day.that_day_at,
    extract_of_day.later_at
from last_word
inner join extract_of_day on last_word.source_system = extract_of_day.source_system and last_word.told_on = extract_of_day.told_on
