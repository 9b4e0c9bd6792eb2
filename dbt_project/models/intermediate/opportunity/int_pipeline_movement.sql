-- One row per opportunity, day and movement that the day's end shows against the day before: what it adds to a stage's open pipeline.
-- count_delta and amount_delta are signed; a day's movements and its opening add up to its closing.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

absence as (

    select * from {{ ref('int_opportunity_absence') }}

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

entry_stage as (

    select source_system, pipeline, min(stage) as stage, min(stage_order) as stage_order
    from stage
    where is_entry
    group by source_system, pipeline

),

told as (

    select
        opportunity_change.source_system, opportunity_change.opportunity_id, opportunity_change.pipeline, opportunity_change.changed_at,
        opportunity_change.change_number, opportunity_change.stage, opportunity_change.stage_order,
        case when opportunity_change.phase in ('won', 'lost') then opportunity_change.phase else 'open' end as state,
        cast(round(coalesce(opportunity_change.amount, 0) * coalesce(amount.rate, 0), 2) as decimal(18, 2)) as amount
    from opportunity_change
    inner join amount
        on opportunity_change.source_system = amount.source_system and opportunity_change.opportunity_id = amount.opportunity_id

),

-- While it is deleted a deal is in no stage; when it comes back it is where its history had left it.
deletion as (

    select
        absence.source_system, absence.opportunity_id, told.pipeline, absence.deleted_at as changed_at,
        2147483647 as change_number, cast(null as varchar) as stage, cast(null as integer) as stage_order,
        'deleted' as state, cast(0 as decimal(18, 2)) as amount
    from absence
    cross join run
    inner join told on absence.source_system = told.source_system and absence.opportunity_id = told.opportunity_id
    where told.change_number = 1 and absence.deleted_at < run.as_of_end

),

restoration as (

    select
        absence.source_system, absence.opportunity_id, told.pipeline, absence.restored_at as changed_at,
        2147483647 as change_number, told.stage, told.stage_order, told.state, told.amount
    from absence
    inner join told on absence.source_system = told.source_system and absence.opportunity_id = told.opportunity_id
    where told.changed_at <= absence.restored_at
    qualify row_number() over (
        partition by absence.source_system, absence.opportunity_id, absence.restored_at order by told.change_number desc
    ) = 1

),

-- What the history says of a deal while it is deleted moves no pipeline.
present as (

    select told.*
    from told
    left join absence
        on told.source_system = absence.source_system and told.opportunity_id = absence.opportunity_id
        and told.changed_at >= absence.deleted_at and (absence.restored_at is null or told.changed_at < absence.restored_at)
    where absence.opportunity_id is null

),

event as (

    select * from present
    union all
    select * from deletion
    union all
    select * from restoration

),

dated as (

    select event.*, {{ local_day('event.changed_at') }} as date_day
    from event
    cross join run

),

day_end as (

    select
        *,
        -- The last open stage of the day: where a deal that came and closed on one day is counted.
        max(case when state = 'open' then stage_order end) over (
            partition by source_system, opportunity_id, date_day
        ) as day_open_order
    from dated
    qualify row_number() over (
        partition by source_system, opportunity_id, date_day order by changed_at desc, change_number desc
    ) = 1

),

compared as (

    select
        day_end.*,
        lag(day_end.state) over by_day as previous_state,
        lag(day_end.stage) over by_day as previous_stage,
        lag(day_end.pipeline) over by_day as previous_pipeline,
        lag(day_end.stage_order) over by_day as previous_stage_order,
        coalesce(lag(day_end.amount) over by_day, 0) as previous_amount,
        coalesce(passing.stage, entry_stage.stage) as passing_stage
    from day_end
    left join stage as passing
        on day_end.source_system = passing.source_system and day_end.pipeline = passing.pipeline
        and day_end.day_open_order = passing.stage_order and passing.is_open
    left join entry_stage
        on day_end.source_system = entry_stage.source_system and day_end.pipeline = entry_stage.pipeline
    window by_day as (partition by day_end.source_system, day_end.opportunity_id order by day_end.date_day)

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
        case when state = 'open' then stage else previous_stage end, 0, amount - previous_amount
    from compared
    where previous_state = 'open' and state in ('open', 'won', 'lost') and amount <> previous_amount

    union all

    select
        source_system, opportunity_id, case when previous_state = 'open' then previous_pipeline else pipeline end, date_day, state,
        case when previous_state = 'open' then previous_stage else passing_stage end, -1, -amount
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
