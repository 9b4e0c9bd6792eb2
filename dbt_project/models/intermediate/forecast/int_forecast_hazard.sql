-- One row per forecast's moment, period and part of the company: what the risks of open deals and of deals to come say, besides what is won so far.
-- variance is what chance does to it: each deal is won or not, at an amount that is not sure, and deals to come are Poisson. level_deviation is
-- the relative standard deviation of what is still to come, for not knowing the levels of the risks; all parts of the company share it.
with moment as (

    select * from {{ ref('int_forecast_moment') }}

),

open_deal as (

    select * from {{ ref('int_forecast_open') }}

),

risk as (

    select * from {{ source('forecasting', 'risk') }}

),

newcomer as (

    select * from {{ ref('int_forecast_newcomer') }}

),

won_so_far as (

    select * from {{ ref('int_forecast_won_so_far') }}

),

scope as (

    select * from {{ ref('int_forecast_scope') }}

),

from_open as (

    select
        risk.made_on, risk.period_type, risk.period_start, open_deal.pipeline, open_deal.team, open_deal.rep, open_deal.segment,
        sum(cast(open_deal.deals * risk.win_probability as decimal(28, 9))) as wins,
        sum(cast(risk.win_probability * case
            when open_deal.is_known then cast(open_deal.amount as double) * risk.known_ratio else open_deal.deals * risk.unknown_amount
        end as {{ money_type(6) }})) as amount,
        sum(cast(least(case
            when open_deal.is_known
                then cast(open_deal.amount_squared as double) * (
                    risk.win_probability * risk.known_square_ratio
                    - risk.win_probability * risk.win_probability * risk.known_ratio * risk.known_ratio
                )
            else open_deal.deals * (
                risk.win_probability * risk.unknown_square
                - risk.win_probability * risk.win_probability * risk.unknown_amount * risk.unknown_amount
            )
        end, {{ largest_variance() }}) as decimal(38, 0))) as variance
    from open_deal
    inner join risk
        on open_deal.made_on = risk.made_on and open_deal.source_system = risk.source_system
        and open_deal.stage_pipeline = risk.pipeline and open_deal.stage = risk.stage
        and open_deal.amount_class = risk.amount_class and open_deal.age = risk.age
    group by
        risk.made_on, risk.period_type, risk.period_start, open_deal.pipeline, open_deal.team, open_deal.rep, open_deal.segment

),

to_come as (

    select
        made_on, period_type, period_start,
        sum(cast(expected_wins as decimal(28, 9))) as wins,
        sum(cast(expected_wins * amount_mean as {{ money_type(6) }})) as amount,
        sum(cast(least(expected_wins * amount_square, {{ largest_variance() }}) as decimal(38, 0))) as variance
    from risk
    where age is null
    group by made_on, period_type, period_start

),

part as (

    select
        made_on, period_type, period_start, pipeline, team, rep, segment,
        cast(wins as double) as open_wins, cast(amount as double) as open_amount, cast(variance as double) as variance,
        0.0 as new_wins, 0.0 as new_amount, cast(0 as {{ money_type(6) }}) as won_amount, 0 as won_deals
    from from_open

    union all

    select
        to_come.made_on, to_come.period_type, to_come.period_start, newcomer.pipeline, newcomer.team, newcomer.rep, newcomer.segment,
        0, 0, cast(to_come.variance as double) * cast(newcomer.share as double),
        cast(to_come.wins as double) * cast(newcomer.share as double),
        cast(to_come.amount as double) * cast(newcomer.share as double), 0, 0
    from to_come
    inner join newcomer on to_come.made_on = newcomer.made_on

    union all

    select made_on, period_type, period_start, pipeline, team, rep, segment, 0, 0, 0, 0, 0, amount, won
    from won_so_far

),

exact as (

    -- Decimals add up to the same sum in any order.
    select
        made_on, period_type, period_start, pipeline, team, rep, segment,
        cast(open_wins as decimal(28, 9)) as open_wins, cast(open_amount as {{ money_type(6) }}) as open_amount,
        cast(new_wins as decimal(28, 9)) as new_wins, cast(new_amount as {{ money_type(6) }}) as new_amount,
        cast(least(variance, {{ largest_variance() }}) as decimal(38, 0)) as variance, cast(won_amount as {{ money_type(6) }}) as won_amount, won_deals
    from part

),

{{ summed_by_scope(
    'exact', ['made_on', 'period_type', 'period_start'],
    ['open_wins', 'open_amount', 'new_wins', 'new_amount', 'variance', 'won_amount', 'won_deals']
) }},

basis as (

    select
        made_on, period_type, period_start, max(basis) as basis, max(won_deals) as known_wins, max(closed_deals) as known_closes,
        max(level_deviation) as level_deviation
    from risk
    group by made_on, period_type, period_start

)

select
    moment.made_on,
    moment.period_type,
    moment.period_start,
    scope.scope,
    scope.scope_id,
    cast(coalesce(by_scope.won_amount, 0) as {{ money_type() }}) as won_so_far,
    cast(coalesce(by_scope.won_deals, 0) as bigint) as deals_won_so_far,
    cast(round(coalesce(by_scope.open_amount, 0), 2) as {{ money_type() }}) as from_open,
    cast(round(coalesce(by_scope.new_amount, 0), 2) as {{ money_type() }}) as from_new,
    cast(round(coalesce(by_scope.won_amount, 0) + coalesce(by_scope.open_amount, 0) + coalesce(by_scope.new_amount, 0), 2) as {{ money_type() }}) as mean,
    cast(coalesce(by_scope.variance, 0) as double) as variance,
    round(cast(coalesce(by_scope.open_wins, 0) as double), 6) as expected_wins_open,
    round(cast(coalesce(by_scope.new_wins, 0) as double), 6) as expected_wins_new,
    coalesce(basis.level_deviation, 0) as level_deviation,
    basis.basis,
    cast(basis.known_wins as bigint) as known_wins,
    cast(basis.known_closes as bigint) as known_closes
from moment
inner join basis
    on moment.made_on = basis.made_on and moment.period_type = basis.period_type and moment.period_start = basis.period_start
cross join scope
left join by_scope
    on moment.made_on = by_scope.made_on and moment.period_type = by_scope.period_type and moment.period_start = by_scope.period_start
    and scope.scope = by_scope.scope and scope.scope_id = by_scope.scope_id
where scope.known_from <= moment.made_on
