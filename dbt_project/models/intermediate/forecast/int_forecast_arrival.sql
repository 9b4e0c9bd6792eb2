-- One row per day, stage in which deals came into the pipeline (null: won at once) and class of amount: how many came, new or reopened.
-- Deals carried over, from before it is known how deals end, did not come in.
with spell as (

    select * from {{ ref('int_forecast_spell') }}

),

win as (

    select * from {{ ref('int_forecast_first_win') }}

),

risk_since as (

    select * from {{ ref('int_forecast_risk_since') }}

),

came as (

    select source_system, pipeline, stage, amount_class, began_on as came_on from spell where comes_in
    union all
    select source_system, pipeline, null, amount_class, won_on from win where not was_open

)

select
    came.came_on,
    came.source_system,
    came.pipeline,
    came.stage,
    came.amount_class,
    count(*) as deals
from came
inner join risk_since on came.source_system = risk_since.source_system and came.came_on > risk_since.known_from
group by came.came_on, came.source_system, came.pipeline, came.stage, came.amount_class
