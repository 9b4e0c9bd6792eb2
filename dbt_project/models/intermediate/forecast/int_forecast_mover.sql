-- One row per moment, current month or quarter, and part of the company (as combination): of the open deals that were expected then to close in it, those
-- that were lost since (or deleted), and those that slipped: open, and expected later, or overdue by now. Usual is the share of what was expected that was
-- lost, or slipped, in the same days of the periods before, in the whole company; null where nothing was expected there.
with followed_period as (

    select * from {{ ref('int_forecast_followed') }}

),

state as (

    select * from {{ ref('int_forecast_state') }}

),

holder as (

    select * from {{ ref('int_forecast_holder') }}

),

daily_rate as (

    select * from {{ ref('int_daily_rate') }}

),

amount as (

    select max(reporting_currency) as reporting_currency from {{ ref('int_opportunity_amount') }}

),

-- Most states ended before any of these moments.
recent as (

    select *
    from state
    where state = 'open' and (known_until is null or known_until > (select min(followed_from) from followed_period))

),

expected as (

    select
        followed_period.*, recent.source_system, recent.opportunity_id, recent.currency,
        case when recent.amount_known_from <= followed_period.followed_from then recent.amount end as amount
    from followed_period
    inner join recent
        on recent.expected_close_on >= followed_period.followed_start and recent.expected_close_on <= followed_period.followed_end
        and recent.known_from <= followed_period.followed_from and recent.expected_close_known_from <= followed_period.followed_from
        and (recent.known_until is null or recent.known_until > followed_period.followed_from)

),

followed as (

    select
        expected.made_on, expected.period_type, expected.period_start, expected.is_past,
        {%- for scope in forecast_scopes() %}
        coalesce(holder.{{ scope }}, '(none)') as {{ scope }},
        {%- endfor %}
        coalesce(expected.amount, 0) * {{ rate_of('expected.currency') }} as worth,
        later.state is null or later.state = 'lost' as is_lost,
        later.state = 'open' and (
            later.expected_close_on > expected.followed_end
            or {{ is_overdue('later.expected_close_on', days_after('expected.followed_until', -1)) }}
            or later.expected_close_on is null
        ) as is_slipped
    from expected
    cross join amount
    left join daily_rate
        on expected.currency = daily_rate.currency and {{ dbt.dateadd('day', -1, 'expected.followed_from') }} = daily_rate.date_day
    left join state as later
        on expected.source_system = later.source_system and expected.opportunity_id = later.opportunity_id
        and later.known_from <= expected.followed_until and (later.known_until is null or later.known_until > expected.followed_until)
    left join holder
        on expected.source_system = holder.source_system and expected.opportunity_id = holder.opportunity_id
        and holder.valid_from <= expected.followed_from and (holder.valid_until is null or holder.valid_until > expected.followed_from)
        and holder.known_from <= expected.followed_from

),

summed as (

    select
        made_on, period_type, period_start, is_past, {{ forecast_scopes() | join(', ') }},
        sum(worth) as expected_amount,
        sum(case when is_slipped then 1 else 0 end) as slipped_deals,
        sum(case when is_slipped then worth else 0 end) as slipped_amount,
        sum(case when is_lost then 1 else 0 end) as lost_deals,
        sum(case when is_lost then worth else 0 end) as lost_amount
    from followed
    group by made_on, period_type, period_start, is_past, {{ forecast_scopes() | join(', ') }}

),

usual as (

    select
        made_on, period_type, period_start,
        cast(sum(slipped_amount) as double) / nullif(cast(sum(expected_amount) as double), 0) as slipped_share,
        cast(sum(lost_amount) as double) / nullif(cast(sum(expected_amount) as double), 0) as lost_share
    from summed
    where is_past
    group by made_on, period_type, period_start

)

select
    summed.made_on,
    summed.period_type,
    summed.period_start,
    {%- for scope in forecast_scopes() %}
    summed.{{ scope }},
    {%- endfor %}
    summed.slipped_deals,
    cast(round(summed.slipped_amount, 2) as {{ money_type() }}) as slipped_amount,
    cast(round(cast(summed.expected_amount as double) * usual.slipped_share, 6) as {{ money_type(6) }}) as usual_slipped_amount,
    summed.lost_deals,
    cast(round(summed.lost_amount, 2) as {{ money_type() }}) as lost_amount,
    cast(round(cast(summed.expected_amount as double) * usual.lost_share, 6) as {{ money_type(6) }}) as usual_lost_amount
from summed
left join usual
    on summed.made_on = usual.made_on and summed.period_type = usual.period_type and summed.period_start = usual.period_start
where not summed.is_past
