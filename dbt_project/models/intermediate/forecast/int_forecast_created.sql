-- One row per day and part of the company (as combination), the last year's: deals created on it, and what they are worth as of T.
with opportunity as (

    select * from {{ ref('int_opportunity') }} where deleted_at is null

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

holder as (

    select * from {{ ref('int_forecast_holder') }} where valid_until is null

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

dated as (

    select opportunity.source_system, opportunity.opportunity_id, {{ local_day('opportunity.created_at') }} as created_on
    from opportunity
    cross join run

)

select
    dated.created_on,
    {%- for scope in forecast_scopes() %}
    coalesce(holder.{{ scope }}, '(none)') as {{ scope }},
    {%- endfor %}
    count(*) as deals,
    cast(coalesce(sum(amount.amount), 0) as {{ money_type() }}) as amount
from dated
cross join run
inner join amount on dated.source_system = amount.source_system and dated.opportunity_id = amount.opportunity_id
left join holder on dated.source_system = holder.source_system and dated.opportunity_id = holder.opportunity_id
where dated.created_on <= run.as_of and dated.created_on > {{ dbt.dateadd('day', -366, 'run.as_of') }}
group by dated.created_on
    {%- for scope in forecast_scopes() %}, coalesce(holder.{{ scope }}, '(none)'){% endfor %}
