-- One row per opportunity and day whose end finds it in another state than the day before, or in another segment: its state until next_day.
-- A day's end counts; what came and went within the day is only seen in passing (day_open_stage_key). A deleted deal is in no stage: stage_key is
-- the one that it was in.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

absence as (

    select opportunity.opportunity_key, absence.deleted_at, absence.restored_at
    from {{ ref('int_opportunity_absence') }} as absence
    inner join opportunity on absence.source_system = opportunity.source_system and absence.opportunity_id = opportunity.opportunity_id

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }}

),

created_from_stage as (

    select * from {{ source('config', 'created_from_stage') }}

),

definition as (

    select * from {{ source('config', 'definition') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

created_from as (

    select stage.source_system, stage.pipeline, min(stage.stage_order) as stage_order
    from created_from_stage
    inner join stage on created_from_stage.pipeline = stage.pipeline and created_from_stage.stage = stage.stage
    group by stage.source_system, stage.pipeline

),

converted as (

    select
        opportunity_change.opportunity_key, opportunity_change.changed_at, opportunity_change.changed_on, opportunity_change.change_number,
        opportunity_change.stage_key, coalesce({{ in_reporting_currency('opportunity_change.amount', 'amount.rate') }}, 0) as amount,
        opportunity_change.expected_close_on
    from opportunity_change
    inner join amount on opportunity_change.opportunity_key = amount.opportunity_key

),

-- Where deals count as created from a later stage on: nothing before they first reached it, or were won without.
counting_stage as (

    select
        stage.stage_key,
        stage.is_won or (stage.is_open and stage.stage_order >= created_from.stage_order) as begins_to_count
    from stage
    inner join created_from on stage.source_system = created_from.source_system and stage.pipeline = created_from.pipeline

),

counted_from as (

    select converted.opportunity_key, min(case when counting_stage.begins_to_count then converted.change_number end) as change_number
    from converted
    inner join counting_stage on converted.stage_key = counting_stage.stage_key
    group by converted.opportunity_key

),

told as (

    select converted.*
    from converted
    left join counting_stage on converted.stage_key = counting_stage.stage_key
    left join counted_from on converted.opportunity_key = counted_from.opportunity_key
    where counting_stage.stage_key is null or converted.change_number >= counted_from.change_number

),

-- A deleted deal leaves from where its history had brought it; when it comes back it is there again.
deletion as (

    select
        absence.opportunity_key, absence.deleted_at as changed_at, {{ local_day('absence.deleted_at') }} as date_day, 2147483647 as change_number, told.stage_key,
        cast(0 as {{ money_type() }}) as amount, cast(null as date) as expected_close_on, true as is_deleted
    from absence
    cross join run
    inner join told on absence.opportunity_key = told.opportunity_key
    where absence.deleted_at < run.as_of_end
    qualify row_number() over (
        partition by absence.opportunity_key, absence.deleted_at
        order by case when told.changed_at <= absence.deleted_at then -told.change_number else told.change_number end
    ) = 1

),

restoration as (

    select
        absence.opportunity_key, absence.restored_at as changed_at, {{ local_day('absence.restored_at') }} as date_day, 2147483647 as change_number, told.stage_key,
        told.amount, told.expected_close_on, false as is_deleted
    from absence
    cross join run
    inner join told on absence.opportunity_key = told.opportunity_key
    where told.changed_at <= absence.restored_at
    qualify row_number() over (
        partition by absence.opportunity_key, absence.restored_at order by told.change_number desc
    ) = 1

),

-- What the history says of a deal while it is deleted moves no pipeline.
present as (

    select
        told.opportunity_key, told.changed_at, told.changed_on as date_day, told.change_number, told.stage_key, told.amount,
        told.expected_close_on, false as is_deleted
    from told
    left join absence
        on told.opportunity_key = absence.opportunity_key
        and told.changed_at >= absence.deleted_at and (absence.restored_at is null or told.changed_at < absence.restored_at)
    where absence.opportunity_key is null

),

event as (

    select * from present
    union all
    select * from deletion
    union all
    select * from restoration

),

dated as (

    select event.*, stage.is_open and not event.is_deleted as is_open
    from event
    inner join stage on event.stage_key = stage.stage_key

),

followed as (

    select
        *,
        lead(date_day) over by_time as next_event_on,
        -- The last open stage of the day: where a deal that came and closed on one day is counted.
        case
            when is_open then stage_key
            when lag(is_open) over by_time and lag(date_day) over by_time = date_day then lag(stage_key) over by_time
        end as day_open_stage_key
    from dated
    window by_time as (partition by opportunity_key order by changed_at, change_number)

),

lasting as (

    select *, next_event_on as state_until
    from followed
    where next_event_on is null or next_event_on > date_day

),

-- An open deal that comes into another segment does so on a day of its own. As of today, a deal has one segment all its life.
in_segment as (

    select
        lasting.opportunity_key, lasting.stage_key, lasting.is_deleted, lasting.amount, lasting.expected_close_on, opportunity_cut.segment_key,
        greatest(lasting.date_day, opportunity_cut.valid_from) as date_day,
        case when opportunity_cut.valid_from <= lasting.date_day then lasting.day_open_stage_key end as day_open_stage_key
    from lasting
    cross join definition
    inner join opportunity_cut
        on lasting.opportunity_key = opportunity_cut.opportunity_key
        and opportunity_cut.is_now = (definition.past_periods = 'today')
        and (opportunity_cut.valid_to is null or opportunity_cut.valid_to > lasting.date_day)
        and (opportunity_cut.valid_from <= lasting.date_day or (
            lasting.is_open and (lasting.state_until is null or opportunity_cut.valid_from < lasting.state_until)
        ))

)

select
    opportunity_key,
    date_day,
    lead(date_day) over by_day as next_day,
    lag(date_day) over by_day as previous_day,
    stage_key,
    is_deleted,
    day_open_stage_key,
    amount,
    expected_close_on,
    segment_key,
    lag(stage_key) over by_day as previous_stage_key,
    lag(is_deleted) over by_day as previous_is_deleted,
    lag(amount) over by_day as previous_amount,
    lag(expected_close_on) over by_day as previous_expected_close_on,
    lag(segment_key) over by_day as previous_segment_key
from in_segment
window by_day as (partition by opportunity_key order by date_day)
