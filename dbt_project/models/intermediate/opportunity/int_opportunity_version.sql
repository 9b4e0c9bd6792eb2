-- One row per opportunity and version: what an extract said of it that the one before did not. Pipelines have their configured name.
with delivered as (

    select * from {{ ref('canonical_opportunity') }}

),

pipeline_label as (

    select * from {{ source('config', 'pipeline_label') }}

),

account_merge as (

    select * from {{ ref('int_record_merge') }} where object = 'account'

),

configured as (

    select
        count(*) > 0 as has_pipelines,
        max(case when label is null then pipeline end) as unlabelled_pipeline
    from pipeline_label

)

select
    delivered.source_system,
    delivered.opportunity_id,
    row_number() over by_time as version_number,
    delivered._extracted_at as valid_from,
    lead(delivered._extracted_at) over by_time as valid_to,
    coalesce(
        named.pipeline,
        configured.unlabelled_pipeline,
        case when configured.has_pipelines then delivered.pipeline_label else coalesce(delivered.pipeline_label, 'default') end,
        'unknown'
    ) as pipeline,
    delivered.stage_label,
    delivered.created_at,
    delivered.name,
    -- The deals of an account that was merged into another are the other's.
    coalesce(account_merge.survivor_id, delivered.account_id) as account_id,
    delivered.owner_id,
    delivered.product,
    delivered.amount,
    delivered.currency,
    delivered.opportunity_type,
    delivered.probability,
    delivered.next_step,
    delivered.source,
    delivered.segment,
    delivered.forecast_category,
    delivered.expected_close_on,
    delivered.closed_at,
    delivered.lost_reason,
    delivered.lead_id,
    delivered.is_deleted,
    delivered.updated_at,
    delivered.extra
from delivered
cross join configured
left join account_merge
    on delivered.source_system = account_merge.source_system and delivered.account_id = account_merge.record_id
left join pipeline_label as named on lower(delivered.pipeline_label) = lower(named.label)
window by_time as (partition by delivered.source_system, delivered.opportunity_id order by delivered._extracted_at)
