-- One row per opportunity and dimension that the tables are cut by: the value it has there, '(none)' where it has none.
-- Deleted opportunities are in no segment: they count nowhere.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

owner as (

    select * from {{ ref('int_opportunity_owner') }}

),

segment_column as (

    select * from {{ source('config', 'segment_column') }}

),

kept as (

    select
        opportunity.*,
        owner.owner_name,
        owner.team
    from opportunity
    left join owner on opportunity.source_system = owner.source_system and opportunity.opportunity_id = owner.opportunity_id
    where opportunity.deleted_at is null

),

cut as (

    select source_system, opportunity_id, 'all' as segment_dimension, 'all' as segment_value, 'all' as segment_name from kept
    union all
    select source_system, opportunity_id, 'pipeline', pipeline, pipeline from kept
    union all
    select source_system, opportunity_id, 'team', team, team from kept
    union all
    select source_system, opportunity_id, 'rep', owner_id, owner_name from kept
    union all
    select source_system, opportunity_id, 'product', product, product from kept
    union all
    select source_system, opportunity_id, 'source', source, source from kept
    union all
    select source_system, opportunity_id, 'motion', motion, motion from kept
    union all
    select source_system, opportunity_id, 'segment', segment, segment from kept
    union all
    select
        kept.source_system, kept.opportunity_id, segment_column.segment_dimension,
        {{ json_text('kept.extra', 'segment_column.column_name') }}, {{ json_text('kept.extra', 'segment_column.column_name') }}
    from kept
    cross join segment_column

)

select
    source_system,
    opportunity_id,
    segment_dimension,
    coalesce(segment_value, '(none)') as segment_value,
    coalesce(segment_name, segment_value, '(none)') as segment_name
from cut
