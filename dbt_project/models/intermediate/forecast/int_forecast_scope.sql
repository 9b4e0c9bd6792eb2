-- One row per part of the company for which a forecast is made, and since when (the day of a forecast) its deals can be told from the others'.
-- Whose a deal was is known from the first extract on, where the CRM's history does not name owners: before, there is only the company.
with holder as (

    select * from {{ ref('int_forecast_holder') }}

),

rep as (

    select * from {{ ref('int_rep_scope') }}

),

forecast_scope as (

    select * from {{ source('config', 'forecast_scope') }}

),

-- As long as one system's deals are nobody's, no part of the company is whole.
told_since as (

    select max(known_from) as known_from
    from (select source_system, min(known_from) as known_from from holder group by source_system) as system

),

-- Deals that no extract has shown yet, and those to come that are like none before, are nobody's: with them the parts add up to the whole.
told_part as (

    select 'company' as scope, 'all' as scope_id, cast('1970-01-01' as date) as known_from
    {%- for scope in forecast_scopes() %}
    union all
    select '{{ scope }}', {{ scope }}, min(known_from) from holder group by {{ scope }}
    union all
    select '{{ scope }}', '(none)', cast('1970-01-01' as date)
    {%- endfor %}

),

part as (

    select scope, scope_id, min(known_from) as known_from from told_part group by scope, scope_id

)

select
    part.scope,
    part.scope_id,
    coalesce(rep.scope_name, part.scope_id) as scope_name,
    case when part.scope = 'company' then part.known_from else greatest(part.known_from, told_since.known_from) end as known_from
from part
cross join told_since
inner join forecast_scope on part.scope = forecast_scope.scope
left join rep on part.scope = 'rep' and part.scope_id = rep.scope_id
where part.scope = 'company' or told_since.known_from is not null
