-- One row per opportunity and expected close date that passed while the deal stayed open and the date unchanged.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

absence as (

    select * from {{ ref('int_opportunity_absence') }}

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

held as (

    select
        opportunity_change.source_system, opportunity_change.opportunity_id, opportunity_change.pipeline, opportunity_change.stage,
        opportunity_change.expected_close_on as slipped_on,
        cast(round(opportunity_change.amount * amount.rate, 2) as decimal(18, 2)) as amount,
        {{ local_day('opportunity_change.changed_at') }} as held_from,
        {{ local_day('opportunity_change.next_changed_at') }} as held_to
    from opportunity_change
    cross join run
    inner join amount
        on opportunity_change.source_system = amount.source_system and opportunity_change.opportunity_id = amount.opportunity_id
    where opportunity_change.phase not in ('won', 'lost') and opportunity_change.expected_close_on is not null

)

select
    held.source_system,
    held.opportunity_id,
    held.pipeline,
    held.stage,
    held.slipped_on,
    held.amount
from held
cross join run
left join absence
    on held.source_system = absence.source_system and held.opportunity_id = absence.opportunity_id
    and {{ local_day('absence.deleted_at') }} <= held.slipped_on
    and (absence.restored_at is null or {{ local_day('absence.restored_at') }} > held.slipped_on)
-- The state at the day's end counts: a date changed on its very day has not slipped.
where held.slipped_on >= held.held_from and held.slipped_on <= run.as_of
    and (held.held_to is null or held.slipped_on < held.held_to)
    and absence.opportunity_id is null
