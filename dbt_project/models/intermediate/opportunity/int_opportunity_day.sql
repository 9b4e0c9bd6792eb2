-- One row per opportunity and day whose end finds it in another state than the day before, or in another segment: its state until next_day.
-- A day's end counts; what came and went within the day is only seen in passing (day_open_stage_key). A deleted deal is in no stage: stage_key is
-- the one that it was in.
with event as (

    select * from {{ ref('int_counted_event') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }}

),

definition as (

    select * from {{ source('config', 'definition') }}

),

dated as (

    select event.*, stage.is_open and not event.is_deleted as is_open
    from event
    inner join stage on event.stage_key = stage.stage_key

),

followed as (

    select
        *,
        lead(date_day) over by_time as next_event_on,
        -- The last open stage of the day: where a deal that came and closed on one day is counted.
        case
            when is_open then stage_key
            when lag(is_open) over by_time and lag(date_day) over by_time = date_day then lag(stage_key) over by_time
        end as day_open_stage_key
    from dated
    window by_time as (partition by opportunity_key order by changed_at, change_number)

),

lasting as (

    select *, next_event_on as state_until
    from followed
    where next_event_on is null or next_event_on > date_day

),

-- An open deal that comes into another segment does so on a day of its own. As of today, a deal has one segment all its life.
in_segment as (

    select
        lasting.opportunity_key, lasting.stage_key, lasting.is_deleted, lasting.amount, lasting.expected_close_on, opportunity_cut.segment_key,
        greatest(lasting.date_day, opportunity_cut.valid_from) as date_day,
        case when opportunity_cut.valid_from <= lasting.date_day then lasting.day_open_stage_key end as day_open_stage_key
    from lasting
    cross join definition
    inner join opportunity_cut
        on lasting.opportunity_key = opportunity_cut.opportunity_key
        and opportunity_cut.is_now = (definition.past_periods = 'today')
        and (opportunity_cut.valid_to is null or opportunity_cut.valid_to > lasting.date_day)
        and (opportunity_cut.valid_from <= lasting.date_day or (
            lasting.is_open and (lasting.state_until is null or opportunity_cut.valid_from < lasting.state_until)
        ))

)

select
    opportunity_key,
    date_day,
    lead(date_day) over by_day as next_day,
    lag(date_day) over by_day as previous_day,
    stage_key,
    is_deleted,
    day_open_stage_key,
    amount,
    expected_close_on,
    segment_key,
    lag(stage_key) over by_day as previous_stage_key,
    lag(is_deleted) over by_day as previous_is_deleted,
    lag(amount) over by_day as previous_amount,
    lag(expected_close_on) over by_day as previous_expected_close_on,
    lag(segment_key) over by_day as previous_segment_key
from in_segment
window by_day as (partition by opportunity_key order by date_day)
