-- One row per day, stage in which deals came into the pipeline (null: won at once) and class of amount: how many came, new or reopened.
-- Deals carried over, from before it is known how deals end, did not come in.
with spell as (

    select * from {{ ref('int_forecast_spell') }}

),

win as (

    select * from {{ ref('int_forecast_win') }}

),

known_from as (

    select * from {{ ref('int_forecast_known_from') }}

),

opportunity as (

    select source_system, opportunity_id, pipeline from {{ ref('int_opportunity') }}

),

came as (

    select source_system, pipeline, stage, amount_class, began_on as came_on from spell where comes_in
    union all
    select win.source_system, opportunity.pipeline, null, win.amount_class, win.won_on
    from win
    inner join opportunity on win.source_system = opportunity.source_system and win.opportunity_id = opportunity.opportunity_id
    where not win.was_open

)

select
    came.came_on,
    came.source_system,
    came.pipeline,
    came.stage,
    came.amount_class,
    count(*) as deals
from came
inner join known_from on came.source_system = known_from.source_system and came.came_on > known_from.known_from
group by came.came_on, came.source_system, came.pipeline, came.stage, came.amount_class
