-- One row per moment, current month or quarter, and part of the company (as combination): of the open deals that were expected then to close in it, those
-- that were lost since (or deleted), and those that slipped: open, and expected later, or overdue by now.
with moment as (

    select made_on, period_type, period_start, period_end
    from {{ ref('int_forecast_moment') }}
    where not is_complete and (period_type = 'month' or {{ is_quarter('period_type') }}) and is_replay

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

run as (

    select as_of from {{ source('config', 'run') }}

),

-- Most states ended before any of these moments.
recent as (

    select *
    from state
    where state = 'open' and (known_until is null or known_until > (select min(made_on) from moment))

),

expected as (

    select
        moment.made_on, moment.period_type, moment.period_start, moment.period_end, recent.source_system, recent.opportunity_id, recent.currency,
        case when recent.amount_known_from <= moment.made_on then recent.amount end as amount
    from moment
    inner join recent
        on recent.expected_close_on >= moment.period_start and recent.expected_close_on <= moment.period_end
        and recent.known_from <= moment.made_on and recent.expected_close_known_from <= moment.made_on
        and (recent.known_until is null or recent.known_until > moment.made_on)

),

present as (

    select source_system, opportunity_id, state, expected_close_on from state where known_until is null

),

followed as (

    select
        expected.made_on, expected.period_type, expected.period_start,
        {%- for scope in forecast_scopes() %}
        coalesce(holder.{{ scope }}, '(none)') as {{ scope }},
        {%- endfor %}
        coalesce(expected.amount, 0) * {{ rate_of('expected.currency') }} as worth,
        present.state is null or present.state = 'lost' as is_lost,
        present.state = 'open' and (
            present.expected_close_on > expected.period_end or {{ is_overdue('present.expected_close_on', 'run.as_of') }}
            or present.expected_close_on is null
        ) as is_slipped
    from expected
    cross join run
    cross join amount
    left join daily_rate
        on expected.currency = daily_rate.currency and {{ dbt.dateadd('day', -1, 'expected.made_on') }} = daily_rate.date_day
    left join present on expected.source_system = present.source_system and expected.opportunity_id = present.opportunity_id
    left join holder
        on expected.source_system = holder.source_system and expected.opportunity_id = holder.opportunity_id
        and holder.valid_from <= expected.made_on and (holder.valid_until is null or holder.valid_until > expected.made_on)
        and holder.known_from <= expected.made_on

)

select
    made_on, period_type, period_start, {{ forecast_scopes() | join(', ') }},
    sum(case when is_slipped then 1 else 0 end) as slipped_deals,
    cast(round(sum(case when is_slipped then worth else 0 end), 2) as {{ money_type() }}) as slipped_amount,
    sum(case when is_lost then 1 else 0 end) as lost_deals,
    cast(round(sum(case when is_lost then worth else 0 end), 2) as {{ money_type() }}) as lost_amount
from followed
group by made_on, period_type, period_start, {{ forecast_scopes() | join(', ') }}
