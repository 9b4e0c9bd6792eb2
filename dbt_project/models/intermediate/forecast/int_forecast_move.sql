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

)

select
    cell.cell_start,
    visit.source_system,
    visit.pipeline,
    visit.stage,
    visit.amount_class,
    visit.next_pipeline,
    visit.next_stage,
    visit.next_class,
    count(*) as deals
from visit
inner join cell on visit.moved_on >= cell.cell_start and visit.moved_on <= cell.cell_end
where not visit.next_comes_in
group by
    cell.cell_start, visit.source_system, visit.pipeline, visit.stage, visit.amount_class, visit.next_pipeline, visit.next_stage,
    visit.next_class
