-- One row per opportunity and delivered version that differs from the one before in stage, amount or expected close date: since when it was so.
-- What the deal's history does not track is as last delivered, and no news.
{{ config(materialized='ephemeral') }}
with opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

history_end as (

    select * from {{ ref('int_history_end') }}

),

stage_label as (

    select * from {{ ref('int_stage_label') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

versioned as (

    select
        opportunity.opportunity_key, opportunity.created_at as opportunity_created_at, opportunity.is_created_at_inferred,
        opportunity.amount as last_amount, opportunity.expected_close_on as last_expected_close_on,
        opportunity_version.version_number, opportunity_version.valid_from, opportunity_version.source_system, opportunity_version.pipeline,
        opportunity_version.created_at, opportunity_version.closed_at, opportunity_version.amount, opportunity_version.expected_close_on,
        stage_label.stage_key, stage_label.stage_order, stage_label.phase
    from opportunity_version
    cross join run
    inner join opportunity
        on opportunity_version.source_system = opportunity.source_system
        and opportunity_version.opportunity_id = opportunity.opportunity_id
    left join stage_label
        on opportunity_version.source_system = stage_label.source_system
        and opportunity_version.pipeline = stage_label.pipeline
        and lower(opportunity_version.stage_label) = stage_label.label_key
    where opportunity.created_at < run.as_of_end

),

compared as (

    select
        *,
        lag(stage_key) over by_version as previous_stage_key,
        lag(amount) over by_version as previous_amount,
        lag(expected_close_on) over by_version as previous_expected_close_on
    from versioned
    window by_version as (partition by opportunity_key order by version_number)

),

dated as (

    -- Dated by the extract that first showed it; a close by its own date, where that is possible. Extracts are dated by day:
    -- what one shows of a deal created later on that day was so from its creation on.
    select
        compared.*,
        case
            when compared.phase in ('won', 'lost')
                and compared.closed_at < run.as_of_end
                and {{ local_day('compared.closed_at') }} >= {{ local_day('compared.opportunity_created_at') }}
                and (compared.version_number = 1 or stage.stage is distinct from previous_stage.stage)
                then greatest(compared.closed_at, compared.opportunity_created_at)
            when compared.version_number = 1 and compared.is_created_at_inferred then compared.opportunity_created_at
            else greatest(compared.valid_from, compared.opportunity_created_at)
        end as dated_at
    from compared
    cross join run
    left join stage on compared.stage_key = stage.stage_key
    left join stage as previous_stage on compared.previous_stage_key = previous_stage.stage_key
    where compared.version_number = 1
        or compared.stage_key is distinct from compared.previous_stage_key
        or compared.amount is distinct from compared.previous_amount
        or compared.expected_close_on is distinct from compared.previous_expected_close_on

),

tracked as (

    select
        dated.*,
        history_end.opportunity_key is not null as has_history,
        coalesce(history_end.tracks_amount, true) as is_amount_told,
        coalesce(history_end.tracks_expected_close or not history_end.borrows_expected_close, true) as is_expected_close_told
    from dated
    left join history_end on dated.opportunity_key = history_end.opportunity_key

)

select
    opportunity_key,
    version_number,
    valid_from,
    lead(valid_from) over by_version as next_valid_from,
    -- A close that is dated back to before a state which an earlier extract showed comes after that state.
    max(dated_at) over (partition by opportunity_key order by version_number rows unbounded preceding) as changed_at,
    source_system,
    pipeline,
    stage_key,
    stage_order,
    phase,
    stage_key is not distinct from previous_stage_key as keeps_stage,
    case when is_amount_told then amount else last_amount end as amount,
    case when is_expected_close_told then expected_close_on else last_expected_close_on end as expected_close_on,
    is_amount_told,
    is_expected_close_told,
    opportunity_created_at,
    created_at is not null as tells_creation,
    has_history
from tracked
window by_version as (partition by opportunity_key order by version_number)
