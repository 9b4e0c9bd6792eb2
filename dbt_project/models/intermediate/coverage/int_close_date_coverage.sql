-- One row per source system with deals: since which day changes of the expected close date can be told (known_since; null: never), and why not.
with opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

stage_history as (

    select * from {{ ref('int_stage_history') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

extract_day as (

    select source_system, valid_from, dense_rank() over (partition by source_system order by valid_from) as extract_number
    from opportunity_version

),

extract_of_system as (

    select
        source_system,
        min(case when extract_number = 2 then valid_from end) as second_extract_at
    from extract_day
    group by source_system

),

dated_opportunity as (

    select source_system, count(expected_close_on) as dates
    from opportunity_version
    group by source_system

),

history as (

    select
        source_system, count(*) as changes,
        min(case when expected_close_on is not null then changed_at end) as first_dated_at
    from stage_history
    where problem is null
    group by source_system

)

select
    extract_of_system.source_system,
    case
        when dated_opportunity.dates = 0 then null
        when history.first_dated_at is not null then {{ local_day('history.first_dated_at') }}
        when coalesce(history.changes, 0) > 0 then null
        else {{ local_day('extract_of_system.second_extract_at') }}
    end as known_since,
    case
        when dated_opportunity.dates = 0 then 'no deal is delivered with an expected close date'
        when history.first_dated_at is not null then 'the delivered history begins then'
        when coalesce(history.changes, 0) > 0 then 'the delivered history does not tell the expected close date'
        when extract_of_system.second_extract_at is null then 'no history is delivered, and only one extract, with nothing to compare it to'
        else 'no history is delivered: changes are seen by comparing extracts, since the second one'
    end as reason
from extract_of_system
cross join run
inner join dated_opportunity on extract_of_system.source_system = dated_opportunity.source_system
left join history on extract_of_system.source_system = history.source_system
