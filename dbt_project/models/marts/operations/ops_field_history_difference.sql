-- One row per change of a deal's stage, amount or close date that Salesforce's history of fields tells, and its OpportunityHistory does not.
with {% if uses('salesforce') -%}
field_history as (

    select * from {{ ref('stg_salesforce__opportunity_field_history') }}

),

stage_history as (

    select * from {{ ref('stg_salesforce__opportunity_history') }}

),

{% endif -%}
opportunity as (

    select source_system, opportunity_id, name from {{ ref('int_opportunity') }}

),

compared as (

    select
        cast(null as varchar) as source_system, cast(null as varchar) as opportunity_id, cast(null as varchar) as field,
        cast(null as timestamp) as changed_at, cast(null as varchar) as old_value, cast(null as varchar) as new_value,
        cast(null as integer) as is_told
    where false

    {% if uses('salesforce') -%}
    union all

    -- Two clocks and two writers: what the other history says within a minute of it counts.
    select
        'salesforce', change.opportunity_id, change.field, change.changed_at, min(change.old_value), min(change.new_value),
        max(case
            when change.field = 'stagename' and lower(told.stage_label) = lower(change.new_value) then 1
            when change.field = 'amount' and told.amount is not distinct from change.new_amount then 1
            when change.field = 'closedate' and told.expected_close_on is not distinct from change.new_day then 1
            else 0
        end)
    from field_history as change
    inner join (
        select
            opportunity_id, stage_label, amount, expected_close_on, entered_at,
            lead(entered_at) over (partition by opportunity_id order by entered_at, history_id) as next_entered_at,
            -- A history without amounts or dates does not track them.
            count(amount) over (partition by opportunity_id) > 0 as tracks_amount,
            count(expected_close_on) over (partition by opportunity_id) > 0 as tracks_day
        from stage_history
        where row_disposition = 'loaded'
    ) as told
        on change.opportunity_id = told.opportunity_id
        and told.entered_at <= {{ dbt.dateadd('minute', 1, 'change.changed_at') }}
        and (told.next_entered_at is null or told.next_entered_at > {{ dbt.dateadd('minute', -1, 'change.changed_at') }})
    where change.row_disposition = 'loaded' and not change.is_deleted
        and (
            change.field = 'stagename'
            or (change.field = 'amount' and told.tracks_amount)
            or (change.field = 'closedate' and told.tracks_day)
        )
    group by change.opportunity_id, change.field, change.changed_at, change.change_id
    {%- endif %}

)

select
    compared.source_system,
    compared.opportunity_id,
    opportunity.name as opportunity_name,
    compared.field,
    compared.changed_at,
    compared.old_value,
    compared.new_value
from compared
left join opportunity
    on compared.source_system = opportunity.source_system and compared.opportunity_id = opportunity.opportunity_id
where compared.is_told = 0
