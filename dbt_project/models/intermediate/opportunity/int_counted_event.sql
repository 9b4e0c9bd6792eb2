-- One row per opportunity and moment at which it came into another state of the pipeline: by a change that counts, its deletion, or its return.
{{ config(materialized='view') }}
with told as (

    select * from {{ ref('int_counted_change') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

absence as (

    select opportunity.opportunity_key, absence.deleted_at, absence.restored_at
    from {{ ref('int_opportunity_absence') }} as absence
    inner join opportunity on absence.source_system = opportunity.source_system and absence.opportunity_id = opportunity.opportunity_id

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

-- A deleted deal leaves from where its history had brought it; when it comes back it is there again.
deletion as (

    select
        absence.opportunity_key, absence.deleted_at as changed_at, {{ local_day('absence.deleted_at') }} as date_day, 2147483647 as change_number, told.stage_key,
        cast(0 as {{ money_type() }}) as amount, cast(null as date) as expected_close_on, true as is_deleted
    from absence
    cross join run
    inner join told on absence.opportunity_key = told.opportunity_key
    where absence.deleted_at < run.as_of_end
    qualify row_number() over (
        partition by absence.opportunity_key, absence.deleted_at
        order by case when told.changed_at <= absence.deleted_at then -told.change_number else told.change_number end
    ) = 1

),

restoration as (

    select
        absence.opportunity_key, absence.restored_at as changed_at, {{ local_day('absence.restored_at') }} as date_day, 2147483647 as change_number, told.stage_key,
        told.amount, told.expected_close_on, false as is_deleted
    from absence
    cross join run
    inner join told on absence.opportunity_key = told.opportunity_key
    where told.changed_at <= absence.restored_at
    qualify row_number() over (
        partition by absence.opportunity_key, absence.restored_at order by told.change_number desc
    ) = 1

),

-- What the history says of a deal while it is deleted moves no pipeline.
present as (

    select
        told.opportunity_key, told.changed_at, told.changed_on as date_day, told.change_number, told.stage_key, told.amount,
        told.expected_close_on, false as is_deleted
    from told
    left join absence
        on told.opportunity_key = absence.opportunity_key
        and told.changed_at >= absence.deleted_at and (absence.restored_at is null or told.changed_at < absence.restored_at)
    where absence.opportunity_key is null

)

select * from present
union all
select * from deletion
union all
select * from restoration
