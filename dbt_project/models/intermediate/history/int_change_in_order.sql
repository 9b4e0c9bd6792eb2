-- One row per opportunity and change: what its history, extracts and creation tell, one after the other, without repetition.
{{ config(materialized='ephemeral') }}
with from_history as (

    select * from {{ ref('int_change_from_history') }}

),

from_extract as (

    select * from {{ ref('int_change_from_extract') }}

),

from_creation as (

    select * from {{ ref('int_change_from_creation') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

-- Nothing that an extract tells comes before the last word of the history: what it repeats, is that, or another extract.
told_last as (

    select
        opportunity_key, stage_key, changed_at, amount, expected_close_on, is_amount_told, is_expected_close_told, told_at, evidence,
        0 as version_number
    from from_history
    where is_last_word
    union all
    select
        opportunity_key, stage_key, changed_at, amount, expected_close_on, is_amount_told, is_expected_close_told, told_at, evidence, 0
    from from_creation
    union all
    select
        opportunity_key, stage_key, changed_at, amount, expected_close_on, is_amount_told, is_expected_close_told, told_at, evidence,
        version_number
    from from_extract

),

compared as (

    select
        told_last.*,
        lag(told_last.evidence) over by_time is not null
            and told_last.stage_key is not distinct from lag(told_last.stage_key) over by_time
            and told_last.amount is not distinct from lag(told_last.amount) over by_time
            and told_last.expected_close_on is not distinct from lag(told_last.expected_close_on) over by_time as repeats_the_last
    from told_last
    left join stage on told_last.stage_key = stage.stage_key
    -- Two changes at the same moment follow each other in the order of their stages; extracts speak last, one after the other.
    window by_time as (
        partition by told_last.opportunity_key
        order by told_last.changed_at, case when told_last.evidence = 'extract' then 1 else 0 end, told_last.version_number, stage.stage_order,
            told_last.expected_close_on, told_last.amount
    )

),

told as (

    select
        opportunity_key, stage_key, changed_at, amount, expected_close_on, is_amount_told, is_expected_close_told, told_at, evidence,
        0 as version_number
    from from_history
    where not is_last_word
    union all
    -- An extract that only confirms what is known is no change.
    select
        opportunity_key, stage_key, changed_at, amount, expected_close_on, is_amount_told, is_expected_close_told, told_at, evidence,
        version_number
    from compared
    where evidence <> 'extract' or not repeats_the_last

)

select
    told.opportunity_key,
    row_number() over by_time as change_number,
    told.changed_at,
    told.stage_key,
    lag(told.stage_key) over by_time as previous_stage_key,
    told.amount,
    told.expected_close_on,
    told.is_amount_told,
    told.is_expected_close_told,
    told.told_at,
    told.evidence
from told
left join stage on told.stage_key = stage.stage_key
window by_time as (
    partition by told.opportunity_key
    order by told.changed_at, case when told.evidence = 'extract' then 1 else 0 end, told.version_number, stage.stage_order,
        told.expected_close_on, told.amount
)
