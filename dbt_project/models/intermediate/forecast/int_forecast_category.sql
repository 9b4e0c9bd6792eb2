-- One row per opportunity and time [known_from, known_until) in days: which category its forecast had, as a forecast that is made at the start of one
-- of these days knows it. A CRM's history says each change where it names the category; elsewhere, and after its last word, the extracts do.
with opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

stage_history as (

    select * from {{ ref('canonical_stage_history') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

told as (

    select
        source_system, opportunity_id, forecast_category, valid_from as told_at, 'extract' as evidence, cast(version_number as varchar) as telling
    from opportunity_version

    union all

    select source_system, opportunity_id, forecast_category, changed_at, 'history', change_id
    from stage_history
    where forecast_category is not null

),

dated as (

    select
        told.*,
        cast({{ dbt.dateadd('day', 1, local_day('told.told_at')) }} as date) as known_from,
        max(case when told.evidence = 'history' then told.told_at end) over (
            partition by told.source_system, told.opportunity_id
        ) as last_in_history
    from told
    cross join run

),

-- Of several changes on one day, the last one is what the next day knows.
last_of_day as (

    select *
    from dated
    where evidence = 'history' or last_in_history is null or told_at > last_in_history
    qualify row_number() over (
        partition by source_system, opportunity_id, known_from order by told_at desc, evidence, telling desc
    ) = 1

)

select
    source_system,
    opportunity_id,
    known_from,
    lead(known_from) over (partition by source_system, opportunity_id order by known_from) as known_until,
    forecast_category
from last_of_day
