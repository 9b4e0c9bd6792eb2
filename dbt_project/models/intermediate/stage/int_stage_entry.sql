-- One row per opportunity and open stage that it visited or skipped past: when first, how, and whether it got beyond.
-- A view: one model reads it, once, and to write it would cost more than to make it.
{{ config(materialized='view') }}
with stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

-- Lost is no place further on; won is beyond every open stage.
reached as (

    select
        stage_visit.opportunity_key, stage_visit.stage_key, stage_visit.entered_at, stage_visit.entered_on,
        not stage.is_won or stage_visit.is_current as counts_as_advance
    from stage_visit
    inner join stage on stage_visit.stage_key = stage.stage_key
    where not stage.is_lost

),

-- From a stage, one comes to it or past it.
passed as (

    select
        open_stage.stage_key, reached_stage.stage_key as reached_stage_key,
        reached_stage.stage_key = open_stage.stage_key as is_itself,
        reached_stage.stage_order > open_stage.stage_order as is_beyond
    from stage as open_stage
    inner join stage as reached_stage
        on open_stage.source_system = reached_stage.source_system and open_stage.pipeline = reached_stage.pipeline
        and reached_stage.stage_order >= open_stage.stage_order
    where open_stage.is_open and open_stage.defined_by <> 'unknown'

),

-- A deal that moved on to another pipeline and was won there is won.
standing_win as (

    select stage_visit.opportunity_key, stage_visit.entered_at as won_at, stage_visit.entered_on as won_on
    from stage_visit
    inner join stage on stage_visit.stage_key = stage.stage_key
    where stage.is_won and stage_visit.is_current

),

entry as (

    select
        reached.opportunity_key,
        passed.stage_key,
        min(reached.entered_at) as entered_at,
        min(reached.entered_on) as entered_on,
        min(case when passed.is_itself then reached.entered_at end) as visited_at,
        min(case when passed.is_beyond then reached.entered_at end) as beyond_at,
        -- A win that was taken back is no advance: the deal is open again, where it now stands.
        min(case when passed.is_beyond and reached.counts_as_advance then reached.entered_at end) as advanced_at,
        min(case when passed.is_beyond and reached.counts_as_advance then reached.entered_on end) as advanced_on
    from reached
    inner join passed on reached.stage_key = passed.reached_stage_key
    group by reached.opportunity_key, passed.stage_key

)

select
    entry.opportunity_key,
    entry.stage_key,
    entry.entered_at,
    entry.entered_on,
    entry.visited_at <= coalesce(entry.beyond_at, cast('9999-12-31' as timestamp)) as is_visited_first,
    coalesce(entry.advanced_at, standing_win.won_at) as advanced_at,
    coalesce(entry.advanced_on, standing_win.won_on) as advanced_on
from entry
left join standing_win on entry.opportunity_key = standing_win.opportunity_key
