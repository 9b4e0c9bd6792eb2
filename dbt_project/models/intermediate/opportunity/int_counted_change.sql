-- One row per opportunity and change from which on it counts: int_opportunity_change, with the amount in the reporting currency, 0 where none is known.
-- Where deals count as created from a later stage on: nothing before they first reached it, or were won without.
{{ config(materialized='view') }}
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

created_from_stage as (

    select * from {{ source('config', 'created_from_stage') }}

),

created_from as (

    select stage.source_system, stage.pipeline, min(stage.stage_order) as stage_order
    from created_from_stage
    inner join stage on created_from_stage.pipeline = stage.pipeline and created_from_stage.stage = stage.stage
    group by stage.source_system, stage.pipeline

),

converted as (

    select
        opportunity_change.opportunity_key, opportunity_change.changed_at, opportunity_change.changed_on, opportunity_change.change_number,
        opportunity_change.stage_key, coalesce({{ in_reporting_currency('opportunity_change.amount', 'amount.rate') }}, 0) as amount,
        opportunity_change.expected_close_on
    from opportunity_change
    inner join amount on opportunity_change.opportunity_key = amount.opportunity_key

),

counting_stage as (

    select
        stage.stage_key,
        stage.is_won or (stage.is_open and stage.stage_order >= created_from.stage_order) as begins_to_count
    from stage
    inner join created_from on stage.source_system = created_from.source_system and stage.pipeline = created_from.pipeline

),

counted_from as (

    select converted.opportunity_key, min(case when counting_stage.begins_to_count then converted.change_number end) as change_number
    from converted
    inner join counting_stage on converted.stage_key = counting_stage.stage_key
    group by converted.opportunity_key

)

select converted.*
from converted
left join counting_stage on converted.stage_key = counting_stage.stage_key
left join counted_from on converted.opportunity_key = counted_from.opportunity_key
where counting_stage.stage_key is null or converted.change_number >= counted_from.change_number
