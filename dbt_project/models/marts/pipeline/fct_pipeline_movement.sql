-- One row per opportunity and period (week, month, quarter, fiscal quarter) at whose start it was open, or in which it changed: its movement.
with period_movement as (

    select * from {{ ref('int_period_movement') }}

),

opportunity_period as (

    select * from {{ ref('int_opportunity_period') }}

),

period as (

    select * from {{ ref('int_movement_period') }}

),

opportunity as (

    select opportunity_key, source_system, opportunity_id, name from {{ ref('int_opportunity') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

close_date_coverage as (

    select * from {{ ref('int_close_date_coverage') }}

),

last_number as (

    select period_type, max(period_number) as period_number
    from period
    group by period_type

),

last_of_type as (

    select period.period_number, last_number.period_number as last_number
    from period
    inner join last_number on period.period_type = last_number.period_type

),

-- Periods in which an open deal stayed as it was. The one in which it slipped, if there is one, is told among the movements.
quiet_number as (

    select
        opportunity_period.opportunity_key, opportunity_period.stage_key_at_end as stage_key, opportunity_period.amount_at_end as amount,
        opportunity_period.expected_close_on_at_end as expected_close_on,
        {{ numbers_from_to(
            'opportunity_period.period_number + 1', 'least(opportunity_period.next_period_number - 1, last_of_type.last_number)'
        ) }} as period_number
    from opportunity_period
    inner join last_of_type on opportunity_period.period_number = last_of_type.period_number
    inner join stage on opportunity_period.stage_key_at_end = stage.stage_key
    where stage.is_open and not opportunity_period.is_deleted_at_end

),

quiet as (

    select quiet_number.*, period.period_type, period.period_start, period.period_end, period.is_complete, period.incomplete_reason
    from quiet_number
    inner join period on quiet_number.period_number = period.period_number
    where quiet_number.expected_close_on is null
        or quiet_number.expected_close_on < period.period_start
        or quiet_number.expected_close_on > period.last_day

)

select
    opportunity.source_system,
    opportunity.opportunity_id,
    opportunity.name as opportunity_name,
    period.period_type,
    period.period_start,
    period.period_end,
    period.is_complete,
    period.incomplete_reason,
    period_movement.pipeline,
    period_movement.movement,
    period_movement.entered_as,
    period_movement.left_as,
    stage_at_start.stage as stage_at_start,
    stage_at_end.stage as stage_at_end,
    period_movement.amount_at_start,
    period_movement.amount_at_end,
    cast(
        case when period_movement.is_open_at_end then 1 else 0 end - case when period_movement.is_open_at_start then 1 else 0 end as integer
    ) as count_delta,
    cast(coalesce(period_movement.amount_at_end, 0) - coalesce(period_movement.amount_at_start, 0) as {{ money_type() }}) as amount_delta,
    period_movement.entered_amount,
    period_movement.left_amount,
    cast(period_movement.amount_change as {{ money_type() }}) as amount_change,
    period_movement.expected_close_at_start,
    period_movement.expected_close_at_end,
    period_movement.is_close_date_known
from period_movement
inner join opportunity on period_movement.opportunity_key = opportunity.opportunity_key
inner join period on period_movement.period_number = period.period_number
left join stage as stage_at_start on period_movement.stage_key_at_start = stage_at_start.stage_key
left join stage as stage_at_end on period_movement.stage_key_at_end = stage_at_end.stage_key

union all

select
    opportunity.source_system,
    opportunity.opportunity_id,
    opportunity.name,
    quiet.period_type,
    quiet.period_start,
    quiet.period_end,
    quiet.is_complete,
    quiet.incomplete_reason,
    stage.pipeline,
    'unchanged',
    cast(null as varchar),
    cast(null as varchar),
    stage.stage,
    stage.stage,
    quiet.amount,
    quiet.amount,
    0,
    cast(0 as {{ money_type() }}),
    cast(null as {{ money_type() }}),
    cast(null as {{ money_type() }}),
    cast(0 as {{ money_type() }}),
    quiet.expected_close_on,
    quiet.expected_close_on,
    coalesce(close_date_coverage.known_since <= quiet.period_start, false)
from quiet
inner join opportunity on quiet.opportunity_key = opportunity.opportunity_key
inner join stage on quiet.stage_key = stage.stage_key
left join close_date_coverage on stage.source_system = close_date_coverage.source_system
