-- One row per opportunity and period in which it moved: the movement, and what it adds to the bridge. Periods in which an open deal did not
-- move have no row, but those in which it slipped.
-- A view: to write millions of rows would cost more than to make them for each of the two models that read it.
{{ config(materialized='view') }}
with opportunity_period as (

    select * from {{ ref('int_opportunity_period') }}

),

period_day as (

    select * from {{ ref('int_period_day') }}

),

period as (

    select * from {{ ref('int_movement_period') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

close_date_coverage as (

    select * from {{ ref('int_close_date_coverage') }}

),

definition as (

    select * from {{ source('config', 'definition') }}

),

run as (

    select as_of, first_day_of_week, fiscal_year_start_month from {{ source('config', 'run') }}

),

period_of_day as (
    {%- for period_type in movement_period_types() %}

    select '{{ period_type }}' as period_type, date_day, {{ period_type }}_number as period_number from period_day
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}

),

-- In a quiet period a deal starts and ends in one state: all that can have happened is that its date passed. It did so in one period.
quiet as (

    select opportunity_period.*, period_of_day.period_number as slipped_in
    from opportunity_period
    inner join stage on opportunity_period.stage_key_at_end = stage.stage_key
    inner join period on opportunity_period.period_number = period.period_number
    inner join period_of_day
        on period.period_type = period_of_day.period_type
        and opportunity_period.expected_close_on_at_end = period_of_day.date_day
    where stage.is_open and not opportunity_period.is_deleted_at_end
        and period_of_day.period_number > opportunity_period.period_number
        and period_of_day.period_number < opportunity_period.next_period_number

),

told as (

    select
        opportunity_key, period_number, stage_key_at_start, is_deleted_at_start, stage_key_at_end, is_deleted_at_end, amount_at_start, amount_at_end,
        expected_close_on_at_start as expected_close_at_start, expected_close_on_at_end as expected_close_at_end,
        segment_key_at_start, segment_key_at_end, was_open
    from opportunity_period

    union all

    select
        opportunity_key, slipped_in, stage_key_at_end, false, stage_key_at_end, false, amount_at_end, amount_at_end,
        expected_close_on_at_end, expected_close_on_at_end, segment_key_at_end, segment_key_at_end, false
    from quiet

),

judged as (

    select
        told.*,
        period.period_start,
        period.last_day,
        definition.slipped,
        definition.closed_amount,
        stage_at_start.stage_key is null as is_new,
        coalesce(stage_at_start.is_open and not told.is_deleted_at_start, false) as is_open_at_start,
        stage_at_end.is_open and not told.is_deleted_at_end as is_open_at_end,
        case when told.is_deleted_at_end then 'deleted' else stage_at_end.state end as state_at_end,
        stage_at_start.pipeline as pipeline_at_start,
        stage_at_end.pipeline as pipeline_at_end,
        stage_at_start.stage_order as stage_order_at_start,
        stage_at_end.stage_order as stage_order_at_end,
        coalesce(close_date_coverage.known_since <= period.period_start, false) as is_close_date_known,
        case when told.expected_close_at_end <> told.expected_close_at_start then case period.period_type
            {%- for period_type in movement_period_types() %}
            when '{{ period_type }}' then {{ dbt.datediff(
                period_start(period_type, 'told.expected_close_at_start'), period_start(period_type, 'told.expected_close_at_end'), 'day'
            ) }}
            {%- endfor %}
        end end as days_moved
    from told
    cross join run
    cross join definition
    inner join period on told.period_number = period.period_number
    inner join stage as stage_at_end on told.stage_key_at_end = stage_at_end.stage_key
    left join stage as stage_at_start on told.stage_key_at_start = stage_at_start.stage_key
    left join close_date_coverage on stage_at_end.source_system = close_date_coverage.source_system

),

named as (

    select
        *,
        case
            when is_new and (was_open or state_at_end <> 'deleted') then 'created'
            when not is_open_at_start and is_open_at_end then 'reopened'
            when not is_open_at_start and was_open then 'reopened'
        end as entered_as,
        case
            when not is_open_at_end and (is_open_at_start or was_open) then state_at_end
            when is_new and state_at_end in ('won', 'lost') then state_at_end
        end as left_as,
        is_close_date_known and is_open_at_start and is_open_at_end and (
            (expected_close_at_end >= period_start and expected_close_at_end <= last_day)
            or (slipped = 'not_closed' and expected_close_at_start >= period_start and expected_close_at_start <= last_day)
        ) as is_slipped
    from judged

),

labelled as (

    select
        *,
        case
            when entered_as = 'created' then 'created'
            when left_as is not null then left_as
            when entered_as = 'reopened' then 'reopened'
            when is_slipped and slipped = 'not_closed' then 'slipped'
            when is_close_date_known and days_moved > 0 then 'pushed'
            when is_close_date_known and days_moved < 0 then 'pulled_in'
            when is_slipped then 'slipped'
            -- Places are those within a pipeline: what moves to another one neither advances nor moves back by it.
            when pipeline_at_end <> pipeline_at_start then 'changed_pipeline'
            when stage_order_at_end > stage_order_at_start then 'advanced'
            when stage_order_at_end < stage_order_at_start then 'moved_back'
            when amount_at_end > amount_at_start then 'expanded'
            when amount_at_end < amount_at_start then 'contracted'
            else 'unchanged'
        end as movement,
        case
            when not is_open_at_start then amount_at_end
            when closed_amount = 'first' then amount_at_start
            else amount_at_end
        end as amount_when_left
    from named

)

select
    opportunity_key,
    period_number,
    -- A deal that leaves, leaves the pipeline that it was in.
    case when left_as is not null and is_open_at_start then pipeline_at_start else pipeline_at_end end as pipeline,
    case when is_open_at_start then pipeline_at_start end as pipeline_at_start,
    movement,
    entered_as,
    left_as,
    is_open_at_start,
    is_open_at_end,
    case when not is_deleted_at_start then stage_key_at_start end as stage_key_at_start,
    case when is_open_at_end then stage_key_at_end end as stage_key_at_end,
    case when is_open_at_start then amount_at_start end as amount_at_start,
    case when is_open_at_end then amount_at_end end as amount_at_end,
    case when entered_as is not null then amount_at_end end as entered_amount,
    case when left_as is not null then amount_when_left end as left_amount,
    case
        when is_open_at_start and is_open_at_end then amount_at_end - amount_at_start
        when is_open_at_start then amount_when_left - amount_at_start
    end as amount_change,
    case when is_open_at_start then expected_close_at_start end as expected_close_at_start,
    case when is_open_at_end then expected_close_at_end end as expected_close_at_end,
    is_close_date_known,
    segment_key_at_start,
    segment_key_at_end
from labelled
where entered_as is not null or left_as is not null or (is_open_at_start and is_open_at_end)
