-- One row per delivered row of Salesforce's OpportunityStage: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'opportunity_stage') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as stage_id,
        {{ text('master_label') }} as stage_label,
        {{ plain_number('sort_order', 'bigint') }} as sort_order,
        {{ flag('is_active') }} as is_active,
        {{ flag('is_closed') }} as is_closed,
        {{ flag('is_won') }} as is_won,
        {{ plain_number('default_probability', 'double') }} / 100 as default_probability,
        {{ text('forecast_category_name') }} as forecast_category,
        {{ delivery_columns() }},
        {{ problem([
            required('master_label'),
            readable_number('sort_order', 'bigint'),
            readable_flag('is_closed'),
            readable_flag('is_won'),
            readable_number('default_probability', 'double')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['stage_id', 'stage_label', 'sort_order', 'is_active', 'is_closed', 'is_won', 'default_probability', 'forecast_category'],
    key=['stage_label']
) }}
