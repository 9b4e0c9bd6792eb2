-- One row per opportunity, delivered version and moment at which extracts tell its state: where the deal has no history, before and after it.
{{ config(materialized='ephemeral') }}
with version_change as (

    select * from {{ ref('int_version_change') }}

),

history_beginning as (

    select * from {{ ref('int_history_beginning') }}

),

after_history as (

    select * from {{ ref('int_change_after_history') }}

)

select
    opportunity_key, stage_key, changed_at, amount, expected_close_on, is_amount_told, is_expected_close_told, told_at,
    'extract' as evidence, version_number
from after_history

union all

-- What extracts showed before the history's first word is known from them.
select
    version_change.opportunity_key, version_change.stage_key, version_change.changed_at, version_change.amount, version_change.expected_close_on,
    version_change.is_amount_told, version_change.is_expected_close_told, version_change.valid_from, 'extract', version_change.version_number
from version_change
inner join history_beginning
    on version_change.opportunity_key = history_beginning.opportunity_key and history_beginning.is_shown_before
    and version_change.valid_from < history_beginning.first_told_day_at
where version_change.has_history

union all

select
    opportunity_key, stage_key, changed_at, amount, expected_close_on, is_amount_told, is_expected_close_told, valid_from, 'extract', version_number
from version_change
where not has_history
