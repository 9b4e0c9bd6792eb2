-- One row per period (month, quarter, fiscal quarter), pipeline, open stage and scope (company, team, pod): what came, what left, what waits, and whether this stage limits the flow.
-- The limiting stage is the one in which deals stay longest, if they stay there longer than in every other stage by more than chance
-- (Roser, Nakano & Tanaka 2001: the longest active period, with its interval). How long they stay is Little's W (1961): time spent in
-- the stage in the period ÷ those who left. Unlike the time of those who left it also counts the time of those who are stuck.
with stage_flow as (

    select * from {{ ref('int_stage_flow') }}

),

stage as (

    select * from {{ ref('int_stage') }} where is_open

),

segment as (

    select * from {{ ref('int_segment') }}

),

period as (

    select * from {{ ref('int_history_period') }}
    where period_type in ('month', 'quarter') or (period_type = 'fiscal_quarter' and not is_repeat)

),

-- A stage of one name in two systems' pipelines of one name is one row. Numbers group millions of visits faster than texts.
stage_place as (

    select pipeline, stage, min(stage_order) as stage_order
    from stage
    group by pipeline, stage

),

numbered_stage as (

    select stage_key, pipeline, stage, cast(dense_rank() over (order by pipeline, stage) as integer) as stage_number
    from stage

),

numbered_scope as (

    select
        segment_key, scope, scope_id, scope_name,
        cast(dense_rank() over (order by scope, scope_id) as integer) as scope_number
    from segment
    -- A deal of no team is counted as such; pods are a matter of the companies that have them.
    where scope in ('company', 'team') or (scope = 'pod' and scope_id <> '(none)')

),

scope_of_segment as (

    select
        segment_key,
        max(case when scope = 'company' then scope_number end) as company_number,
        max(case when scope = 'team' then scope_number end) as team_number,
        max(case when scope = 'pod' then scope_number end) as pod_number
    from numbered_scope
    group by segment_key

),

numbered_flow as (

    select
        scope_of_segment.company_number, scope_of_segment.team_number, scope_of_segment.pod_number, numbered_stage.stage_number,
        stage_flow.period_type, stage_flow.period_start, stage_flow.is_ended, stage_flow.age_minutes, stage_flow.minutes_in_period
    from stage_flow
    inner join numbered_stage on stage_flow.stage_key = numbered_stage.stage_key
    inner join scope_of_segment on stage_flow.segment_key = scope_of_segment.segment_key

),

scoped as (
    {%- for scope in ['company', 'team', 'pod'] %}

    select {{ scope }}_number as scope_number, stage_number, period_type, period_start, is_ended, age_minutes, minutes_in_period
    from numbered_flow
    where {{ scope }}_number is not null
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}

),

counted_by_number as (

    select
        scope_number, stage_number, period_type, period_start,
        sum(case when is_ended then 1 else 0 end) as departures,
        sum(case when is_ended then 0 else 1 end) as wip,
        sum(minutes_in_period) as minutes,
        sum(minutes_in_period * minutes_in_period) as squared_minutes,
        sum(case when is_ended then minutes_in_period else 0 end) as minutes_of_departed,
        sum(case when is_ended then age_minutes else 0 end) as age_of_departed,
        {{ quantile('case when is_ended then age_minutes end', 0.5) }} as median_departed,
        {{ quantiles('case when not is_ended then age_minutes end', [0.5, 0.9]) }} as wip_quantiles
    from scoped
    group by scope_number, stage_number, period_type, period_start

),

counted as (

    select
        scope_named.scope, scope_named.scope_id, scope_named.scope_name, stage_named.pipeline, stage_named.stage, counted_by_number.*,
        {{ element('counted_by_number.wip_quantiles', 1) }} as median_wip,
        {{ element('counted_by_number.wip_quantiles', 2) }} as p90_wip
    from counted_by_number
    inner join (select distinct scope_number, scope, scope_id, scope_name from numbered_scope) as scope_named
        on counted_by_number.scope_number = scope_named.scope_number
    inner join (select distinct stage_number, pipeline, stage from numbered_stage) as stage_named
        on counted_by_number.stage_number = stage_named.stage_number

),

-- Every stage of a pipeline that a scope ever worked in has every period, from the first on.
row_key as (

    select scope.scope, scope.scope_id, scope.scope_name, stage_place.pipeline, stage_place.stage, stage_place.stage_order, period.*
    from (select distinct scope, scope_id, scope_name, pipeline from counted) as scope
    inner join stage_place on scope.pipeline = stage_place.pipeline
    cross join period

),

filled as (

    select
        row_key.*,
        coalesce(counted.departures, 0) as departures,
        coalesce(counted.wip, 0) as wip,
        coalesce(lag(counted.wip) over by_period, 0) as opening_wip,
        coalesce(counted.minutes, 0) as minutes,
        coalesce(counted.squared_minutes, 0) as squared_minutes,
        coalesce(counted.minutes_of_departed, 0) as minutes_of_departed,
        counted.age_of_departed,
        counted.median_departed,
        counted.median_wip,
        counted.p90_wip,
        {{ minutes_between('row_key.known_from', 'row_key.end_at') }} as known_minutes
    from row_key
    left join counted
        on row_key.scope = counted.scope and row_key.scope_id = counted.scope_id and row_key.pipeline = counted.pipeline
        and row_key.stage = counted.stage and row_key.period_type = counted.period_type and row_key.period_start = counted.period_start
    window by_period as (
        partition by row_key.scope, row_key.scope_id, row_key.pipeline, row_key.stage, row_key.period_type order by row_key.period_start
    )

),

