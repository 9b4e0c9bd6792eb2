-- One row per opportunity and moment at which its stage, amount or expected close date is known to have changed: its state from then on.
-- The CRM's own history speaks where there is one; consecutive extracts speak where there is none, and after its last word.
with stage_history as (

    select * from {{ ref('int_stage_history') }}

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

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

entry_stage as (

    select source_system, pipeline, min(stage) as stage, min(stage_order) as stage_order
    from {{ ref('int_stage') }}
    where is_entry
    group by source_system, pipeline

),

usable_history as (

    select * from stage_history where problem is null

),

history_end as (

    select
        source_system, opportunity_id,
        max(changed_at) as last_told_at,
        -- A history without amounts or dates does not track them: then they are as last delivered, not missing.
        count(amount) > 0 as tracks_amount,
        count(expected_close_on) > 0 as tracks_expected_close,
        -- Of some CRMs it is known that what they do not tell was different then: the date is unknown before the first extract.
        min(case when not is_close_date_of_today then 0 else 1 end) = 1 as borrows_expected_close
    from usable_history
    group by source_system, opportunity_id

),

-- What a history leaves open is as last delivered.
followed as (

    select history_end.*, opportunity.pipeline, opportunity.amount, opportunity.expected_close_on
    from history_end
    inner join opportunity
        on history_end.source_system = opportunity.source_system and history_end.opportunity_id = opportunity.opportunity_id

),

from_history as (

    select
        usable_history.source_system, usable_history.opportunity_id,
        coalesce(usable_history.pipeline, followed.pipeline) as pipeline, lower(usable_history.stage_label) as label_key,
        usable_history.changed_at,
        case when followed.tracks_amount then usable_history.amount else followed.amount end as amount,
        case
            when followed.tracks_expected_close then usable_history.expected_close_on
            when followed.borrows_expected_close then followed.expected_close_on
        end as expected_close_on,
        followed.tracks_amount as is_amount_told,
        followed.tracks_expected_close as is_expected_close_told,
        usable_history.changed_at as told_at,
        'history' as evidence,
        usable_history.changed_at = followed.last_told_at as is_last_word
    from usable_history
    inner join followed
        on usable_history.source_system = followed.source_system and usable_history.opportunity_id = followed.opportunity_id

),

last_of_history as (

    select source_system, opportunity_id, {{ first_by('pipeline', 'label_key') }} as pipeline
    from from_history
    where is_last_word
    group by source_system, opportunity_id

),

compared_version as (

    select
        opportunity_version.*,
        stage_label.label_key,
        stage_label.stage,
        stage_label.stage_order,
        stage_label.phase,
        lag(stage_label.stage) over by_version as previous_stage,
        lag(opportunity_version.pipeline) over by_version as previous_pipeline,
        lag(opportunity_version.amount) over by_version as previous_amount,
        lag(opportunity_version.expected_close_on) over by_version as previous_expected_close_on
    from opportunity_version
    left join stage_label
        on opportunity_version.source_system = stage_label.source_system
        and opportunity_version.pipeline = stage_label.pipeline
        and lower(opportunity_version.stage_label) = stage_label.label_key
    window by_version as (
        partition by opportunity_version.source_system, opportunity_version.opportunity_id
        order by opportunity_version.version_number
    )

),

dated_version as (

    -- Dated by the extract that first showed it; a close by its own date, where that is possible. Extracts are dated by day:
    -- what one shows of a deal created later on that day was so from its creation on.
    select
        compared_version.*,
        opportunity.created_at as opportunity_created_at,
        case
            when compared_version.phase in ('won', 'lost')
                and compared_version.closed_at < run.as_of_end
                and {{ local_day('compared_version.closed_at') }} >= {{ local_day('opportunity.created_at') }}
                and (compared_version.version_number = 1 or compared_version.stage is distinct from compared_version.previous_stage)
                then greatest(compared_version.closed_at, opportunity.created_at)
            when compared_version.version_number = 1 and opportunity.is_created_at_inferred then opportunity.created_at
            else greatest(compared_version.valid_from, opportunity.created_at)
        end as dated_at
    from compared_version
    cross join run
    inner join opportunity
        on compared_version.source_system = opportunity.source_system
        and compared_version.opportunity_id = opportunity.opportunity_id
    where opportunity.created_at < run.as_of_end
        and (
            compared_version.version_number = 1
            or compared_version.stage is distinct from compared_version.previous_stage
            or compared_version.pipeline is distinct from compared_version.previous_pipeline
            or compared_version.amount is distinct from compared_version.previous_amount
            or compared_version.expected_close_on is distinct from compared_version.previous_expected_close_on
        )

),

changed_version as (

    -- A close that is dated back to before a state which an earlier extract showed comes after that state.
    select
        *,
        max(dated_at) over (
            partition by source_system, opportunity_id order by version_number rows unbounded preceding
        ) as changed_at,
        lead(version_number) over (partition by source_system, opportunity_id order by version_number) is null as is_newest
    from dated_version

),

-- A deal without history was created where deals of its pipeline are created, or where it was first seen if it is still there.
from_creation as (

    select
        changed_version.source_system, changed_version.opportunity_id, changed_version.pipeline,
        case
            when changed_version.phase not in ('won', 'lost') and changed_version.stage_order <= entry_stage.stage_order
                then changed_version.label_key
            else entry_label.label_key
        end as label_key,
        changed_version.opportunity_created_at as changed_at,
        changed_version.amount,
        changed_version.expected_close_on,
        true as is_amount_told,
        true as is_expected_close_told,
        changed_version.valid_from as told_at,
        'created' as evidence
    from changed_version
    left join history_end
        on changed_version.source_system = history_end.source_system
        and changed_version.opportunity_id = history_end.opportunity_id
    inner join entry_stage
        on changed_version.source_system = entry_stage.source_system and changed_version.pipeline = entry_stage.pipeline
    inner join (
        select source_system, pipeline, stage, min(label_key) as label_key
        from stage_label
        group by source_system, pipeline, stage
    ) as entry_label
        on entry_stage.source_system = entry_label.source_system and entry_stage.pipeline = entry_label.pipeline
        and entry_stage.stage = entry_label.stage
    where changed_version.version_number = 1
        and history_end.opportunity_id is null
        and changed_version.created_at is not null

),

from_extracts as (

    -- A close whose own date lies before the last word of the history came after that word all the same: the extract shows it.
    select
        changed_version.source_system, changed_version.opportunity_id, changed_version.pipeline, changed_version.label_key,
        case
            when changed_version.changed_at < history_end.last_told_at then history_end.last_told_at else changed_version.changed_at
        end as changed_at,
        case when history_end.tracks_amount then changed_version.amount else opportunity.amount end as amount,
        case
            when history_end.tracks_expected_close or not history_end.borrows_expected_close then changed_version.expected_close_on
            else opportunity.expected_close_on
        end as expected_close_on,
        history_end.tracks_amount as is_amount_told,
        history_end.tracks_expected_close or not history_end.borrows_expected_close as is_expected_close_told,
        changed_version.valid_from as told_at,
        'extract' as evidence
    from changed_version
    inner join history_end
        on changed_version.source_system = history_end.source_system
        and changed_version.opportunity_id = history_end.opportunity_id
    inner join opportunity
        on changed_version.source_system = opportunity.source_system
        and changed_version.opportunity_id = opportunity.opportunity_id
    inner join last_of_history
        on changed_version.source_system = last_of_history.source_system
        and changed_version.opportunity_id = last_of_history.opportunity_id
    -- A deal is in the pipeline that its newest extract names, whatever the history has not told yet.
    where changed_version.valid_from > history_end.last_told_at
        or (changed_version.is_newest and changed_version.pipeline <> last_of_history.pipeline)

    union all

    select
        changed_version.source_system, changed_version.opportunity_id, changed_version.pipeline, changed_version.label_key,
        changed_version.changed_at,
        changed_version.amount, changed_version.expected_close_on, true, true, changed_version.valid_from, 'extract'
    from changed_version
    left join history_end
        on changed_version.source_system = history_end.source_system
        and changed_version.opportunity_id = history_end.opportunity_id
    where history_end.opportunity_id is null

),

-- Nothing that an extract tells comes before the last word of the history: what it repeats, is that, or another extract.
told_last as (

    select
        source_system, opportunity_id, pipeline, label_key, changed_at, amount, expected_close_on,
        is_amount_told, is_expected_close_told, told_at, evidence
    from from_history
    where is_last_word
    union all
    select * from from_creation
    union all
    select * from from_extracts

),

compared as (

    select
        told_last.*,
        lag(told_last.evidence) over by_time is not null
            and stage_label.stage is not distinct from lag(stage_label.stage) over by_time
            and told_last.pipeline = lag(told_last.pipeline) over by_time
            and told_last.amount is not distinct from lag(told_last.amount) over by_time
            and told_last.expected_close_on is not distinct from lag(told_last.expected_close_on) over by_time as repeats_the_last
    from told_last
    left join stage_label
        on told_last.source_system = stage_label.source_system and told_last.pipeline = stage_label.pipeline
        and told_last.label_key = stage_label.label_key
    -- Two changes at the same instant follow each other in the order of their stages; extracts speak last.
    window by_time as (
        partition by told_last.source_system, told_last.opportunity_id
        order by told_last.changed_at, case when told_last.evidence = 'extract' then 1 else 0 end, stage_label.stage_order,
            told_last.expected_close_on, told_last.amount
    )

),

told as (

    select
        source_system, opportunity_id, pipeline, label_key, changed_at, amount, expected_close_on,
        is_amount_told, is_expected_close_told, told_at, evidence
    from from_history
    where not is_last_word
    union all
    -- An extract that only confirms what is known is no change.
    select
        source_system, opportunity_id, pipeline, label_key, changed_at, amount, expected_close_on,
        is_amount_told, is_expected_close_told, told_at, evidence
    from compared
    where evidence <> 'extract' or not repeats_the_last

)

select
    told.source_system,
    told.opportunity_id,
    row_number() over by_time as change_number,
    told.changed_at,
    lead(told.changed_at) over by_time as next_changed_at,
    told.pipeline,
    stage_label.stage,
    stage_label.stage_order,
    stage_label.phase,
    told.amount,
    told.expected_close_on,
    -- False: borrowed from the deal as last delivered, and not known before.
    told.is_amount_told,
    told.is_expected_close_told,
    -- When what this row says was first told: later than it happened where only an extract shows it.
    told.told_at,
    told.evidence,
    -- Of the same name in another pipeline, it is the same stage: who was won stays won since then.
    stage_label.stage is distinct from lag(stage_label.stage) over by_time as enters_stage,
    -- What changed during a visit (amount, expected close) began none.
    row_number() over by_time = 1
        or stage_label.stage is distinct from lag(stage_label.stage) over by_time
        or told.pipeline is distinct from lag(told.pipeline) over by_time as begins_visit
from told
left join stage_label
    on told.source_system = stage_label.source_system and told.pipeline = stage_label.pipeline
    and told.label_key = stage_label.label_key
window by_time as (
    partition by told.source_system, told.opportunity_id
    order by told.changed_at, case when told.evidence = 'extract' then 1 else 0 end, stage_label.stage_order,
        told.expected_close_on, told.amount
)
