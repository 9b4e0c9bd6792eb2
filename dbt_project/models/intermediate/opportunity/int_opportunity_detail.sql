-- One row per opportunity: what a person reads beside its keys (names, the stage as its CRM shows it), its last activity by T,
-- and what else was delivered of it.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

stage_label as (

    select * from {{ ref('int_stage_label') }}

),

account as (

    select * from {{ ref('int_account') }} where not is_deleted

),

lead as (

    select * from {{ ref('int_lead') }} where not is_deleted

),

record_extra as (

    select * from {{ ref('int_record_extra') }} where object = 'opportunity'

),

activity as (

    select * from {{ ref('int_activity') }} where has_occurred and opportunity_id is not null

),

last_activity as (

    select source_system, opportunity_id, max(occurred_on) as last_activity_on
    from activity
    group by source_system, opportunity_id

),

tells_activity as (

    select distinct source_system from activity

)

select
    opportunity.source_system,
    opportunity.opportunity_id,
    opportunity.opportunity_key,
    -- The CRM's own label, unless a later history has left that stage.
    case when stage_label.stage = status.stage then opportunity.stage_label else stage.stage_name end as stage_label,
    stage.default_probability,
    case
        when account.account_id is not null then account.name
        when opportunity.account_id is not null then 'unknown (' || opportunity.account_id || ')'
    end as account_name,
    lead.name as lead_name,
    last_activity.last_activity_on,
    case
        when tells_activity.source_system is null then 'no activity on a deal is delivered'
        when last_activity.last_activity_on is null then 'none took place'
    end as last_activity_reason,
    record_extra.extra
from opportunity
inner join status on opportunity.opportunity_key = status.opportunity_key
left join stage
    on opportunity.source_system = stage.source_system and opportunity.pipeline = stage.pipeline and status.stage = stage.stage
left join stage_label
    on opportunity.source_system = stage_label.source_system and opportunity.pipeline = stage_label.pipeline
    and lower(opportunity.stage_label) = stage_label.label_key
left join account on opportunity.source_system = account.source_system and opportunity.account_id = account.account_id
left join lead on opportunity.source_system = lead.source_system and opportunity.lead_id = lead.lead_id
left join last_activity
    on opportunity.source_system = last_activity.source_system and opportunity.opportunity_id = last_activity.opportunity_id
left join tells_activity on opportunity.source_system = tells_activity.source_system
left join record_extra on opportunity.source_system = record_extra.source_system and opportunity.opportunity_id = record_extra.record_id
