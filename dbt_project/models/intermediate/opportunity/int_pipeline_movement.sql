-- One row per opportunity, day and movement that the day's end shows against the day before: what it adds to a stage's open pipeline.
-- count_delta and amount_delta are signed; a day's movements and its opening add up to its closing.
-- A view: one model reads it, once, and to write it would cost more than to make it.
{{ config(materialized='view') }}
with opportunity_day as (

    select * from {{ ref('int_opportunity_day') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

definition as (

    select * from {{ source('config', 'definition') }}

),

entry_stage as (

    select source_system, pipeline, {{ first_by('stage_key', 'stage') }} as stage_key
    from stage
    where is_entry
    group by source_system, pipeline

),

compared as (

    select
        opportunity_day.opportunity_key, opportunity_day.date_day, opportunity_day.stage_key, opportunity_day.previous_stage_key,
        opportunity_day.amount, coalesce(opportunity_day.previous_amount, 0) as previous_amount,
        -- What a deal that was open the day before is worth when it closes.
        case when definition.closed_amount = 'first' then opportunity_day.previous_amount else opportunity_day.amount end as closed_amount,
        case when opportunity_day.is_deleted then 'deleted' else stage.state end as state,
        -- Null: it did not exist the day before.
        case when opportunity_day.previous_is_deleted then 'deleted' else previous_stage.state end as previous_state,
        -- Places are those within a pipeline: what comes into another one is transferred, and neither advances nor moves back.
        case
            when stage.pipeline <> previous_stage.pipeline then 'transferred'
            when stage.stage_order > previous_stage.stage_order then 'advanced'
            else 'moved_back'
        end as way,
        coalesce(opportunity_day.day_open_stage_key, entry_stage.stage_key) as passing_stage_key
    from opportunity_day
    cross join definition
    inner join stage on opportunity_day.stage_key = stage.stage_key
    left join stage as previous_stage on opportunity_day.previous_stage_key = previous_stage.stage_key
    left join entry_stage on stage.source_system = entry_stage.source_system and stage.pipeline = entry_stage.pipeline

),

movement as (

    select
        opportunity_key, date_day, 'created' as movement, case when state = 'open' then stage_key else passing_stage_key end as stage_key,
        1 as count_delta, amount as amount_delta
    from compared
    where previous_state is null and state <> 'deleted'

    union all

    select opportunity_key, date_day, 'reopened', stage_key, 1, amount
    from compared
    where previous_state <> 'open' and state = 'open'

    union all

    -- What moves on takes along what it was worth; what its worth changed on the way is told on its own.
    select
        opportunity_key, date_day, way || '_out', previous_stage_key, -1, -previous_amount
    from compared
    where previous_state = 'open' and state = 'open' and stage_key <> previous_stage_key

    union all

    select
        opportunity_key, date_day, way || '_in', stage_key, 1, previous_amount
    from compared
    where previous_state = 'open' and state = 'open' and stage_key <> previous_stage_key

    union all

    select
        opportunity_key, date_day, 'amount_change', case when state = 'open' then stage_key else previous_stage_key end,
        0, case when state = 'open' then amount else closed_amount end - previous_amount
    from compared
    where previous_state = 'open' and state in ('open', 'won', 'lost')
        and case when state = 'open' then amount else closed_amount end <> previous_amount

    union all

    select
        opportunity_key, date_day, state, case when previous_state = 'open' then previous_stage_key else passing_stage_key end, -1,
        -case when previous_state = 'open' then closed_amount else amount end
    from compared
    where state in ('won', 'lost') and (previous_state is null or previous_state = 'open')

    union all

    select opportunity_key, date_day, 'deleted', previous_stage_key, -1, -previous_amount
    from compared
    where previous_state = 'open' and state = 'deleted'

)

select
    opportunity_key,
    date_day,
    movement,
    stage_key,
    cast(count_delta as integer) as count_delta,
    cast(amount_delta as {{ money_type() }}) as amount_delta
from movement
