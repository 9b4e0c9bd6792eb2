-- One row per opportunity and dimension that the tables are cut by: the value it has there, '(none)' where it has none.
-- Deleted opportunities are in no segment: they count nowhere.
-- A view: one model reads it, once, and to write it would cost more than to make it.
{{ config(materialized='view') }}
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }} where is_now

),

segment as (

    select * from {{ ref('int_segment') }}

)

select
    opportunity.source_system,
    opportunity.opportunity_id,
    segment.scope,
    segment.scope_id,
    segment.scope_name
from opportunity
inner join opportunity_cut
    on opportunity.source_system = opportunity_cut.source_system and opportunity.opportunity_id = opportunity_cut.opportunity_id
inner join segment on opportunity_cut.segment_key = segment.segment_key
where opportunity.deleted_at is null
