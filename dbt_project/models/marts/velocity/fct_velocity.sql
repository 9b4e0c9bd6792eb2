-- One row per period and scope: the four factors of sales velocity, the velocity, and what each factor did to its change.
with period as (

    select * from {{ ref('int_period') }}

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }} where is_now

),

segment as (

    select * from {{ ref('int_segment') }}

),

open_span as (

    select * from {{ ref('int_open_span') }}

),

opportunity as (

    select * from {{ ref('fct_opportunity') }}

),

rep as (

    select * from {{ ref('dim_rep') }}

),

rep_scope as (

    select * from {{ ref('int_rep_scope') }}

),

kept as (

    select opportunity.*, opportunity_cut.opportunity_key, opportunity_cut.segment_key
    from opportunity
    inner join opportunity_cut
        on opportunity.source_system = opportunity_cut.source_system
        and opportunity.opportunity_id = opportunity_cut.opportunity_id
    where opportunity.status <> 'deleted'

),

kept_segment as (

    select segment.*
    from segment
    inner join (select distinct segment_key from kept) as kept_key on segment.segment_key = kept_key.segment_key

),

-- Every scope has every period, and every rep is a scope: one without a deal is counted, with nulls.
scope as (

    select
        scope,
        scope_id,
        min(scope_name) as scope_name
    from (
        select scope, scope_id, scope_name from kept_segment
        union
        select 'rep', rep_scope.scope_id, rep_scope.scope_name
        from rep
        inner join rep_scope on rep.source_system = rep_scope.source_system and rep.rep_id = rep_scope.rep_id
        where not rep.is_placeholder
        union
        select 'company', 'all', 'all'
    )
    group by scope, scope_id

),

numbered as (

    select
        *,
        row_number() over by_start as period_number,
        -- What began before the first period, counts from it on.
        case when row_number() over by_start = 1 then cast('0001-01-01' as timestamp) else start_at end as counts_from,
        min(start_at) over (partition by period_type) as life_start
    from period
    window by_start as (partition by period_type order by period_start)

),

-- The times in which a deal was open. The moment of closing counts: what closes in a period was open in it, also where no history tells of
-- the time before.
told_stay as (

    select opportunity_key, opened_at as began_at, ended_at from open_span
    union all
    select kept.opportunity_key, kept.closed_at, kept.closed_at
    from kept
    left join open_span on kept.opportunity_key = open_span.opportunity_key and kept.closed_at = open_span.ended_at
    where kept.status in ('won', 'lost') and open_span.opportunity_key is null

),

stay as (

    select
        told_stay.opportunity_key, told_stay.began_at, told_stay.ended_at, kept.segment_key,
        count(*) over (partition by told_stay.opportunity_key) as stays
    from told_stay
    inner join kept on told_stay.opportunity_key = kept.opportunity_key

),

-- Mostly a deal is open once: then it comes in one period and goes after another, whichever the one and whichever the other.
only_step as (

    select numbered.period_type, numbered.period_number, stay.segment_key, count(*) as change
    from stay
    inner join numbered on stay.began_at >= numbered.counts_from and stay.began_at < numbered.end_at
    where stay.stays = 1 and (stay.ended_at is null or stay.ended_at >= numbered.life_start)
    group by numbered.period_type, numbered.period_number, stay.segment_key
    union all
    select numbered.period_type, numbered.period_number + 1, stay.segment_key, -count(*)
    from stay
    inner join numbered on stay.ended_at >= numbered.start_at and stay.ended_at < numbered.end_at
    where stay.stays = 1
    group by numbered.period_type, numbered.period_number, stay.segment_key

),

-- Of one that was open more than once, the periods of each type from the first to the last of each stay.
stay_number as (

    select
        stay.opportunity_key, stay.segment_key, first_one.period_type,
        first_one.period_number as first_number,
        case when stay.ended_at is null then 2147483647 else coalesce(last_one.period_number, 0) end as last_number
    from stay
    inner join numbered as first_one on stay.began_at >= first_one.counts_from and stay.began_at < first_one.end_at
    left join numbered as last_one
        on first_one.period_type = last_one.period_type
        and stay.ended_at >= last_one.start_at and stay.ended_at < last_one.end_at
    where stay.stays > 1

),

-- A deal that was open twice in one period is counted once: its later stay begins after all that came before.
apart as (

    select
        segment_key, period_type, last_number,
        greatest(first_number, coalesce(max(last_number) over (
            partition by opportunity_key, period_type order by first_number, last_number
            rows between unbounded preceding and 1 preceding
        ) + 1, first_number)) as first_number
    from stay_number

),

