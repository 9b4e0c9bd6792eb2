-- One row per opportunity and unbroken time during which it was deleted: flagged so, or gone from a whole-table extract, or the one and then the other.
-- restored_at is null while it stays deleted. An extract with unreadable lines, or with rows that have lost their id, proves no absence:
-- the deal may be in one of them.
with opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

opportunity_row as (

    select * from {{ ref('canonical_opportunity_row') }}

),

delivered_file as (

    select * from {{ source('accounting', 'delivered_file') }}

),

flagged as (

    select
        source_system, opportunity_id, is_deleted,
        case when is_deleted then coalesce(updated_at, valid_from) else valid_from end as changed_at,
        lag(is_deleted) over by_version as was_deleted,
        row_number() over by_version as version_number
    from opportunity_version
    window by_version as (partition by source_system, opportunity_id order by version_number)

),

flag_change as (

    select source_system, opportunity_id, changed_at, is_deleted
    from flagged
    where is_deleted <> coalesce(was_deleted, false)

),

-- Set-aside rows count as present: they say that the deal is still there, only not what it is like. What a corrected file replaced does not.
listed as (

    select distinct source_system, opportunity_id, _extracted_at as extracted_at
    from opportunity_row

),

-- What a system calls its opportunities.
listed_object as (

    select distinct source_system, _object from opportunity_row

),

seen as (

    select * from listed where opportunity_id is not null

),

row_without_id as (

    select * from listed where opportunity_id is null

),

whole_extract as (

    select
        delivered_file.system as source_system, delivered_file.extracted_at,
        sum(delivered_file.rows_quarantined) = 0 and count(row_without_id.source_system) = 0 as is_proof,
        row_number() over (partition by delivered_file.system order by delivered_file.extracted_at) as extract_number
    from delivered_file
    inner join listed_object
        on delivered_file.system = listed_object.source_system and delivered_file.object = listed_object._object
    left join row_without_id
        on delivered_file.system = row_without_id.source_system and delivered_file.extracted_at = row_without_id.extracted_at
    where delivered_file.outcome = 'loaded'
    group by delivered_file.system, delivered_file.extracted_at

),

seen_numbered as (

    select
        seen.source_system, seen.opportunity_id, whole_extract.extract_number,
        lead(whole_extract.extract_number) over (
            partition by seen.source_system, seen.opportunity_id order by whole_extract.extract_number
        ) as next_extract_number
    from seen
    inner join whole_extract
        on seen.source_system = whole_extract.source_system and seen.extracted_at = whole_extract.extracted_at

),

gone as (

    select
        seen_numbered.source_system, seen_numbered.opportunity_id,
        min(missing.extracted_at) as deleted_at,
        min(back.extracted_at) as restored_at
    from seen_numbered
    inner join whole_extract as missing
        on seen_numbered.source_system = missing.source_system
        and missing.is_proof
        and missing.extract_number > seen_numbered.extract_number
        and missing.extract_number < coalesce(seen_numbered.next_extract_number, 2147483647)
    left join whole_extract as back
        on seen_numbered.source_system = back.source_system and seen_numbered.next_extract_number = back.extract_number
    group by seen_numbered.source_system, seen_numbered.opportunity_id, seen_numbered.extract_number

),

told as (

    select source_system, opportunity_id, deleted_at, restored_at
    from gone

    union

    select deleted.source_system, deleted.opportunity_id, deleted.changed_at, min(restored.changed_at)
    from flag_change as deleted
    left join flag_change as restored
        on deleted.source_system = restored.source_system and deleted.opportunity_id = restored.opportunity_id
        and not restored.is_deleted and restored.changed_at > deleted.changed_at
    where deleted.is_deleted
    group by deleted.source_system, deleted.opportunity_id, deleted.changed_at

),

-- A deal that is flagged as deleted may be gone from an extract as well, and come back with its flag: it was deleted all the time.
compared as (

    select
        *,
        max(coalesce(restored_at, cast('9999-12-31' as timestamp))) over (
            partition by source_system, opportunity_id order by deleted_at, restored_at rows between unbounded preceding and 1 preceding
        ) as deleted_until
    from told

),

numbered as (

    select
        *,
        sum(case when deleted_at <= deleted_until then 0 else 1 end) over (
            partition by source_system, opportunity_id order by deleted_at, restored_at rows unbounded preceding
        ) as absence_number
    from compared

)

select
    source_system,
    opportunity_id,
    min(deleted_at) as deleted_at,
    case when count(restored_at) = count(*) then max(restored_at) end as restored_at
from numbered
group by source_system, opportunity_id, absence_number
