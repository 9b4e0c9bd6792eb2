-- One row per source record of a person: whose record it is, and what says so.
-- In this order: the hand-kept sheet, the record that its CRM turned it into, its e-mail address; else it is a person of its own.
with record as (

    select * from {{ ref('int_person_record') }}

),

correction as (

    select * from {{ ref('int_person_correction') }} where problem is null

),

corrected as (

    select record.source_system, record.object, record.record_id, min(correction.person_key) as person_key
    from record
    inner join correction
        on record.record_id = correction.record_id
        and (correction.system is null or record.source_system = correction.system)
        and (correction.object is null or record.object = correction.object)
    group by record.source_system, record.object, record.record_id

),

own as (

    select
        record.*,
        corrected.person_key as corrected_key,
        coalesce(alias.person_key, 'email:' || record.email_key) as email_person_key,
        alias.person_key is not null as is_aliased,
        'record:' || record.source_system || '|' || record.object || '|' || record.record_id as record_key
    from record
    left join corrected
        on record.source_system = corrected.source_system and record.object = corrected.object
        and record.record_id = corrected.record_id
    left join correction as alias on 'email:' || record.email_key = alias.alias_key

),

linked as (

    select
        own.*,
        case when other.record_id is not null
            then coalesce(other.corrected_key, other.email_person_key, other.record_key) end as linked_key,
        other.corrected_key is null and other.email_person_key is not null as is_linked_by_email
    from own
    left join own as other
        on own.source_system = other.source_system and own.linked_object = other.object and own.linked_record_id = other.record_id

)

select
    source_system,
    object,
    record_id,
    email,
    email_key,
    created_at,
    is_deleted,
    {{ text_digest('coalesce(corrected_key, linked_key, email_person_key, record_key)') }} as person_id,
    case
        when corrected_key is not null then 'corrected'
        when linked_key is not null then link
        when is_aliased then 'corrected'
        when email_person_key is not null then 'email'
        else 'alone'
    end as match_reason,
    -- Two things say whose it is, and not the same, and nobody has decided.
    coalesce(corrected_key is null and is_linked_by_email and linked_key <> email_person_key, false) as has_conflict,
    case when corrected_key is null and is_linked_by_email and linked_key <> email_person_key
        then {{ text_digest('email_person_key') }} end as other_person_id
from linked
