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

    select source_system, pipeline, min(stage) as stage, min(stage_order) as stage_order
    from stage
    where is_entry
    group by source_system, pipeline

),

compared as (

    select
        opportunity_day.source_system, opportunity_day.opportunity_id, opportunity_day.pipeline, opportunity_day.date_day,
        opportunity_day.state, opportunity_day.stage, opportunity_day.stage_order, opportunity_day.amount,
        opportunity_day.previous_state, opportunity_day.previous_pipeline, opportunity_day.previous_stage, opportunity_day.previous_stage_order,
        coalesce(opportunity_day.previous_amount, 0) as previous_amount,
        -- What a deal that was open the day before is worth when it closes.
        case when definition.closed_amount = 'first' then opportunity_day.previous_amount else opportunity_day.amount end as closed_amount,
        coalesce(passing.stage, entry_stage.stage) as passing_stage
    from opportunity_day
    cross join definition
    left join stage as passing
        on opportunity_day.source_system = passing.source_system and opportunity_day.pipeline = passing.pipeline
        and opportunity_day.day_open_order = passing.stage_order and passing.is_open
    left join entry_stage
        on opportunity_day.source_system = entry_stage.source_system and opportunity_day.pipeline = entry_stage.pipeline

),

movement as (

    select
        source_system, opportunity_id, pipeline, date_day, 'created' as movement,
        case when state = 'open' then stage else passing_stage end as stage, 1 as count_delta, amount as amount_delta
    from compared
    where previous_state is null and state <> 'deleted'

    union all

    select source_system, opportunity_id, pipeline, date_day, 'reopened', stage, 1, amount
    from compared
    where previous_state <> 'open' and state = 'open'

    union all

    -- What moves on takes along what it was worth; what its worth changed on the way is told on its own.
    select
        source_system, opportunity_id, previous_pipeline, date_day,
        case when stage_order > previous_stage_order then 'advanced_out' else 'moved_back_out' end,
        previous_stage, -1, -previous_amount
    from compared
    where previous_state = 'open' and state = 'open'
        and (stage is distinct from previous_stage or pipeline is distinct from previous_pipeline)

    union all

    select
        source_system, opportunity_id, pipeline, date_day,
        case when stage_order > previous_stage_order then 'advanced_in' else 'moved_back_in' end,
        stage, 1, previous_amount
    from compared
    where previous_state = 'open' and state = 'open'
        and (stage is distinct from previous_stage or pipeline is distinct from previous_pipeline)

    union all

    select source_system, opportunity_id, case when state = 'open' then pipeline else previous_pipeline end, date_day, 'amount_change',
        case when state = 'open' then stage else previous_stage end, 0, case when state = 'open' then amount else closed_amount end - previous_amount
    from compared
    where previous_state = 'open' and state in ('open', 'won', 'lost')
        and case when state = 'open' then amount else closed_amount end <> previous_amount

    union all

    select
        source_system, opportunity_id, case when previous_state = 'open' then previous_pipeline else pipeline end, date_day, state,
        case when previous_state = 'open' then previous_stage else passing_stage end, -1,
        -case when previous_state = 'open' then closed_amount else amount end
    from compared
    where state in ('won', 'lost') and (previous_state is null or previous_state = 'open')

    union all

    select source_system, opportunity_id, previous_pipeline, date_day, 'deleted', previous_stage, -1, -previous_amount
    from compared
    where previous_state = 'open' and state = 'deleted'

)

select
    source_system,
    opportunity_id,
    pipeline,
    date_day,
    movement,
    stage,
    cast(count_delta as integer) as count_delta,
    cast(amount_delta as decimal(18, 2)) as amount_delta
from movement
