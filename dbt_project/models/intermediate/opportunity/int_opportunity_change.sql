-- One row per opportunity and moment at which its stage, amount or expected close date is known to have changed: its state from then on.
-- The CRM's own history speaks where there is one; consecutive extracts speak where there is none, before its first word and after its last.
-- Opportunity and stage are known by their numbers (int_opportunity, int_stage): millions of rows are sorted and joined by them.
with usable_history as (

    select * from {{ ref('int_stage_history') }} where problem is null

),

history_beginning as (

    select * from {{ ref('int_history_beginning') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

stage_label as (

    select * from {{ ref('int_stage_label') }}

),

delivered_file as (

    select * from {{ source('accounting', 'delivered_file') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

definition as (

    select * from {{ source('config', 'definition') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

entry_stage as (

    select source_system, pipeline, {{ first_by('stage_key', 'stage') }} as stage_key, min(stage_order) as stage_order
    from stage
    where is_entry
    group by source_system, pipeline

),

history_end as (

    select
        opportunity_key,
        max(changed_at) as last_told_at,
        -- A history without amounts or dates does not track them: then they are as last delivered, not missing.
        count(amount) > 0 as tracks_amount,
        count(expected_close_on) > 0 as tracks_expected_close,
        -- Of some CRMs it is known that what they do not tell was different then: the date is unknown before the first extract.
        min(case when not is_close_date_of_today then 0 else 1 end) = 1 as borrows_expected_close
    from usable_history
    group by opportunity_key

),

-- What a history leaves open is as last delivered. A close that lies before its first word has the date that the CRM's record gives it.
from_history as (

    select
        usable_history.opportunity_key, usable_history.stage_key,
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
        usable_history.changed_at as word_at,
        usable_history.changed_at = history_end.last_told_at as is_last_word
    from usable_history
    inner join history_end on usable_history.opportunity_key = history_end.opportunity_key
    inner join opportunity on usable_history.opportunity_key = opportunity.opportunity_key
    left join history_beginning as recorded
        on usable_history.opportunity_key = recorded.opportunity_key
        and usable_history.changed_at = recorded.first_told_at and usable_history.stage_key = recorded.closed_stage_key
        and recorded.recorded_closed_at is not null

),

-- Where a history leaves its deal: of two words at one instant, the later in the order of `numbered`.
last_word as (

    select
        from_history.opportunity_key, opportunity.source_system, from_history.word_at as last_told_at, {{ local_day('from_history.word_at') }} as told_on,
        from_history.stage_key, from_history.amount, from_history.expected_close_on, stage.pipeline
    from from_history
    cross join run
    inner join opportunity on from_history.opportunity_key = opportunity.opportunity_key
    left join stage on from_history.stage_key = stage.stage_key
    where from_history.is_last_word
    qualify row_number() over (
        partition by from_history.opportunity_key
        order by stage.stage_order desc nulls first, from_history.expected_close_on desc nulls first, from_history.amount desc nulls first
    ) = 1

),

extract_made as (

    select system as source_system, extracted_at
    from delivered_file
    where object in ('opportunity', 'deal') and outcome = 'loaded'
    union
    select source_system, valid_from from opportunity_version

),

told_day as (

    select
        found.source_system, found.told_on, {{ utc_time(dbt.cast('found.told_on', 'timestamp'), 'run.timezone') }} as began_at,
        {{ utc_time(dbt.cast(dbt.dateadd('day', 1, 'found.told_on'), 'timestamp'), 'run.timezone') }} as ended_at
    from (select distinct source_system, told_on from last_word) as found
    cross join run

),

-- The extracts next to the day of a history's last word: the last one of that day, and the first one after it.
extract_of_day as (

    select
        told_day.source_system, told_day.told_on, told_day.began_at, told_day.ended_at,
        max(case when extract_made.extracted_at < told_day.ended_at then extract_made.extracted_at end) as that_day_at,
        min(case when extract_made.extracted_at >= told_day.ended_at then extract_made.extracted_at end) as later_at
    from told_day
    left join extract_made
        on told_day.source_system = extract_made.source_system and extract_made.extracted_at >= told_day.began_at
    group by told_day.source_system, told_day.told_on, told_day.began_at, told_day.ended_at

),

versioned as (

    select
        opportunity.opportunity_key, opportunity.created_at as opportunity_created_at, opportunity.is_created_at_inferred,
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

compared_version as (

    select
        *,
        lag(stage_key) over by_version as previous_stage_key,
        lag(amount) over by_version as previous_amount,
        lag(expected_close_on) over by_version as previous_expected_close_on
    from versioned
    window by_version as (partition by opportunity_key order by version_number)

),

dated_version as (

    -- Dated by the extract that first showed it; a close by its own date, where that is possible. Extracts are dated by day:
    -- what one shows of a deal created later on that day was so from its creation on.
    select
        compared_version.*,
        case
            when compared_version.phase in ('won', 'lost')
                and compared_version.closed_at < run.as_of_end
                and {{ local_day('compared_version.closed_at') }} >= {{ local_day('compared_version.opportunity_created_at') }}
                and (compared_version.version_number = 1 or stage.stage is distinct from previous_stage.stage)
                then greatest(compared_version.closed_at, compared_version.opportunity_created_at)
            when compared_version.version_number = 1 and compared_version.is_created_at_inferred then compared_version.opportunity_created_at
            else greatest(compared_version.valid_from, compared_version.opportunity_created_at)
        end as dated_at
    from compared_version
    cross join run
    left join stage on compared_version.stage_key = stage.stage_key
    left join stage as previous_stage on compared_version.previous_stage_key = previous_stage.stage_key
    where compared_version.version_number = 1
        or compared_version.stage_key is distinct from compared_version.previous_stage_key
        or compared_version.amount is distinct from compared_version.previous_amount
        or compared_version.expected_close_on is distinct from compared_version.previous_expected_close_on

),

changed_version as (

    -- A close that is dated back to before a state which an earlier extract showed comes after that state.
    select
        *,
        max(dated_at) over (partition by opportunity_key order by version_number rows unbounded preceding) as changed_at,
        lead(valid_from) over (partition by opportunity_key order by version_number) as next_valid_from
    from dated_version

),

-- A deal without history, or before it, was created where deals of its pipeline are created, or where it was first seen if it is still there.
from_creation as (

    select
        changed_version.opportunity_key,
        case
            when changed_version.phase not in ('won', 'lost') and changed_version.stage_order <= entry_stage.stage_order
                then changed_version.stage_key
            else entry_stage.stage_key
        end as stage_key,
        changed_version.opportunity_created_at as changed_at,
        case when coalesce(history_end.tracks_amount, true) then changed_version.amount else opportunity.amount end as amount,
        case
            when coalesce(history_end.tracks_expected_close or not history_end.borrows_expected_close, true)
                then changed_version.expected_close_on
            else opportunity.expected_close_on
        end as expected_close_on,
        coalesce(history_end.tracks_amount, true) as is_amount_told,
        coalesce(history_end.tracks_expected_close or not history_end.borrows_expected_close, true) as is_expected_close_told,
        changed_version.valid_from as told_at,
        'created' as evidence
    from changed_version
    inner join opportunity on changed_version.opportunity_key = opportunity.opportunity_key
    left join history_end on changed_version.opportunity_key = history_end.opportunity_key
    left join history_beginning on changed_version.opportunity_key = history_beginning.opportunity_key
    inner join entry_stage
        on changed_version.source_system = entry_stage.source_system and changed_version.pipeline = entry_stage.pipeline
    where changed_version.version_number = 1
        and (history_end.opportunity_key is null or history_beginning.is_shown_before)
        and changed_version.created_at is not null

    union all

    -- What a history tells of amounts and dates, it does not tell of the time before it begins.
    select
        history_beginning.opportunity_key, history_beginning.stage_key_since_creation, history_beginning.created_at,
        case when not history_end.tracks_amount then opportunity.amount end,
        case when not history_end.tracks_expected_close and history_end.borrows_expected_close then opportunity.expected_close_on end,
        history_end.tracks_amount, history_end.tracks_expected_close, history_beginning.first_told_at, 'created'
    from history_beginning
    inner join history_end on history_beginning.opportunity_key = history_end.opportunity_key
    inner join opportunity on history_beginning.opportunity_key = opportunity.opportunity_key
    where history_beginning.stage_key_since_creation is not null

),

-- A version beside the last word of its deal's history. What the history does not track is as last delivered, and no news.
beside_history as (

    select
        changed_version.opportunity_key, changed_version.version_number, changed_version.valid_from, changed_version.next_valid_from,
        changed_version.changed_at, changed_version.pipeline, changed_version.stage_key,
        changed_version.stage_key is not distinct from changed_version.previous_stage_key as keeps_stage,
        case when history_end.tracks_amount then changed_version.amount else opportunity.amount end as amount,
        case
            when history_end.tracks_expected_close or not history_end.borrows_expected_close then changed_version.expected_close_on
            else opportunity.expected_close_on
        end as expected_close_on,
        history_end.tracks_amount as is_amount_told,
        history_end.tracks_expected_close or not history_end.borrows_expected_close as is_expected_close_told,
        last_word.last_told_at, last_word.stage_key as last_stage_key, last_word.amount as last_amount,
        last_word.expected_close_on as last_expected_close_on, last_word.pipeline as last_pipeline,
        extract_of_day.began_at, extract_of_day.ended_at, extract_of_day.that_day_at, extract_of_day.later_at,
        coalesce(changed_version.valid_from <= extract_of_day.that_day_at, false)
            and (
                coalesce(changed_version.next_valid_from > extract_of_day.that_day_at, true)
                or changed_version.valid_from > last_word.last_told_at
            ) as is_shown_that_day,
        changed_version.valid_from < extract_of_day.ended_at and extract_of_day.later_at is not null
            and coalesce(changed_version.next_valid_from > extract_of_day.later_at, true) as is_shown_later
    from changed_version
    inner join history_end on changed_version.opportunity_key = history_end.opportunity_key
    inner join opportunity on changed_version.opportunity_key = opportunity.opportunity_key
    inner join last_word on changed_version.opportunity_key = last_word.opportunity_key
    inner join extract_of_day on last_word.source_system = extract_of_day.source_system and last_word.told_on = extract_of_day.told_on

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

-- An extract of the day of the last word shows that day's end, so it comes after that word. But some are made earlier on their day, whatever
-- time their names tell: a stage that the history tells of that day before its last word, or that the extract before showed too, is no move
-- back. Amount and date are the deal's as long as nothing newer is delivered, which then shows if they were edited before the last word.
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

),

from_extracts as (

    select
        opportunity_key, stage_key,
        max(changed_at) over (partition by opportunity_key order by version_number, told_at rows unbounded preceding) as changed_at,
        amount, expected_close_on, is_amount_told, is_expected_close_told, told_at, 'extract' as evidence, version_number
    from spoken

    union all

    -- What extracts showed before the history's first word is known from them.
    select
        changed_version.opportunity_key, changed_version.stage_key, changed_version.changed_at,
        case when history_end.tracks_amount then changed_version.amount else opportunity.amount end,
        case
            when history_end.tracks_expected_close or not history_end.borrows_expected_close then changed_version.expected_close_on
            else opportunity.expected_close_on
        end,
        history_end.tracks_amount,
        history_end.tracks_expected_close or not history_end.borrows_expected_close,
        changed_version.valid_from, 'extract', changed_version.version_number
    from changed_version
    inner join history_beginning
        on changed_version.opportunity_key = history_beginning.opportunity_key and history_beginning.is_shown_before
        and changed_version.valid_from < history_beginning.first_told_day_at
    inner join history_end on changed_version.opportunity_key = history_end.opportunity_key
    inner join opportunity on changed_version.opportunity_key = opportunity.opportunity_key

    union all

    select
        changed_version.opportunity_key, changed_version.stage_key, changed_version.changed_at,
        changed_version.amount, changed_version.expected_close_on, true, true, changed_version.valid_from, 'extract',
        changed_version.version_number
    from changed_version
    left join history_end on changed_version.opportunity_key = history_end.opportunity_key
    where history_end.opportunity_key is null

),

-- Nothing that an extract tells comes before the last word of the history: what it repeats, is that, or another extract.
told_last as (

    select
        opportunity_key, stage_key, changed_at, amount, expected_close_on, is_amount_told, is_expected_close_told, told_at, evidence,
        0 as version_number
    from from_history
    where is_last_word
    union all
    select *, 0 from from_creation
    union all
    select * from from_extracts

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
    -- Two changes at the same instant follow each other in the order of their stages; extracts speak last, one after the other.
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

),

numbered as (

    select
        told.*,
        row_number() over by_time as change_number,
        lag(told.stage_key) over by_time as previous_stage_key
    from told
    left join stage on told.stage_key = stage.stage_key
    window by_time as (
        partition by told.opportunity_key
        order by told.changed_at, case when told.evidence = 'extract' then 1 else 0 end, told.version_number, stage.stage_order,
            told.expected_close_on, told.amount
    )

),

last_visit as (

    select opportunity_key, change_number, stage_key, changed_at
    from numbered
    where change_number = 1 or stage_key is distinct from previous_stage_key
    qualify row_number() over (partition by opportunity_key order by change_number desc) = 1

),

-- Where the company's definition is the CRM's close date: deals that are closed, and by it on another day, which can be.
recorded_close as (

    select last_visit.opportunity_key, last_visit.change_number, greatest(opportunity.recorded_closed_at, opportunity.created_at) as closed_at
    from last_visit
    cross join run
    cross join definition
    inner join stage on last_visit.stage_key = stage.stage_key and not stage.is_open
    inner join opportunity on last_visit.opportunity_key = opportunity.opportunity_key
    where definition.closed_on = 'close_date'
        and opportunity.recorded_closed_at < run.as_of_end
        and {{ local_day('opportunity.recorded_closed_at') }} >= {{ local_day('opportunity.created_at') }}
        and {{ local_day('opportunity.recorded_closed_at') }} <> {{ local_day('last_visit.changed_at') }}

),

-- What came before the close came before its date, and what came after it after that.
redated as (

    select
        numbered.*,
        case
            when recorded_close.opportunity_key is null then numbered.changed_at
            when numbered.change_number < recorded_close.change_number then least(numbered.changed_at, recorded_close.closed_at)
            when numbered.change_number = recorded_close.change_number then recorded_close.closed_at
            else greatest(numbered.changed_at, recorded_close.closed_at)
        end as dated_at
    from numbered
    left join recorded_close on numbered.opportunity_key = recorded_close.opportunity_key

)

select
    numbered.opportunity_key,
    cast(numbered.change_number as integer) as change_number,
    numbered.dated_at as changed_at,
    -- The company's day: worked out once, for all that ask for it.
    {{ local_day('numbered.dated_at') }} as changed_on,
    lead(numbered.dated_at) over (partition by numbered.opportunity_key order by numbered.change_number) as next_changed_at,
    -- When the history, an extract or the creation says that it was: another moment only where the CRM's close date stands for that.
    numbered.changed_at as stage_changed_at,
    numbered.stage_key,
    numbered.amount,
    numbered.expected_close_on,
    -- False: borrowed from the deal as last delivered, and not known before.
    numbered.is_amount_told,
    numbered.is_expected_close_told,
    -- When what this row says was first told: later than it happened where only an extract shows it.
    numbered.told_at,
    case when numbered.dated_at = numbered.changed_at then numbered.evidence else 'record' end as evidence,
    -- Of the same name in another pipeline, it is the same stage: who was won stays won since then.
    stage.stage is distinct from previous_stage.stage as enters_stage,
    -- What changed during a visit (amount, expected close) began none.
    numbered.change_number = 1 or numbered.stage_key is distinct from numbered.previous_stage_key as begins_visit
from redated as numbered
cross join run
left join stage on numbered.stage_key = stage.stage_key
left join stage as previous_stage on numbered.previous_stage_key = previous_stage.stage_key