-- The error of a ratio of sums over visits, each visit one draw (the delta method): it knows that a few stuck deals are few draws.
measured as (

    select
        *,
        wip - opening_wip + departures as arrivals,
        departures + wip as visits,
        minutes / cast(greatest(departures, 1) as double) as residence
    from filled

),

estimated as (

    select
        *,
        case when minutes > 0 then greatest(
            sqrt(greatest(0, squared_minutes - 2 * residence * minutes_of_departed + residence * residence * departures)) / minutes,
            -- With few departures their number is most of the doubt.
            case when departures < 10 then 1 / sqrt(cast(greatest(departures, 1) as double)) else 0 end
        ) end as log_error
    from measured

),

compared as (

    select
        estimated.scope, estimated.scope_id, estimated.pipeline, estimated.stage, estimated.period_type, estimated.period_start,
        other.stage as other_stage,
        ln(estimated.residence / other.residence) as log_ratio,
        1.959963984540054 * sqrt(estimated.log_error * estimated.log_error + other.log_error * other.log_error) as log_margin,
        row_number() over (
            partition by estimated.scope, estimated.scope_id, estimated.pipeline, estimated.stage, estimated.period_type, estimated.period_start
            order by ln(estimated.residence / other.residence)
                - 1.959963984540054 * sqrt(estimated.log_error * estimated.log_error + other.log_error * other.log_error),
                other.stage_order, other.stage
        ) as place
    from estimated
    inner join estimated as other
        on estimated.scope = other.scope and estimated.scope_id = other.scope_id and estimated.pipeline = other.pipeline
        and estimated.period_type = other.period_type and estimated.period_start = other.period_start
        and estimated.stage <> other.stage
    where estimated.minutes > 0 and other.minutes > 0

),

-- The stage that this one is hardest to tell from.
nearest as (

    select * from compared where place = 1

)

select
    estimated.period_type,
    estimated.period_start,
    estimated.period_end,
    estimated.is_complete,
    estimated.incomplete_reason,
    estimated.scope,
    estimated.scope_id,
    estimated.scope_name,
    estimated.pipeline,
    estimated.stage,
    cast(estimated.stage_order as integer) as stage_order,
    cast(estimated.opening_wip as bigint) as opening_wip,
    cast(estimated.arrivals as bigint) as arrivals,
    cast(estimated.departures as bigint) as departures,
    cast(estimated.wip as bigint) as wip,
    round(estimated.median_wip / 1440.0, 6) as median_age_days,
    round(estimated.p90_wip / 1440.0, 6) as p90_age_days,
    round(estimated.median_departed / 1440.0, 6) as median_days_of_departed,
    round(estimated.departures / cast(estimated.known_days as double), 6) as throughput_per_day,
    round(estimated.minutes / cast(estimated.known_minutes as double), 6) as mean_wip,
    case when estimated.departures > 0 then round(estimated.residence / 1440, 6) end as residence_days,
    case when estimated.departures > 0 then round(estimated.residence / 1440 * exp(-1.959963984540054 * estimated.log_error), 6) end
        as residence_days_low,
    case when estimated.departures > 0 then round(estimated.residence / 1440 * exp(1.959963984540054 * estimated.log_error), 6) end
        as residence_days_high,
    round(
        cast(estimated.minutes as double) * estimated.departures
        / nullif(estimated.arrivals * cast(estimated.age_of_departed as double), 0), 6
    ) as littles_law_ratio,
    {{ share('estimated.arrivals', 'estimated.departures') }} as utilisation,
    case
        when estimated.arrivals + estimated.departures >= 20
            then {{ wilson_low('estimated.arrivals', '(estimated.arrivals + estimated.departures)') }} > 0.5
    end as is_growing,
    nearest.other_stage as nearest_stage,
    round(exp(nearest.log_ratio), 6) as ratio_to_nearest,
    round(exp(nearest.log_ratio - nearest.log_margin), 6) as ratio_to_nearest_low,
    round(exp(nearest.log_ratio + nearest.log_margin), 6) as ratio_to_nearest_high,
    case when estimated.visits >= 20 and nearest.stage is not null then nearest.log_ratio > nearest.log_margin end as is_limiting,
    case
        when estimated.visits < 20 then 'fewer than 20 visits'
        when nearest.stage is null then 'no other stage is in use'
    end as limiting_unknown
from estimated
left join nearest
    on estimated.scope = nearest.scope and estimated.scope_id = nearest.scope_id and estimated.pipeline = nearest.pipeline
    and estimated.stage = nearest.stage and estimated.period_type = nearest.period_type and estimated.period_start = nearest.period_start
