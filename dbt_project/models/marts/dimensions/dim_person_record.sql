-- One row per source record of a person (lead, contact, user): whose record it is, and what says so.
with person as (

    select * from {{ ref('int_person') }}

),

record_extra as (

    select * from {{ ref('int_record_extra') }} where object = 'contact'

),

counted as (

    select person_id, count(*) as records, count(distinct source_system) as systems
    from person
    group by person_id

)

select
    person.source_system,
    person.object,
    person.record_id,
    person.person_id,
    person.match_reason,
    counted.records as records_of_person,
    counted.systems as systems_of_person,
    person.has_conflict,
    person.other_person_id,
    person.is_deleted,
    record_extra.extra
from person
inner join counted on person.person_id = counted.person_id
left join record_extra
    on person.source_system = record_extra.source_system and person.object = record_extra.object and person.record_id = record_extra.record_id