step_by_combination as (

    select period_type, period_number, segment_key, change from only_step
    union all
    select period_type, first_number, segment_key, 1 from apart where first_number <= last_number
    union all
    select period_type, last_number + 1, segment_key, -1 from apart where first_number <= last_number and last_number < 2147483647

),

step_by_scope as (

    select
        step_by_combination.period_type, step_by_combination.period_number,
        segment.scope,
        segment.scope_id,
        sum(step_by_combination.change) as change
    from step_by_combination
    inner join segment on step_by_combination.segment_key = segment.segment_key
    group by step_by_combination.period_type, step_by_combination.period_number, segment.scope, segment.scope_id

),

opened_by_scope as (

    select
        numbered.period_type, numbered.period_start, scope.scope, scope.scope_id,
        sum(coalesce(step_by_scope.change, 0)) over (
            partition by numbered.period_type, scope.scope, scope.scope_id order by numbered.period_number rows unbounded preceding
        ) as opportunities
    from numbered
    cross join scope
    left join step_by_scope
        on numbered.period_type = step_by_scope.period_type and numbered.period_number = step_by_scope.period_number
        and scope.scope = step_by_scope.scope and scope.scope_id = step_by_scope.scope_id

),

closed as (

    select
        period.period_type, period.period_start, kept.segment_key, kept.status, kept.amount, kept.sales_cycle_days
    from kept
    inner join period on kept.closed_at >= period.start_at and kept.closed_at < period.end_at
    where kept.status in ('won', 'lost')

),

closed_by_combination as (

    select
        period_type, period_start, segment_key,
        sum(case when status = 'won' then 1 else 0 end) as won,
        sum(case when status = 'lost' then 1 else 0 end) as lost,
        sum(case when status = 'won' then amount end) as won_amount,
        sum(case when status = 'lost' then amount end) as lost_amount,
        sum(case when status = 'won' and amount is null then 1 else 0 end) as won_without_amount,
        sum(sales_cycle_days) as cycle_days,
        count(sales_cycle_days) as cycles
    from closed
    group by period_type, period_start, segment_key

),

closed_by_scope as (

    select
        closed_by_combination.period_type, closed_by_combination.period_start,
        segment.scope,
        segment.scope_id,
        sum(closed_by_combination.won) as won,
        sum(closed_by_combination.lost) as lost,
        sum(closed_by_combination.won_amount) as won_amount,
        sum(closed_by_combination.lost_amount) as lost_amount,
        sum(closed_by_combination.won_without_amount) as won_without_amount,
        sum(closed_by_combination.cycle_days) / cast(nullif(sum(closed_by_combination.cycles), 0) as double) as sales_cycle_days
    from closed_by_combination
    inner join segment on closed_by_combination.segment_key = segment.segment_key
    group by
        closed_by_combination.period_type, closed_by_combination.period_start, segment.scope, segment.scope_id

),

-- Quantiles do not add up: they are of the won deals one by one.
cycle_by_scope as (

    select
        closed.period_type, closed.period_start,
        segment.scope,
        segment.scope_id,
        {{ quantiles('closed.sales_cycle_days', [0.5, 0.9]) }} as sales_cycle_quantiles
    from closed
    inner join segment on closed.segment_key = segment.segment_key
    where closed.sales_cycle_days is not null
    group by closed.period_type, closed.period_start, segment.scope, segment.scope_id

),

factor as (

    select
        period.period_type,
        period.period_start,
        period.period_end,
        period.is_complete,
        scope.scope,
        scope.scope_id,
        scope.scope_name,
        coalesce(opened_by_scope.opportunities, 0) as opportunities,
        coalesce(closed_by_scope.won, 0) as won,
        coalesce(closed_by_scope.lost, 0) as lost,
        coalesce(closed_by_scope.won, 0) + coalesce(closed_by_scope.lost, 0) as closed,
        closed_by_scope.won_amount,
        closed_by_scope.lost_amount,
        coalesce(closed_by_scope.won_without_amount, 0) as won_without_amount,
        closed_by_scope.won / cast(nullif(closed_by_scope.won + closed_by_scope.lost, 0) as double) as win_rate,
        cast(closed_by_scope.won_amount as double)
            / nullif(closed_by_scope.won - closed_by_scope.won_without_amount, 0) as average_deal_size,
        closed_by_scope.sales_cycle_days,
        {{ element('cycle_by_scope.sales_cycle_quantiles', 1) }} as sales_cycle_days_median,
        {{ element('cycle_by_scope.sales_cycle_quantiles', 2) }} as sales_cycle_days_p90
    from period
    cross join scope
    left join opened_by_scope
        on period.period_type = opened_by_scope.period_type and period.period_start = opened_by_scope.period_start
        and scope.scope = opened_by_scope.scope and scope.scope_id = opened_by_scope.scope_id
    left join closed_by_scope
        on period.period_type = closed_by_scope.period_type and period.period_start = closed_by_scope.period_start
        and scope.scope = closed_by_scope.scope and scope.scope_id = closed_by_scope.scope_id
    left join cycle_by_scope
        on period.period_type = cycle_by_scope.period_type and period.period_start = cycle_by_scope.period_start
        and scope.scope = cycle_by_scope.scope and scope.scope_id = cycle_by_scope.scope_id

),

