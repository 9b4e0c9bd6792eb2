-- One row per opportunity and expected close date that passed while the deal stayed open and the date unchanged.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

stage as (

    select * from {{ ref('int_stage') }} where is_open

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

absence as (

    select opportunity.opportunity_key, absence.deleted_at, absence.restored_at
    from {{ ref('int_opportunity_absence') }} as absence
    inner join opportunity on absence.source_system = opportunity.source_system and absence.opportunity_id = opportunity.opportunity_id

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

held as (

    select
        opportunity_change.opportunity_key, opportunity_change.stage_key,
        opportunity_change.expected_close_on as slipped_on,
        {{ in_reporting_currency('opportunity_change.amount', 'amount.rate') }} as amount,
        opportunity_change.changed_on as held_from,
        {{ local_day('opportunity_change.next_changed_at') }} as held_to
    from opportunity_change
    cross join run
    inner join stage on opportunity_change.stage_key = stage.stage_key
    inner join amount on opportunity_change.opportunity_key = amount.opportunity_key
    where opportunity_change.expected_close_on is not null

)

select
    held.opportunity_key,
    held.stage_key,
    held.slipped_on,
    held.amount
from held
cross join run
left join absence
    on held.opportunity_key = absence.opportunity_key
    and {{ local_day('absence.deleted_at') }} <= held.slipped_on
    and (absence.restored_at is null or {{ local_day('absence.restored_at') }} > held.slipped_on)
-- The state at the day's end counts: a date changed on its very day has not slipped.
where held.slipped_on >= held.held_from and held.slipped_on <= run.as_of
    and (held.held_to is null or held.slipped_on < held.held_to)
    and absence.opportunity_key is null
