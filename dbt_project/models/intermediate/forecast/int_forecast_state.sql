-- One row per opportunity and time [known_from, known_until) in days: its state as a forecast that is made at the start of one of these days
-- knows it. A change is known from the day after it on. While it is deleted a deal has no row. known_until is null for what still holds.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

absence as (

    select opportunity.opportunity_key, absence.deleted_at, absence.restored_at
    from {{ ref('int_opportunity_absence') }} as absence
    inner join opportunity on absence.source_system = opportunity.source_system and absence.opportunity_id = opportunity.opportunity_id

),

created as (

    select
        opportunity.opportunity_key, opportunity.source_system, opportunity.opportunity_id, opportunity.currency,
        {{ local_day('opportunity.created_at') }} as created_on
    from opportunity
    cross join run

),

dated as (

    select
        opportunity_change.*,
        -- Most is told when it happens.
        case
            when opportunity_change.told_at = opportunity_change.changed_at then opportunity_change.changed_on
            else cast({{ local_time('opportunity_change.told_at', 'run.timezone') }} as date)
        end as told_on,
        run.as_of
    from opportunity_change
    cross join run

),

-- What is dated back to the CRM's close date was not known on that day, but when it was told.
known_change as (

    select
        *,
        max(case when evidence = 'record' then greatest(changed_on, told_on) else changed_on end) over (
            partition by opportunity_key order by change_number rows unbounded preceding
        ) as known_on
    from dated

),

-- Of several changes on one day, the last one is what the next day knows.
staying as (

    select
        *,
        lead(known_on) over by_change as next_known_on,
        max(case when enters_stage then changed_on end) over by_change as stage_entered_on
    from known_change
    window by_change as (partition by opportunity_key order by change_number rows unbounded preceding)
    qualify next_known_on is null or next_known_on > known_on

),

known as (

    select
        staying.opportunity_key,
        {{ days_after('staying.known_on', 1) }} as known_from,
        {{ days_after('staying.next_known_on', 1) }} as known_until,
        stage.state,
        stage.pipeline,
        stage.stage,
        stage.stage_order,
        staying.stage_entered_on,
        staying.evidence <> 'created' as is_stage_told,
        case when not stage.is_open then staying.stage_entered_on end as closed_on,
        staying.amount,
        staying.expected_close_on,
        {{ days_after('case when staying.is_amount_told then greatest(staying.told_on, staying.changed_on) else staying.as_of end', 1) }}
            as amount_known_from,
        {{ days_after('case when staying.is_expected_close_told then greatest(staying.told_on, staying.changed_on) else staying.as_of end', 1) }} as expected_close_known_from
    from staying
    inner join stage on staying.stage_key = stage.stage_key

),

-- The times at which a deal that was ever deleted was there.
present as (

    select
        absence.opportunity_key,
        coalesce(lag({{ local_day('absence.restored_at') }}) over by_time, cast('1970-01-01' as date)) as present_from,
        {{ local_day('absence.deleted_at') }} as present_until
    from absence
    cross join run
    window by_time as (partition by absence.opportunity_key order by absence.deleted_at)

    union all

    select absence.opportunity_key, {{ local_day('max(absence.restored_at)') }}, cast(null as date)
    from absence
    cross join run
    group by absence.opportunity_key, run.timezone
    having count(absence.restored_at) = count(*)

),

there as (

    select known.*
    from known
    left join (select distinct opportunity_key from absence) as ever_absent on known.opportunity_key = ever_absent.opportunity_key
    where ever_absent.opportunity_key is null

    union all

    select
        known.opportunity_key,
        greatest(known.known_from, {{ days_after('present.present_from', 1) }}) as known_from,
        case
            when known.known_until is null then {{ days_after('present.present_until', 1) }}
            when present.present_until is null then known.known_until
            else least(known.known_until, {{ days_after('present.present_until', 1) }})
        end as known_until,
        known.state, known.pipeline, known.stage, known.stage_order, known.stage_entered_on, known.is_stage_told, known.closed_on,
        known.amount, known.expected_close_on, known.amount_known_from, known.expected_close_known_from
    from known
    inner join present
        on known.opportunity_key = present.opportunity_key
        and (known.known_until is null or known.known_until > present.present_from)
        and (present.present_until is null or present.present_until >= known.known_from)

)

select
    created.source_system,
    created.opportunity_id,
    there.known_from,
    there.known_until,
    there.state,
    there.pipeline,
    there.stage,
    there.stage_order,
    there.stage_entered_on,
    there.is_stage_told,
    created.created_on,
    there.closed_on,
    created.currency,
    there.amount,
    there.amount_known_from,
    there.expected_close_on,
    there.expected_close_known_from
from there
inner join created on there.opportunity_key = created.opportunity_key
where there.known_until is null or there.known_until > there.known_from
