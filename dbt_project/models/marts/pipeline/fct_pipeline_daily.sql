-- One row per day, source system, pipeline and open stage: what was open at the day's end, and the movements that led there from the day before.
-- opening + created + advanced in + moved back in + transferred in + reopened + amount changes - advanced out - moved back out - transferred out
-- - won - lost - deleted = closing.
with pipeline_movement as (

    select * from {{ ref('int_pipeline_movement') }}

),

close_date_slip as (

    select * from {{ ref('int_close_date_slip') }}

),

opportunity_day as (

    select * from {{ ref('int_opportunity_day') }}

),

close_date_coverage as (

    select * from {{ ref('int_close_date_coverage') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

),

moved as (

    select date_day, stage_key, movement, sum(count_delta) as count_delta, sum(amount_delta) as amount_delta
    from pipeline_movement
    group by date_day, stage_key, movement

),

life as (

    select stage.source_system, stage.pipeline, min(moved.date_day) as first_day
    from moved
    inner join stage on moved.stage_key = stage.stage_key
    group by stage.source_system, stage.pipeline

),

day as (

    {{ days_from_to('(select coalesce(min(first_day), (select as_of from run)) from life)', '(select as_of from run)') }}

),

-- Every day and open stage has a row, from the pipeline's first day on: a day on which nothing moved is a day all the same.
spine as (

    select day.date_day, stage.stage_key
    from stage
    inner join life on stage.source_system = life.source_system and stage.pipeline = life.pipeline
    inner join day on day.date_day >= life.first_day
    where stage.is_open

),

daily as (

    select
        date_day,
        stage_key,
        sum(case when movement = 'created' then count_delta else 0 end) as created_count,
        sum(case when movement = 'created' then amount_delta else 0 end) as created_amount,
        sum(case when movement = 'advanced_in' then count_delta else 0 end) as advanced_in_count,
        sum(case when movement = 'advanced_in' then amount_delta else 0 end) as advanced_in_amount,
        sum(case when movement = 'advanced_out' then -count_delta else 0 end) as advanced_out_count,
        sum(case when movement = 'advanced_out' then -amount_delta else 0 end) as advanced_out_amount,
        sum(case when movement = 'moved_back_in' then count_delta else 0 end) as moved_back_in_count,
        sum(case when movement = 'moved_back_in' then amount_delta else 0 end) as moved_back_in_amount,
        sum(case when movement = 'moved_back_out' then -count_delta else 0 end) as moved_back_out_count,
        sum(case when movement = 'moved_back_out' then -amount_delta else 0 end) as moved_back_out_amount,
        sum(case when movement = 'transferred_in' then count_delta else 0 end) as transferred_in_count,
        sum(case when movement = 'transferred_in' then amount_delta else 0 end) as transferred_in_amount,
        sum(case when movement = 'transferred_out' then -count_delta else 0 end) as transferred_out_count,
        sum(case when movement = 'transferred_out' then -amount_delta else 0 end) as transferred_out_amount,
        sum(case when movement = 'reopened' then count_delta else 0 end) as reopened_count,
        sum(case when movement = 'reopened' then amount_delta else 0 end) as reopened_amount,
        sum(case when movement = 'won' then -count_delta else 0 end) as won_count,
        sum(case when movement = 'won' then -amount_delta else 0 end) as won_amount,
        sum(case when movement = 'lost' then -count_delta else 0 end) as lost_count,
        sum(case when movement = 'lost' then -amount_delta else 0 end) as lost_amount,
        sum(case when movement = 'deleted' then -count_delta else 0 end) as deleted_count,
        sum(case when movement = 'deleted' then -amount_delta else 0 end) as deleted_amount,
        sum(case when movement = 'amount_change' then amount_delta else 0 end) as amount_change_amount,
        sum(count_delta) as net_count,
        sum(amount_delta) as net_amount
    from moved
    group by date_day, stage_key

),

slipped as (

    select slipped_on, stage_key, count(*) as slipped_count, sum(amount) as slipped_amount
    from close_date_slip
    group by slipped_on, stage_key

),

-- Of the deals open at both ends of the day, those whose expected close was moved in it.
date_moved as (

    select
        opportunity_day.date_day, opportunity_day.stage_key,
        {%- for moved, direction in [('pushed', '>'), ('pulled_in', '<')] %}
        sum(case when opportunity_day.expected_close_on {{ direction }} opportunity_day.previous_expected_close_on then 1 else 0 end) as {{ moved }}_count,
        sum(case when opportunity_day.expected_close_on {{ direction }} opportunity_day.previous_expected_close_on then opportunity_day.amount else 0 end)
            as {{ moved }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from opportunity_day
    inner join stage on opportunity_day.stage_key = stage.stage_key and stage.is_open
    inner join stage as previous_stage on opportunity_day.previous_stage_key = previous_stage.stage_key and previous_stage.is_open
    where not opportunity_day.is_deleted and not opportunity_day.previous_is_deleted
        and opportunity_day.expected_close_on <> opportunity_day.previous_expected_close_on
    group by opportunity_day.date_day, opportunity_day.stage_key

),

-- Names come after all that is counted: DuckDB 2.0.0 now and then loses the texts that it carries through an outer join ("changed identity").
running as (

    select
        spine.date_day, spine.stage_key,
        daily.created_count, daily.created_amount, daily.advanced_in_count, daily.advanced_in_amount, daily.advanced_out_count,
        daily.advanced_out_amount, daily.moved_back_in_count, daily.moved_back_in_amount, daily.moved_back_out_count,
        daily.moved_back_out_amount, daily.transferred_in_count, daily.transferred_in_amount, daily.transferred_out_count,
        daily.transferred_out_amount, daily.reopened_count, daily.reopened_amount, daily.won_count, daily.won_amount, daily.lost_count,
        daily.lost_amount, daily.deleted_count, daily.deleted_amount, daily.amount_change_amount, daily.net_count, daily.net_amount,
        slipped.slipped_count, slipped.slipped_amount,
        date_moved.pushed_count, date_moved.pushed_amount, date_moved.pulled_in_count, date_moved.pulled_in_amount,
        sum(coalesce(daily.net_count, 0)) over by_day as open_count,
        sum(coalesce(daily.net_amount, 0)) over by_day as open_amount
    from spine
    left join daily on spine.date_day = daily.date_day and spine.stage_key = daily.stage_key
    left join slipped on spine.date_day = slipped.slipped_on and spine.stage_key = slipped.stage_key
    left join date_moved on spine.date_day = date_moved.date_day and spine.stage_key = date_moved.stage_key
    window by_day as (partition by spine.stage_key order by spine.date_day rows unbounded preceding)

),

known_stage as (

    select stage.*, close_date_coverage.known_since
    from stage
    left join close_date_coverage on stage.source_system = close_date_coverage.source_system

)

select
    running.date_day,
    known_stage.source_system,
    known_stage.pipeline,
    known_stage.stage,
    cast(known_stage.stage_order as integer) as stage_order,
    cast(running.open_count - coalesce(running.net_count, 0) as bigint) as opening_count,
    cast(coalesce(running.created_count, 0) as bigint) as created_count,
    cast(coalesce(running.advanced_in_count, 0) as bigint) as advanced_in_count,
    cast(coalesce(running.advanced_out_count, 0) as bigint) as advanced_out_count,
    cast(coalesce(running.moved_back_in_count, 0) as bigint) as moved_back_in_count,
    cast(coalesce(running.moved_back_out_count, 0) as bigint) as moved_back_out_count,
    cast(coalesce(running.transferred_in_count, 0) as bigint) as transferred_in_count,
    cast(coalesce(running.transferred_out_count, 0) as bigint) as transferred_out_count,
    cast(coalesce(running.reopened_count, 0) as bigint) as reopened_count,
    cast(coalesce(running.won_count, 0) as bigint) as won_count,
    cast(coalesce(running.lost_count, 0) as bigint) as lost_count,
    cast(coalesce(running.deleted_count, 0) as bigint) as deleted_count,
    cast(running.open_count as bigint) as open_count,
    cast(running.open_amount - coalesce(running.net_amount, 0) as {{ money_type() }}) as opening_amount,
    cast(coalesce(running.created_amount, 0) as {{ money_type() }}) as created_amount,
    cast(coalesce(running.advanced_in_amount, 0) as {{ money_type() }}) as advanced_in_amount,
    cast(coalesce(running.advanced_out_amount, 0) as {{ money_type() }}) as advanced_out_amount,
    cast(coalesce(running.moved_back_in_amount, 0) as {{ money_type() }}) as moved_back_in_amount,
    cast(coalesce(running.moved_back_out_amount, 0) as {{ money_type() }}) as moved_back_out_amount,
    cast(coalesce(running.transferred_in_amount, 0) as {{ money_type() }}) as transferred_in_amount,
    cast(coalesce(running.transferred_out_amount, 0) as {{ money_type() }}) as transferred_out_amount,
    cast(coalesce(running.reopened_amount, 0) as {{ money_type() }}) as reopened_amount,
    cast(coalesce(running.won_amount, 0) as {{ money_type() }}) as won_amount,
    cast(coalesce(running.lost_amount, 0) as {{ money_type() }}) as lost_amount,
    cast(coalesce(running.deleted_amount, 0) as {{ money_type() }}) as deleted_amount,
    cast(coalesce(running.amount_change_amount, 0) as {{ money_type() }}) as amount_change_amount,
    cast(running.open_amount as {{ money_type() }}) as open_amount,
    {{ weighted('running.open_amount', 'known_stage.default_probability') }} as weighted_amount,
    -- Before changes of the date are known, none is not zero.
    {%- for movement in ['slipped', 'pushed', 'pulled_in'] %}
    case when known_stage.known_since <= running.date_day then cast(coalesce(running.{{ movement }}_count, 0) as bigint) end
        as {{ movement }}_count,
    case when known_stage.known_since <= running.date_day then cast(coalesce(running.{{ movement }}_amount, 0) as {{ money_type() }}) end
        as {{ movement }}_amount,
    {%- endfor %}
    running.date_day = run.as_of as is_unfinished
from running
cross join run
inner join known_stage on running.stage_key = known_stage.stage_key
