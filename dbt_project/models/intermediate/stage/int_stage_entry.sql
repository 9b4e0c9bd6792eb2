-- One row per opportunity and open stage that it visited or skipped past: when first, how, and whether it got beyond.
-- A view: one model reads it, once, and to write it would cost more than to make it.
{{ config(materialized='view') }}
with stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

open_stage as (

    select source_system, pipeline, stage, stage_order from stage where is_open and defined_by <> 'unknown'

),

-- Lost is no place further on; won is beyond every open stage.
reached as (

    select * from stage_visit where phase is distinct from 'lost'

),

-- A deal that moved on to another pipeline and was won there is won.
standing_win as (

    select source_system, opportunity_id, entered_at as won_at from stage_visit where phase = 'won' and is_current

)

select
    reached.source_system,
    reached.opportunity_id,
    open_stage.pipeline,
    open_stage.stage,
    open_stage.stage_order,
    min(reached.entered_at) as entered_at,
    min(case when reached.stage = open_stage.stage then reached.entered_at end)
        <= coalesce(
            min(case when reached.stage_order > open_stage.stage_order then reached.entered_at end),
            cast('9999-12-31' as timestamp)
        ) as is_visited_first,
    -- A win that was taken back is no advance: the deal is open again, where it now stands.
    coalesce(
        min(case
            when reached.stage_order > open_stage.stage_order and (reached.phase is distinct from 'won' or reached.is_current)
                then reached.entered_at
        end),
        min(standing_win.won_at)
    ) as advanced_at
from reached
inner join open_stage
    on reached.source_system = open_stage.source_system and reached.pipeline = open_stage.pipeline
    and reached.stage_order >= open_stage.stage_order
left join standing_win
    on reached.source_system = standing_win.source_system and reached.opportunity_id = standing_win.opportunity_id
group by reached.source_system, reached.opportunity_id, open_stage.pipeline, open_stage.stage, open_stage.stage_order
