-- One row per opportunity and day whose end finds it in another state than the day before, or in another segment: its state until next_day.
-- A day's end counts; what came and went within the day is only seen in passing (day_open_order). State is open, won, lost or deleted.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

absence as (

    select * from {{ ref('int_opportunity_absence') }}

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

created_from_stage as (

    select * from {{ source('config', 'created_from_stage') }}

),

definition as (

    select * from {{ source('config', 'definition') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

created_from as (

    select stage.source_system, stage.pipeline, stage.stage_order
    from created_from_stage
    inner join stage on created_from_stage.pipeline = stage.pipeline and created_from_stage.stage = stage.stage

),

converted as (

    select
        opportunity_change.source_system, opportunity_change.opportunity_id, opportunity_change.pipeline, opportunity_change.changed_at,
        opportunity_change.change_number, opportunity_change.stage, opportunity_change.stage_order,
        case when opportunity_change.phase in ('won', 'lost') then opportunity_change.phase else 'open' end as state,
        cast(round(coalesce(opportunity_change.amount, 0) * coalesce(amount.rate, 0), 2) as decimal(18, 2)) as amount,
        opportunity_change.expected_close_on,
        created_from.stage_order as created_from_order
    from opportunity_change
    inner join amount
        on opportunity_change.source_system = amount.source_system and opportunity_change.opportunity_id = amount.opportunity_id
    left join created_from
        on opportunity_change.source_system = created_from.source_system and opportunity_change.pipeline = created_from.pipeline

),

-- Where deals count as created from a later stage on: nothing before they first reached it, or were won without.
counted_from as (

    select source_system, opportunity_id, min(change_number) as change_number
    from converted
    where created_from_order is not null and (state = 'won' or (state = 'open' and stage_order >= created_from_order))
    group by source_system, opportunity_id

),

told as (

    select
        converted.source_system, converted.opportunity_id, converted.pipeline, converted.changed_at, converted.change_number,
        converted.stage, converted.stage_order, converted.state, converted.amount, converted.expected_close_on
    from converted
    left join counted_from
        on converted.source_system = counted_from.source_system and converted.opportunity_id = counted_from.opportunity_id
    where converted.created_from_order is null or converted.change_number >= counted_from.change_number

),

-- While it is deleted a deal is in no stage; when it comes back it is where its history had left it.
deletion as (

    select
        absence.source_system, absence.opportunity_id, told.pipeline, absence.deleted_at as changed_at,
        2147483647 as change_number, cast(null as varchar) as stage, cast(null as integer) as stage_order,
        'deleted' as state, cast(0 as decimal(18, 2)) as amount, cast(null as date) as expected_close_on
    from absence
    cross join run
    inner join told on absence.source_system = told.source_system and absence.opportunity_id = told.opportunity_id
    where absence.deleted_at < run.as_of_end
    qualify row_number() over (
        partition by absence.source_system, absence.opportunity_id, absence.deleted_at order by told.change_number
    ) = 1

),

restoration as (

    select
        absence.source_system, absence.opportunity_id, told.pipeline, absence.restored_at as changed_at,
        2147483647 as change_number, told.stage, told.stage_order, told.state, told.amount, told.expected_close_on
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

followed as (

    select
        *,
        lead(date_day) over by_time as next_event_on,
        -- The last open stage of the day: where a deal that came and closed on one day is counted.
        case
            when state = 'open' then stage_order
            when lag(state) over by_time = 'open' and lag(date_day) over by_time = date_day then lag(stage_order) over by_time
        end as day_open_order
    from dated
    window by_time as (partition by source_system, opportunity_id order by changed_at, change_number)

),

lasting as (

    select *, next_event_on as state_until
    from followed
    where next_event_on is null or next_event_on > date_day

),

-- An open deal that comes into another segment does so on a day of its own. As of today, a deal has one segment all its life.
in_segment as (

    select
        lasting.source_system, lasting.opportunity_id, lasting.pipeline, lasting.stage, lasting.stage_order, lasting.state,
        lasting.amount, lasting.expected_close_on, opportunity_cut.segment_key,
        greatest(lasting.date_day, opportunity_cut.valid_from) as date_day,
        case when opportunity_cut.valid_from <= lasting.date_day then lasting.day_open_order end as day_open_order
    from lasting
    cross join definition
    inner join opportunity_cut
        on lasting.source_system = opportunity_cut.source_system and lasting.opportunity_id = opportunity_cut.opportunity_id
        and opportunity_cut.is_now = (definition.past_periods = 'today')
        and (opportunity_cut.valid_to is null or opportunity_cut.valid_to > lasting.date_day)
        and (opportunity_cut.valid_from <= lasting.date_day or (
            lasting.state = 'open' and (lasting.state_until is null or opportunity_cut.valid_from < lasting.state_until)
        ))

)

select
    source_system,
    opportunity_id,
    date_day,
    lead(date_day) over by_day as next_day,
    lag(date_day) over by_day as previous_day,
    pipeline,
    state,
    stage,
    stage_order,
    day_open_order,
    amount,
    expected_close_on,
    segment_key,
    lag(state) over by_day as previous_state,
    lag(pipeline) over by_day as previous_pipeline,
    lag(stage) over by_day as previous_stage,
    lag(stage_order) over by_day as previous_stage_order,
    lag(amount) over by_day as previous_amount,
    lag(expected_close_on) over by_day as previous_expected_close_on,
    lag(segment_key) over by_day as previous_segment_key
from in_segment
window by_day as (partition by source_system, opportunity_id order by date_day)
