-- One row per change of a deal's stage, amount or expected close that a CRM's history of fields has, and its history of stages has not.
with field_change as (

    select * from {{ ref('canonical_field_change') }} where field in ('stage', 'amount', 'expected_close')

),

stage_history as (

    select * from {{ ref('canonical_stage_history') }}

),

opportunity as (

    select source_system, opportunity_id, name from {{ ref('int_opportunity') }}

),

state as (

    select
        source_system, opportunity_id, stage_label, amount, expected_close_on, changed_at,
        lead(changed_at) over (partition by source_system, opportunity_id order by changed_at, change_id) as next_changed_at,
        -- A history without amounts or dates does not track them.
        count(amount) over (partition by source_system, opportunity_id) > 0 as tracks_amount,
        count(expected_close_on) over (partition by source_system, opportunity_id) > 0 as tracks_day
    from stage_history

),

-- Two clocks and two writers: what the other history says within a minute of it counts.
compared as (

    select
        change.source_system, change.opportunity_id, change.field, change.changed_at,
        min(change.old_value) as old_value, min(change.new_value) as new_value,
        max(case
            when change.field = 'stage' and lower(state.stage_label) = lower(change.new_value) then 1
            when change.field = 'amount' and state.amount is not distinct from change.new_amount then 1
            when change.field = 'expected_close' and state.expected_close_on is not distinct from change.new_day then 1
            else 0
        end) as is_known
    from field_change as change
    inner join state
        on change.source_system = state.source_system
        and change.opportunity_id = state.opportunity_id
        and state.changed_at <= {{ dbt.dateadd('minute', 1, 'change.changed_at') }}
        and (state.next_changed_at is null or state.next_changed_at > {{ dbt.dateadd('minute', -1, 'change.changed_at') }})
    where change.field = 'stage'
        or (change.field = 'amount' and state.tracks_amount)
        or (change.field = 'expected_close' and state.tracks_day)
    group by change.source_system, change.opportunity_id, change.field, change.changed_at, change.change_id

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
where compared.is_known = 0
