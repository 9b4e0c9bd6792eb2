-- One row per change that a CRM's own history tells, and why it cannot be used (problem; null where it can).
with stage_history as (

    select * from {{ ref('canonical_stage_history') }}

),

field_history_state as (

    select * from {{ ref('int_field_history_state') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

stage_label as (

    select * from {{ ref('int_stage_label') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

with_history as (

    select distinct source_system, opportunity_id from stage_history

),

told as (

    select
        source_system, _object, opportunity_id, pipeline, stage_label, changed_at, amount, expected_close_on, is_close_date_of_today, _file, _row
    from stage_history

    union all

    -- The history of single fields speaks where the history of stages says nothing of the deal (ops_field_history_difference compares them).
    select
        field_history_state.source_system, field_history_state._object, field_history_state.opportunity_id, cast(null as varchar),
        field_history_state.stage_label, field_history_state.changed_at, field_history_state.amount, field_history_state.expected_close_on, true,
        field_history_state._file, field_history_state._row
    from field_history_state
    left join with_history
        on field_history_state.source_system = with_history.source_system
        and field_history_state.opportunity_id = with_history.opportunity_id
    where with_history.opportunity_id is null

),

judged as (

    select
        told.*,
        opportunity.opportunity_key,
        opportunity.pipeline as pipeline_of_opportunity,
        case
            when opportunity.opportunity_id is null then 'no such opportunity was delivered'
            when told.changed_at >= run.as_of_end then 'later than the as-of day'
            -- Few changes come before the deal: only of those is the day asked for.
            when not opportunity.is_created_at_inferred and told.changed_at < opportunity.created_at then case
                when {{ local_day('told.changed_at') }} < {{ local_day('opportunity.created_at') }}
                    then 'before the day on which the opportunity was created'
            end
        end as problem
    from told
    cross join run
    left join opportunity on told.source_system = opportunity.source_system and told.opportunity_id = opportunity.opportunity_id

)

select
    judged.source_system,
    judged.opportunity_key,
    stage_label.stage_key,
    judged.changed_at,
    judged.amount,
    judged.expected_close_on,
    -- Where a history without close dates may borrow the date last delivered.
    judged.is_close_date_of_today,
    judged.problem,
    -- Of what cannot be used: its own word for the deal, which may be unknown.
    case when judged.problem is not null then judged.opportunity_id end as opportunity_id,
    judged._object,
    judged._file,
    judged._row
from judged
-- Where the history names the pipeline of its stages, in that; else in that of the deal.
left join stage_label
    on judged.source_system = stage_label.source_system
    and coalesce(judged.pipeline, judged.pipeline_of_opportunity) = stage_label.pipeline
    and lower(judged.stage_label) = stage_label.label_key
