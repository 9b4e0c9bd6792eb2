-- One row per current month or (fiscal) quarter, and team, person or the company, that will probably miss its quota: since when, and what moved it.
-- Probably: its probability of quota is below the threshold of the config (forecast: warn_below_probability).
with forecast as (

    select * from {{ ref('fct_forecast') }}
    where (period_type = 'month' or {{ is_quarter('period_type') }}) and scope in ('company', 'team', 'rep')

),

mover as (

    select * from {{ ref('int_forecast_mover') }}

),

created as (

    select * from {{ ref('int_forecast_created') }}

),

threshold as (

    select warn_below_probability from {{ source('config', 'forecast') }}

),

warned as (

    select forecast.*
    from forecast
    cross join threshold
    -- A period that begins tomorrow is the current one already: as a forecast's is that is made at the start of that day.
    where forecast.is_latest and forecast.period_start <= {{ dbt.dateadd('day', 1, 'forecast.as_of') }}
        and forecast.quota > 0 and forecast.probability_of_quota < threshold.warn_below_probability

),

told as (

    select
        warned.period_type, warned.period_start, warned.scope, warned.scope_id,
        min(earlier.as_of) as first_as_of,
        max(case when earlier.probability_of_quota >= threshold.warn_below_probability then earlier.as_of end) as last_good_as_of
    from warned
    cross join threshold
    inner join forecast as earlier
        on warned.period_type = earlier.period_type and warned.period_start = earlier.period_start
        and warned.scope = earlier.scope and warned.scope_id = earlier.scope_id and earlier.probability_of_quota is not null
    group by warned.period_type, warned.period_start, warned.scope, warned.scope_id

),

since as (

    select
        told.period_type, told.period_start, told.scope, told.scope_id, told.first_as_of, told.last_good_as_of,
        min(case when told.last_good_as_of is null or forecast.as_of > told.last_good_as_of then forecast.as_of end) as below_since,
        max(case when forecast.as_of = coalesce(told.last_good_as_of, told.first_as_of) then forecast.probability_of_quota end) as probability_before
    from told
    inner join forecast
        on told.period_type = forecast.period_type and told.period_start = forecast.period_start
        and told.scope = forecast.scope and told.scope_id = forecast.scope_id and forecast.probability_of_quota is not null
    group by told.period_type, told.period_start, told.scope, told.scope_id, told.first_as_of, told.last_good_as_of

),

{{ summed_by_scope(
    'mover', ['made_on', 'period_type', 'period_start'],
    ['slipped_deals', 'slipped_amount', 'usual_slipped_amount', 'lost_deals', 'lost_amount', 'usual_lost_amount'], 'moved'
) }},

{{ summed_by_scope('created', ['created_on'], ['deals', 'amount'], 'created_by_scope') }},

-- Compared with the quarter of a year before. By count: young deals often have no amount yet.
created_since as (

    select
        since.period_type, since.period_start, since.scope, since.scope_id,
        sum(case when created_by_scope.created_on > since.first_as_of then created_by_scope.deals else 0 end) as created_deals,
        sum(case when created_by_scope.created_on <= since.first_as_of
            and created_by_scope.created_on > {{ dbt.dateadd('day', -91, 'since.first_as_of') }} then created_by_scope.deals else 0 end) as deals_before,
        sum(case when created_by_scope.created_on <= since.first_as_of
            and created_by_scope.created_on > {{ dbt.dateadd('day', -91, 'since.first_as_of') }} then created_by_scope.amount else 0 end) as amount_before
    from since
    left join created_by_scope on since.scope = created_by_scope.scope and since.scope_id = created_by_scope.scope_id
    group by since.period_type, since.period_start, since.scope, since.scope_id

),

measured as (

    select
        warned.as_of, warned.period_type, warned.period_start, warned.period_end, warned.scope, warned.scope_id, warned.scope_name,
        warned.quota, warned.mean, warned.probability_of_quota, warned.gap,
        since.below_since,
        since.last_good_as_of is null as is_below_from_the_start,
        since.first_as_of as observed_since,
        since.probability_before,
        coalesce(moved.slipped_deals, 0) as slipped_deals,
        coalesce(moved.slipped_amount, 0) as slipped_amount,
        coalesce(moved.lost_deals, 0) as lost_deals,
        coalesce(moved.lost_amount, 0) as lost_amount,
        -- Of nothing that was expected nothing is usual; of what was, nobody knows where there is no past.
        case when moved.made_on is null then 0 else round(moved.usual_slipped_amount, 2) end as usual_slipped_amount,
        case when moved.made_on is null then 0 else round(moved.usual_lost_amount, 2) end as usual_lost_amount,
        created_since.created_deals,
        created_since.deals_before * {{ dbt.datediff('since.first_as_of', 'warned.as_of', 'day') }} / 91.0 as usual_created_deals,
        created_since.amount_before / nullif(created_since.deals_before, 0) as usual_deal_amount
    from warned
    inner join since
        on warned.period_type = since.period_type and warned.period_start = since.period_start
        and warned.scope = since.scope and warned.scope_id = since.scope_id
    inner join created_since
        on warned.period_type = created_since.period_type and warned.period_start = created_since.period_start
        and warned.scope = created_since.scope and warned.scope_id = created_since.scope_id
    left join moved
        on warned.period_type = moved.period_type and warned.period_start = moved.period_start
        and warned.scope = moved.scope and warned.scope_id = moved.scope_id
        and moved.made_on = {{ dbt.dateadd('day', 1, 'since.first_as_of') }}

),

weighed as (

    select
        *,
        case when slipped_amount > 0 then slipped_amount - usual_slipped_amount else 0 end as slipped_excess,
        case when lost_amount > 0 then lost_amount - usual_lost_amount else 0 end as lost_excess,
        cast(round(coalesce(greatest(usual_created_deals - created_deals, 0) * usual_deal_amount, 0), 2) as {{ money_type() }}) as created_shortfall
    from measured

)

select
    as_of,
    period_type,
    period_start,
    period_end,
    scope,
    scope_id,
    scope_name,
    quota,
    mean,
    probability_of_quota,
    gap,
    below_since,
    is_below_from_the_start,
    observed_since,
    probability_before,
    cast(slipped_deals as bigint) as slipped_deals,
    cast(slipped_amount as {{ money_type() }}) as slipped_amount,
    cast(usual_slipped_amount as {{ money_type() }}) as usual_slipped_amount,
    cast(lost_deals as bigint) as lost_deals,
    cast(lost_amount as {{ money_type() }}) as lost_amount,
    cast(usual_lost_amount as {{ money_type() }}) as usual_lost_amount,
    cast(created_deals as bigint) as created_deals,
    round(cast(usual_created_deals as double), 6) as usual_created_deals,
    created_shortfall,
    case
        when slipped_excess is null or lost_excess is null then null
        when greatest(slipped_excess, lost_excess, created_shortfall) <= 0 then null
        when slipped_excess >= lost_excess and slipped_excess >= created_shortfall then 'slipped'
        when lost_excess >= created_shortfall then 'lost'
        else 'too little created'
    end as main_cause
from weighed
