-- One row per source system and opportunity, as at T, with what the forecast says of the open ones. Deleted ones stay, with status 'deleted',
-- and count nowhere else.
with opportunity_now as (

    select * from {{ ref('int_opportunity_now') }}

),

win_probability as (

    select * from {{ ref('int_opportunity_win_probability') }}

)

select
    opportunity_now.source_system,
    opportunity_now.opportunity_id,
    opportunity_now.name,
    opportunity_now.account_id,
    opportunity_now.account_name,
    opportunity_now.owner_id,
    opportunity_now.owner_name,
    opportunity_now.team,
    opportunity_now.lead_id,
    opportunity_now.lead_name,
    opportunity_now.pipeline,
    opportunity_now.stage,
    opportunity_now.stage_label,
    opportunity_now.stage_order,
    opportunity_now.phase,
    opportunity_now.status,
    opportunity_now.opportunity_type,
    opportunity_now.source,
    opportunity_now.source_from,
    opportunity_now.motion,
    opportunity_now.product,
    opportunity_now.segment,
    opportunity_now.amount,
    opportunity_now.amount_original,
    opportunity_now.currency,
    opportunity_now.default_probability,
    opportunity_now.probability,
    opportunity_now.weighted_amount,
    opportunity_now.forecast_category,
    opportunity_now.created_at,
    opportunity_now.created_on,
    opportunity_now.is_created_at_inferred,
    opportunity_now.expected_close_on,
    opportunity_now.is_overdue,
    opportunity_now.stage_entered_at,
    opportunity_now.closed_at,
    opportunity_now.closed_on,
    opportunity_now.lost_reason,
    opportunity_now.next_step,
    opportunity_now.deleted_at,
    opportunity_now.is_of_earlier_extract,
    opportunity_now.age_days,
    opportunity_now.days_in_stage,
    opportunity_now.sales_cycle_days,
    opportunity_now.visits,
    opportunity_now.stage_changes,
    opportunity_now.has_stage_history,
    opportunity_now.reopened_times,
    opportunity_now.has_moved_back,
    opportunity_now.close_date_pushes,
    opportunity_now.is_stalled,
    opportunity_now.stalled_threshold_days,
    opportunity_now.stalled_threshold_visits,
    opportunity_now.contacts,
    opportunity_now.is_single_threaded,
    opportunity_now.last_activity_on,
    opportunity_now.last_activity_reason,
    opportunity_now.next_activity_on,
    opportunity_now.has_no_next_activity,
    opportunity_now.risk_reasons,
    opportunity_now.risk_unknown,
    win_probability.win_probability,
    win_probability.likely_win_from,
    win_probability.likely_win_to,
    win_probability.reasons as win_reasons,
    opportunity_now.extra
from opportunity_now
left join win_probability
    on opportunity_now.source_system = win_probability.source_system and opportunity_now.opportunity_id = win_probability.opportunity_id
    and opportunity_now.status = 'open'
