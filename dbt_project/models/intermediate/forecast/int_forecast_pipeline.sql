-- One row per moment and part of the company (as combination): its open deals, as known then. The moments at which a period that is not over was
-- forecast, and the starts of past quarters.
with moment as (

    select * from {{ ref('int_forecast_moment') }} where not is_complete or ({{ is_quarter('period_type') }} and is_at_start)

),

state as (

    select * from {{ ref('int_forecast_state') }} where state = 'open'

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

{{ forecast_moment_numbers('(select min(known_from) from state)') }},

asked as (

    {{ forecast_runs_of_moments('state', 'state.known_from', 'state.known_until') }}

),

at_moment as (

    select
        source_system, opportunity_id, currency, amount, amount_known_from,
        {{ numbers_from_to('first_number', 'last_number') }} as moment_number
    from asked

)

select
    numbered.made_on,
    {%- for scope in forecast_scopes() %}
    coalesce(holder.{{ scope }}, '(none)') as {{ scope }},
    {%- endfor %}
    count(*) as open_count,
    cast(round(sum(
        case when at_moment.amount_known_from <= numbered.made_on then at_moment.amount else 0 end * {{ rate_of('at_moment.currency') }}
    ), 2) as {{ money_type() }}) as open_amount
from at_moment
inner join numbered on at_moment.moment_number = numbered.moment_number
cross join amount
left join daily_rate on at_moment.currency = daily_rate.currency and {{ dbt.dateadd('day', -1, 'numbered.made_on') }} = daily_rate.date_day
left join holder
    on at_moment.source_system = holder.source_system and at_moment.opportunity_id = holder.opportunity_id
    and holder.valid_from <= numbered.made_on and (holder.valid_until is null or holder.valid_until > numbered.made_on)
    and holder.known_from <= numbered.made_on
group by
    numbered.made_on
    {%- for scope in forecast_scopes() %}, coalesce(holder.{{ scope }}, '(none)'){% endfor %}
