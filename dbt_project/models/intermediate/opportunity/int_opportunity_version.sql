-- One row per opportunity and version: what an extract said of it that the one before did not. Pipelines have their configured name.
with generic_opportunity as (

    select * from {{ ref('stg_generic__opportunity') }}

),

{% if uses('salesforce') -%}
salesforce_opportunity as (

    select * from {{ ref('stg_salesforce__opportunity') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_deal as (

    select * from {{ ref('int_hubspot_deal') }}

),

{% endif -%}
run as (

    select timezone from {{ source('config', 'run') }}

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

),

delivered as (

    select
        _system as source_system, opportunity_id, stage_label, pipeline_label, created_at, name, account_id, owner_id, product, amount,
        currency, opportunity_type, probability, next_step, source, segment, forecast_category, expected_close_on, closed_at, lost_reason, lead_id, is_deleted, updated_at, extra,
        _extracted_at
    from generic_opportunity
    where row_disposition = 'loaded'

    {% if uses('salesforce') -%}
    union all

    -- Salesforce has one close date: the expected one while the deal is open, the actual one afterwards.
    select
        _system, opportunity_id, stage_label, pipeline_label, created_at, name, account_id, owner_id, cast(null as varchar), amount,
        currency, opportunity_type, probability, next_step, source, segment, forecast_category, close_on,
        {{ utc_time(dbt.cast('close_on', 'timestamp'), 'run.timezone') }}, lost_reason, cast(null as varchar), is_deleted, updated_at, extra,
        _extracted_at
    from salesforce_opportunity
    cross join run
    where row_disposition = 'loaded'
    {%- endif %}

    {% if uses('hubspot') -%}
    union all

    select
        source_system, opportunity_id, stage_label, pipeline_label, created_at, name, account_id, owner_id, cast(null as varchar), amount,
        currency, opportunity_type, probability, next_step, source, segment, forecast_category, expected_close_on, closed_at, lost_reason, lead_id, is_deleted, updated_at, extra,
        _extracted_at
    from hubspot_deal
    {%- endif %}

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
