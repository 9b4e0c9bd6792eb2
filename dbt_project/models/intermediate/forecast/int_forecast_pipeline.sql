-- One row per moment and part of the company (as combination): its open deals, as known then. The moments at which a period that is not over was
-- forecast, and the starts of past quarters.
with moment as (

    select distinct made_on from {{ ref('int_forecast_moment') }} where not is_complete or ({{ is_quarter('period_type') }} and is_at_start)

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

-- Most states ended before any of these moments.
recent as (

    select state.*
    from state
    where known_until is null or known_until > (select min(made_on) from moment)

)

select
    moment.made_on,
    {%- for scope in forecast_scopes() %}
    coalesce(holder.{{ scope }}, '(none)') as {{ scope }},
    {%- endfor %}
    count(*) as open_count,
    cast(round(sum(
        case when recent.amount_known_from <= moment.made_on then recent.amount else 0 end * {{ rate_of('recent.currency') }}
    ), 2) as decimal(18, 2)) as open_amount
from moment
inner join recent on recent.known_from <= moment.made_on and (recent.known_until is null or recent.known_until > moment.made_on)
cross join amount
left join daily_rate on recent.currency = daily_rate.currency and {{ dbt.dateadd('day', -1, 'moment.made_on') }} = daily_rate.date_day
left join holder
    on recent.source_system = holder.source_system and recent.opportunity_id = holder.opportunity_id
    and holder.valid_from <= moment.made_on and (holder.valid_until is null or holder.valid_until > moment.made_on)
    and holder.known_from <= moment.made_on
group by
    moment.made_on
    {%- for scope in forecast_scopes() %}, coalesce(holder.{{ scope }}, '(none)'){% endfor %}