velocity as (

    select
        *,
        1 / nullif(sales_cycle_days, 0) as pace,
        cast(round(opportunities * win_rate * average_deal_size / nullif(sales_cycle_days, 0), 4) as {{ money_type(4) }}) as velocity_per_day
    from factor

),

compared as (

    select
        *,
        lag(velocity_per_day) over by_period as previous_velocity_per_day,
        lag(opportunities) over by_period as previous_opportunities,
        lag(win_rate) over by_period as previous_win_rate,
        lag(average_deal_size) over by_period as previous_deal_size,
        lag(pace) over by_period as previous_pace
    from velocity
    window by_period as (partition by period_type, scope, scope_id order by period_start)

),

-- The change of a product of four, split by Shapley's value: each factor's effect, averaged over the orders in which they could have changed.
split as (

    select
        *,
        velocity_per_day - previous_velocity_per_day as velocity_change,
        cast(round({{ shapley_share_of_product(
            'opportunities', 'previous_opportunities',
            [('win_rate', 'previous_win_rate'), ('average_deal_size', 'previous_deal_size'), ('pace', 'previous_pace')]
        ) }}, 4) as {{ money_type(4) }}) as contribution_opportunities,
        cast(round({{ shapley_share_of_product(
            'win_rate', 'previous_win_rate',
            [('opportunities', 'previous_opportunities'), ('average_deal_size', 'previous_deal_size'), ('pace', 'previous_pace')]
        ) }}, 4) as {{ money_type(4) }}) as contribution_win_rate,
        cast(round({{ shapley_share_of_product(
            'average_deal_size', 'previous_deal_size',
            [('opportunities', 'previous_opportunities'), ('win_rate', 'previous_win_rate'), ('pace', 'previous_pace')]
        ) }}, 4) as {{ money_type(4) }}) as contribution_deal_size
    from compared

)

select
    period_type,
    period_start,
    period_end,
    is_complete,
    scope,
    scope_id,
    scope_name,
    cast(opportunities as bigint) as opportunities,
    cast(won as bigint) as won,
    cast(lost as bigint) as lost,
    cast(closed as bigint) as closed,
    round(win_rate, 6) as win_rate,
    {{ wilson_low('won', 'closed') }} as win_rate_low,
    {{ wilson_high('won', 'closed') }} as win_rate_high,
    cast(won_amount as {{ money_type() }}) as won_amount,
    cast(lost_amount as {{ money_type() }}) as lost_amount,
    round(
        cast(coalesce(won_amount, case when lost_amount is not null then 0 end) as double)
        / nullif(coalesce(won_amount, 0) + coalesce(lost_amount, 0), 0), 6
    ) as win_rate_by_amount,
    cast(won_without_amount as bigint) as won_without_amount,
    cast(round(average_deal_size, 2) as {{ money_type() }}) as average_deal_size,
    round(sales_cycle_days, 6) as sales_cycle_days,
    round(sales_cycle_days_median, 6) as sales_cycle_days_median,
    round(sales_cycle_days_p90, 6) as sales_cycle_days_p90,
    velocity_per_day,
    previous_velocity_per_day,
    cast(velocity_change as {{ money_type(4) }}) as velocity_change,
    contribution_opportunities,
    contribution_win_rate,
    contribution_deal_size,
    -- The last takes what rounding leaves (less than a tenth of a cent), so that the four add up exactly.
    cast(velocity_change - contribution_opportunities - contribution_win_rate - contribution_deal_size as {{ money_type(4) }})
        as contribution_sales_cycle
from split
