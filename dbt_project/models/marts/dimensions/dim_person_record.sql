-- One row per source record of a person (lead, contact, user): whose record it is, and what says so.
with person as (

    select * from {{ ref('int_person') }}

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
    person.is_deleted
from person
inner join counted on person.person_id = counted.person_id
