-- One row per opportunity and word of its history: stage, amount and expected close date from then on, as that says.
-- What a history leaves open is as last delivered. A close that lies before its first word has the date that the CRM's record gives it.
{{ config(materialized='ephemeral') }}
with usable_history as (

    select * from {{ ref('int_stage_history') }} where problem is null

),

history_end as (

    select * from {{ ref('int_history_end') }}

),

history_beginning as (

    select * from {{ ref('int_history_beginning') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

)

select
    usable_history.opportunity_key,
    usable_history.stage_key,
    coalesce(recorded.recorded_closed_at, usable_history.changed_at) as changed_at,
    case when history_end.tracks_amount then usable_history.amount else opportunity.amount end as amount,
    case
        when history_end.tracks_expected_close then usable_history.expected_close_on
        when history_end.borrows_expected_close then opportunity.expected_close_on
    end as expected_close_on,
    history_end.tracks_amount as is_amount_told,
    history_end.tracks_expected_close as is_expected_close_told,
    coalesce(recorded.recorded_closed_at, usable_history.changed_at) as told_at,
    case when recorded.opportunity_key is not null then 'record' else 'history' end as evidence,
    -- When the history says it, whatever the record makes of it.
    usable_history.changed_at as word_at,
    usable_history.changed_at = history_end.last_told_at as is_last_word
from usable_history
inner join history_end on usable_history.opportunity_key = history_end.opportunity_key
inner join opportunity on usable_history.opportunity_key = opportunity.opportunity_key
left join history_beginning as recorded
    on usable_history.opportunity_key = recorded.opportunity_key
    and usable_history.changed_at = recorded.first_told_at and usable_history.stage_key = recorded.closed_stage_key
    and recorded.recorded_closed_at is not null
