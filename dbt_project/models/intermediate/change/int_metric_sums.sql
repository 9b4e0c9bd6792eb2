-- One row per metric, stage (of stage_conversion), segment and period that is compared: the counts and sums that its value and error follow from.
-- observations: what is counted or averaged; successes: of a rate; total, squares: of the values; day_squares: of the counts per working day.
with compared_period as (

    select * from {{ ref('int_compared_period') }}

),

opportunity as (

    select * from {{ ref('int_opportunity_now') }} where status <> 'deleted'

),

known_opportunity as (

    select opportunity_key, source_system, opportunity_id from {{ ref('int_opportunity') }}

),

stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

segment as (

    select * from {{ ref('int_opportunity_segment') }}

),

activity_daily as (

    select * from {{ ref('fct_activity_daily') }}

),

rep_scope as (

    select * from {{ ref('int_rep_scope') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

-- Nine periods, and only what lies in them is looked at.
period as (

    select
        named.period_type, named.period_start, named.period_end,
        {{ utc_time(dbt.cast('named.period_start', 'timestamp'), 'run.timezone') }} as start_at,
        {{ utc_time(dbt.cast(dbt.dateadd('day', 1, 'named.period_end'), 'timestamp'), 'run.timezone') }} as end_at
    from (
        select period_type, period_start, period_end from compared_period
        union
        select period_type, before_start, before_end from compared_period
    ) as named
    cross join run

),

created as (

    select period.period_type, period.period_start, opportunity.*
    from opportunity
    inner join period on opportunity.created_on between period.period_start and period.period_end

),

closed as (

    select period.period_type, period.period_start, opportunity.*
    from opportunity
    inner join period on opportunity.closed_on between period.period_start and period.period_end
    where opportunity.status in ('won', 'lost')

),

-- A visit that ended has gone on to a later stage, or not.
left_stage as (

    select
        period.period_type, period.period_start, known_opportunity.source_system, known_opportunity.opportunity_id, stage.pipeline, stage.stage,
        case
            when following.is_won then 1
            when following.is_lost then 0
            when following.pipeline = stage.pipeline and following.stage_order > stage.stage_order then 1
            else 0
        end as is_success
    from stage_visit
    inner join period on stage_visit.exited_at >= period.start_at and stage_visit.exited_at < period.end_at
    inner join stage on stage_visit.stage_key = stage.stage_key and stage.is_open
    inner join known_opportunity on stage_visit.opportunity_key = known_opportunity.opportunity_key
    left join stage as following on stage_visit.next_stage_key = following.stage_key

),

-- Whole numbers and decimals only: their sums do not depend on the order. Only counts need their days.
event as (

    select
        period_type, period_start, source_system, opportunity_id, 'new_opportunities' as metric, 'count' as kind,
        cast(null as varchar) as pipeline, cast(null as varchar) as stage, created_on as date_day, 1 as is_success,
        cast(null as {{ money_type() }}) as measure
    from created
    union all
    select period_type, period_start, source_system, opportunity_id, 'won_opportunities', 'count', null, null, closed_on, 1, null
    from closed
    where status = 'won'
    union all
    select
        period_type, period_start, source_system, opportunity_id, 'win_rate', 'rate', null, null, null,
        case when status = 'won' then 1 else 0 end, null
    from closed
    union all
    select period_type, period_start, source_system, opportunity_id, 'average_deal_size', 'mean', null, null, null, 1, amount
    from closed
    where status = 'won' and amount is not null
    union all
    select period_type, period_start, source_system, opportunity_id, 'won_amount', 'sum', null, null, null, 1, amount
    from closed
    where status = 'won' and amount is not null
    union all
    select
        period_type, period_start, source_system, opportunity_id, 'sales_cycle_days', 'mean', null, null, null, 1,
        cast(sales_cycle_days as {{ money_type() }})
    from closed
    where status = 'won'
    union all
    select period_type, period_start, source_system, opportunity_id, 'stage_conversion', 'rate', pipeline, stage, null, is_success, null
    from left_stage

),

segmented as (

    select
        event.period_type, event.period_start, event.metric, event.kind, event.pipeline, event.stage, event.date_day,
        segment.scope, segment.scope_id, max(segment.scope_name) as scope_name,
        count(*) as observations, sum(event.is_success) as successes,
        sum(event.measure) as total,
        -- Both sums are exact. Squares of large amounts leave no room for four decimal places, and need none.
        sum(case when abs(event.measure) < 1000000000 then event.measure * event.measure end) as squares,
        sum(case when abs(event.measure) >= 1000000000 then cast(round({{ squared('event.measure') }}, 0) as decimal(38, 0)) end) as large_squares
    from event
    inner join segment on event.source_system = segment.source_system and event.opportunity_id = segment.opportunity_id
    group by
        event.period_type, event.period_start, event.metric, event.kind, event.pipeline, event.stage, event.date_day,
        segment.scope, segment.scope_id

),

activity as (

    {% for metric in ['leads_created', 'emails_sent', 'calls', 'meetings_booked', 'meetings_held'] -%}
    select '{{ metric }}' as metric, activity_date as date_day, coalesce(team, '(none)') as team, source_system, rep_id, rep_name, {{ metric }} as n
    from activity_daily
    where {{ metric }} > 0
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

),

segmented_activity as (

    select metric, date_day, 'company' as scope, 'all' as scope_id, 'all' as scope_name, n from activity
    union all
    select metric, date_day, 'team', team, team, n from activity
    union all
    -- One id in two systems is two people, as where deals are cut by rep.
    select activity.metric, activity.date_day, 'rep', coalesce(rep_scope.scope_id, activity.rep_id, '(none)'), coalesce(rep_scope.scope_name, activity.rep_name), activity.n
    from activity
    left join rep_scope on activity.source_system = rep_scope.source_system and activity.rep_id = rep_scope.rep_id

),

by_day as (

    select
        period_type, period_start, metric, kind, pipeline, stage, date_day, scope, scope_id, scope_name, observations,
        successes, total, squares, large_squares
    from segmented

    union all

    select
        period.period_type, period.period_start, segmented_activity.metric, 'count', null, null, segmented_activity.date_day,
        segmented_activity.scope, segmented_activity.scope_id, max(segmented_activity.scope_name),
        sum(segmented_activity.n), sum(segmented_activity.n), null, null, null
    from segmented_activity
    inner join period on segmented_activity.date_day between period.period_start and period.period_end
    group by
        period.period_type, period.period_start, segmented_activity.metric, segmented_activity.date_day,
        segmented_activity.scope, segmented_activity.scope_id

)

select
    period_type,
    period_start,
    metric,
    kind,
    pipeline,
    stage,
    scope,
    scope_id,
    max(scope_name) as scope_name,
    cast(sum(observations) as bigint) as observations,
    cast(sum(successes) as bigint) as successes,
    sum(total) as total,
    coalesce(cast(sum(squares) as double), cast(sum(large_squares) as double) * 0) + coalesce(cast(sum(large_squares) as double), 0) as squares,
    cast(sum(case when {{ iso_day_of_week('date_day') }} <= 5 then observations else 0 end) as bigint) as on_working_days,
    cast(sum(case when {{ iso_day_of_week('date_day') }} <= 5 then observations * observations else 0 end) as bigint) as day_squares
from by_day
group by period_type, period_start, metric, kind, pipeline, stage, scope, scope_id
