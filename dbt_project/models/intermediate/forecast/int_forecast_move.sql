-- One row per cell of time, pair of stages and pair of classes of amount between which deals moved: how many. Classes are those with which
-- the deal came to either stage.
with spell as (

    select * from {{ ref('int_forecast_spell') }}

),

cell as (

    select * from {{ ref('int_forecast_cell') }}

),

visit as (

    select
        source_system, opportunity_id, visit_number, pipeline, stage, amount_class, began_on, comes_in,
        lead(pipeline) over by_visit as next_pipeline,
        lead(stage) over by_visit as next_stage,
        lead(amount_class) over by_visit as next_class,
        lead(began_on) over by_visit as moved_on,
        lead(comes_in) over by_visit as next_comes_in
    from spell
    where begins_visit
    window by_visit as (partition by source_system, opportunity_id order by visit_number)

),

moved as (

    select source_system, pipeline, stage, amount_class, next_pipeline, next_stage, next_class, moved_on, count(*) as deals
    from visit
    where not next_comes_in
    group by source_system, pipeline, stage, amount_class, next_pipeline, next_stage, next_class, moved_on

)

select
    cell.cell_start,
    moved.source_system,
    moved.pipeline,
    moved.stage,
    moved.amount_class,
    moved.next_pipeline,
    moved.next_stage,
    moved.next_class,
    cast(sum(moved.deals) as bigint) as deals
from moved
inner join cell on moved.moved_on >= cell.cell_start and moved.moved_on <= cell.cell_end
group by
    cell.cell_start, moved.source_system, moved.pipeline, moved.stage, moved.amount_class, moved.next_pipeline, moved.next_stage,
    moved.next_class
