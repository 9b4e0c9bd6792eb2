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

close_date_coverage as (

    select * from {{ ref('int_close_date_coverage') }}

),

last_number as (

    select period_type, max(period_number) as period_number
    from period
    group by period_type

),

-- Periods in which an open deal stayed as it was. The one in which it slipped, if there is one, is told among the movements.
quiet_number as (

    select
        opportunity_period.source_system, opportunity_period.opportunity_id, opportunity_period.period_type, opportunity_period.pipeline_at_end as pipeline,
        opportunity_period.stage_at_end as stage, opportunity_period.amount_at_end as amount,
        opportunity_period.expected_close_on_at_end as expected_close_on,
        {{ numbers_from_to(
            'opportunity_period.period_number + 1', 'least(opportunity_period.next_period_number - 1, last_number.period_number)'
        ) }} as period_number
    from opportunity_period
    inner join last_number on opportunity_period.period_type = last_number.period_type
    where opportunity_period.state_at_end = 'open'

),

quiet as (

    select quiet_number.*, period.period_start, period.period_end, period.is_complete
    from quiet_number
    inner join period
        on quiet_number.period_type = period.period_type and quiet_number.period_number = period.period_number
    where quiet_number.expected_close_on is null
        or quiet_number.expected_close_on < period.period_start
        or quiet_number.expected_close_on > period.last_day

)

select
    period_movement.source_system,
    period_movement.opportunity_id,
    period_movement.period_type,
    period.period_start,
    period.period_end,
    period.is_complete,
    period_movement.pipeline,
    period_movement.movement,
    period_movement.entered_as,
    period_movement.left_as,
    period_movement.stage_at_start,
    case when period_movement.is_open_at_end then period_movement.stage_at_end end as stage_at_end,
    period_movement.amount_at_start,
    period_movement.amount_at_end,
    cast(
        case when period_movement.is_open_at_end then 1 else 0 end - case when period_movement.is_open_at_start then 1 else 0 end as integer
    ) as count_delta,
    cast(coalesce(period_movement.amount_at_end, 0) - coalesce(period_movement.amount_at_start, 0) as decimal(18, 2)) as amount_delta,
    period_movement.entered_amount,
    period_movement.left_amount,
    cast(period_movement.amount_change as decimal(18, 2)) as amount_change,
    period_movement.expected_close_at_start,
    period_movement.expected_close_at_end,
    period_movement.is_close_date_known
from period_movement
inner join period
    on period_movement.period_type = period.period_type and period_movement.period_number = period.period_number

union all

select
    quiet.source_system,
    quiet.opportunity_id,
    quiet.period_type,
    quiet.period_start,
    quiet.period_end,
    quiet.is_complete,
    quiet.pipeline,
    'unchanged',
    cast(null as varchar),
    cast(null as varchar),
    quiet.stage,
    quiet.stage,
    quiet.amount,
    quiet.amount,
    0,
    cast(0 as decimal(18, 2)),
    cast(null as decimal(18, 2)),
    cast(null as decimal(18, 2)),
    cast(0 as decimal(18, 2)),
    quiet.expected_close_on,
    quiet.expected_close_on,
    coalesce(close_date_coverage.known_since <= quiet.period_start, false)
from quiet
left join close_date_coverage on quiet.source_system = close_date_coverage.source_system
