-- One row per forecast's moment, period and part of the company: the forecast by hazards and its law.
with moment as (

    select * from {{ ref('int_forecast_moment') }}

)

-- Stands in for the method until it is there.
select
    moment.made_on,
    moment.period_type,
    moment.period_start,
    cast(null as varchar) as scope,
    cast(null as varchar) as scope_id,
    cast(null as double) as won_so_far,
    cast(null as double) as from_open,
    cast(null as double) as from_new,
    cast(null as double) as mean,
    cast(null as double) as standard_deviation,
    cast(null as double) as p10,
    cast(null as double) as p50,
    cast(null as double) as p90,
    cast(null as varchar) as basis
from moment
where false
