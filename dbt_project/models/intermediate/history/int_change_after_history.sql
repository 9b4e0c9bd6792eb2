-- One row per opportunity, delivered version and moment at which an extract tells what the deal's history has not told: its state from then on.
-- An extract of the day of the history's last word shows that day's end, so it comes after that word. But some are made earlier on their day,
-- whatever time their names tell: a stage that the history tells of that day before its last word, or that the extract before showed too, is no
-- move back. Amount and date are the deal's as long as nothing newer is delivered, which then shows if they were edited before the last word.
{{ config(materialized='ephemeral') }}
with version_change as (

    select * from {{ ref('int_version_change') }}

),

last_word as (

    select * from {{ ref('int_history_last_word') }}

),

from_history as (

    select * from {{ ref('int_change_from_history') }}

),

beside_history as (

    select
        version_change.opportunity_key, version_change.version_number, version_change.valid_from, version_change.next_valid_from,
        version_change.changed_at, version_change.pipeline, version_change.stage_key, version_change.keeps_stage,
        version_change.amount, version_change.expected_close_on, version_change.is_amount_told, version_change.is_expected_close_told,
        last_word.last_told_at, last_word.stage_key as last_stage_key, last_word.amount as last_amount,
        last_word.expected_close_on as last_expected_close_on, last_word.pipeline as last_pipeline,
        last_word.began_at, last_word.ended_at, last_word.that_day_at, last_word.later_at,
        coalesce(version_change.valid_from <= last_word.that_day_at, false)
            and (
                coalesce(version_change.next_valid_from > last_word.that_day_at, true)
                or version_change.valid_from > last_word.last_told_at
            ) as is_shown_that_day,
        version_change.valid_from < last_word.ended_at and last_word.later_at is not null
            and coalesce(version_change.next_valid_from > last_word.later_at, true) as is_shown_later
    from version_change
    inner join last_word on version_change.opportunity_key = last_word.opportunity_key

),

contradiction as (

    select *
    from beside_history
    where (is_shown_that_day or is_shown_later) and (
        stage_key is distinct from last_stage_key
        or amount is distinct from last_amount
        or expected_close_on is distinct from last_expected_close_on
    )

),

-- Which parts of a contradicting version the history tells of that day before its last word, the state in which it began included.
told_earlier as (

    select
        contradiction.opportunity_key, contradiction.version_number,
        {{ any_true('earlier.stage_key = contradiction.stage_key') }} as is_stage_told,
        {{ any_true('earlier.amount is not distinct from contradiction.amount') }} as is_amount_told,
        {{ any_true('earlier.expected_close_on is not distinct from contradiction.expected_close_on') }} as is_close_told
    from contradiction
    inner join (
        select
            opportunity_key, stage_key, amount, expected_close_on,
            lead(changed_at) over (partition by opportunity_key order by changed_at, is_last_word) as next_told_at
        from from_history
        where opportunity_key in (select opportunity_key from contradiction)
    ) as earlier
        on contradiction.opportunity_key = earlier.opportunity_key and earlier.next_told_at >= contradiction.began_at
    group by contradiction.opportunity_key, contradiction.version_number

),

judged as (

    select
        contradiction.*,
        case
            when contradiction.pipeline = contradiction.last_pipeline and (contradiction.keeps_stage or told_earlier.is_stage_told)
                then contradiction.last_stage_key
            else contradiction.stage_key
        end as stage_key_that_day,
        case
            when contradiction.next_valid_from is null or not coalesce(told_earlier.is_amount_told, false)
                then contradiction.amount
            else contradiction.last_amount
        end as amount_that_day,
        case
            when contradiction.next_valid_from is null or not coalesce(told_earlier.is_close_told, false)
                then contradiction.expected_close_on
            else contradiction.last_expected_close_on
        end as expected_close_on_that_day
    from contradiction
    left join told_earlier
        on contradiction.opportunity_key = told_earlier.opportunity_key and contradiction.version_number = told_earlier.version_number

),

spoken as (

    -- A close whose own date lies before the last word of the history came after that word all the same: the extract shows it.
    -- A deal is in the pipeline that its newest extract names, whatever the history has not told yet.
    select
        opportunity_key, version_number, stage_key, greatest(changed_at, last_told_at) as changed_at, amount, expected_close_on,
        is_amount_told, is_expected_close_told, valid_from as told_at
    from beside_history
    where valid_from >= ended_at
        or (next_valid_from is null and pipeline <> last_pipeline and not is_shown_that_day)

    union all

    select
        opportunity_key, version_number, stage_key_that_day, greatest(changed_at, last_told_at), amount_that_day, expected_close_on_that_day,
        is_amount_told, is_expected_close_told, case when valid_from >= began_at then valid_from else that_day_at end
    from judged
    where is_shown_that_day

    union all

    -- What the history has told last is not what a later day's extract still shows.
    select
        opportunity_key, version_number, stage_key, later_at, amount, expected_close_on, is_amount_told, is_expected_close_told, later_at
    from judged
    where is_shown_later and not (
        is_shown_that_day
        and stage_key_that_day is not distinct from stage_key
        and amount_that_day is not distinct from amount
        and expected_close_on_that_day is not distinct from expected_close_on
    )

)

select
    opportunity_key,
    stage_key,
    max(changed_at) over (partition by opportunity_key order by version_number, told_at rows unbounded preceding) as changed_at,
    amount,
    expected_close_on,
    is_amount_told,
    is_expected_close_told,
    told_at,
    version_number
from spoken
