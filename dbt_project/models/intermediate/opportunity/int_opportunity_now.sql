-- One row per source system and opportunity, as at T: all that is known of it but what the forecast says (fct_opportunity adds that), so that
-- whoever needs a deal's state does not wait for the fit. Deleted ones stay, with status 'deleted', and count nowhere else.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

owner as (

    select * from {{ ref('int_opportunity_owner') }}

),

risk as (

    select * from {{ ref('int_opportunity_risk') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

unread as (

    select * from {{ ref('int_opportunity_unread') }}

),

detail as (

    select * from {{ ref('int_opportunity_detail') }}

),

run as (

    select timezone, as_of, as_of_end from {{ source('config', 'run') }}

),

joined as (

    select
        opportunity.source_system,
        opportunity.opportunity_id,
        opportunity.name,
        opportunity.account_id,
        detail.account_name,
        opportunity.owner_id,
        owner.owner_name,
        owner.team,
        opportunity.lead_id,
        detail.lead_name,
        opportunity.pipeline,
        status.stage,
        detail.stage_label,
        status.stage_order,
        status.phase,
        status.status,
        opportunity.opportunity_type,
        opportunity.source,
        opportunity.source_from,
        opportunity.motion,
        opportunity.product,
        opportunity.segment,
        amount.amount,
        opportunity.amount as amount_original,
        amount.currency,
        stage.default_probability,
        opportunity.probability,
        opportunity.forecast_category,
        opportunity.created_at,
        {{ local_day('opportunity.created_at') }} as created_on,
        opportunity.is_created_at_inferred,
        opportunity.expected_close_on,
        status.stage_entered_at,
        status.is_stage_entry_unknown,
        status.closed_at,
        {{ local_day('status.closed_at') }} as closed_on,
        opportunity.lost_reason,
        opportunity.next_step,
        opportunity.deleted_at,
        unread.opportunity_id is not null as is_of_earlier_extract,
        status.visits,
        status.has_stage_history,
        status.reopened_times,
        status.has_moved_back,
        status.close_date_pushes,
        risk.is_stalled,
        risk.stalled_threshold_days,
        risk.stalled_threshold_visits,
        risk.contacts,
        risk.is_single_threaded,
        detail.last_activity_on,
        detail.last_activity_reason,
        risk.next_activity_on,
        risk.has_no_next_activity,
        risk.risk_reasons,
        risk.risk_unknown,
        detail.extra,
        run.as_of,
        run.as_of_end
    from opportunity
    cross join run
    inner join status on opportunity.source_system = status.source_system and opportunity.opportunity_id = status.opportunity_id
    inner join amount on opportunity.source_system = amount.source_system and opportunity.opportunity_id = amount.opportunity_id
    inner join owner on opportunity.source_system = owner.source_system and opportunity.opportunity_id = owner.opportunity_id
    left join risk on opportunity.source_system = risk.source_system and opportunity.opportunity_id = risk.opportunity_id
    left join unread
        on opportunity.source_system = unread.source_system and opportunity.opportunity_id = unread.opportunity_id
    left join detail on opportunity.source_system = detail.source_system and opportunity.opportunity_id = detail.opportunity_id
    left join stage
        on opportunity.source_system = stage.source_system and opportunity.pipeline = stage.pipeline and status.stage = stage.stage
    -- A deal made after T was not known then.
    where opportunity.created_at < run.as_of_end

)

select
    source_system,
    opportunity_id,
    name,
    account_id,
    account_name,
    owner_id,
    owner_name,
    team,
    lead_id,
    lead_name,
    pipeline,
    stage,
    stage_label,
    cast(stage_order as integer) as stage_order,
    phase,
    status,
    opportunity_type,
    source,
    source_from,
    motion,
    product,
    segment,
    amount,
    amount_original,
    currency,
    default_probability,
    probability,
    case when status = 'open' then {{ weighted('amount', 'default_probability') }} end as weighted_amount,
    forecast_category,
    created_at,
    created_on,
    is_created_at_inferred,
    expected_close_on,
    status = 'open' and {{ is_overdue('expected_close_on', 'as_of') }} as is_overdue,
    stage_entered_at,
    closed_at,
    closed_on,
    lost_reason,
    next_step,
    deleted_at,
    is_of_earlier_extract,
    cast({{ dbt.datediff('created_on', 'coalesce(closed_on, as_of)', 'day') }} as integer) as age_days,
    -- A deal that is over is in no stage any more: its row stays as it is from night to night.
    case when status = 'open' and not coalesce(is_stage_entry_unknown, false) then round({{ whole_minutes_in_days('stage_entered_at', 'as_of_end') }}, 6) end as days_in_stage,
    case when status = 'won' then cast({{ dbt.datediff('created_on', 'closed_on', 'day') }} as integer) end as sales_cycle_days,
    cast(visits as integer) as visits,
    cast(visits - 1 as integer) as stage_changes,
    has_stage_history,
    cast(reopened_times as integer) as reopened_times,
    has_moved_back,
    cast(close_date_pushes as integer) as close_date_pushes,
    is_stalled,
    round(stalled_threshold_days, 6) as stalled_threshold_days,
    cast(stalled_threshold_visits as bigint) as stalled_threshold_visits,
    cast(contacts as integer) as contacts,
    is_single_threaded,
    last_activity_on,
    last_activity_reason,
    next_activity_on,
    has_no_next_activity,
    risk_reasons,
    risk_unknown,
    extra
from joined
