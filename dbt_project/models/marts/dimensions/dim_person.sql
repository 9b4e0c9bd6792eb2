-- One row per person of whom any record is not deleted, whatever the systems that know them.
with person as (

    select * from {{ ref('int_person') }} where not is_deleted

),

counted as (

    select
        person_id, count(*) as records, count(distinct source_system) as systems,
        sum(case when object = 'lead' then 1 else 0 end) as leads,
        sum(case when object = 'contact' then 1 else 0 end) as contacts,
        sum(case when object = 'user' then 1 else 0 end) as users,
        min(created_at) as first_created_at
    from person
    group by person_id

),

-- The record that was there first stands for the person.
primary_record as (

    select *
    from person
    qualify row_number() over (partition by person_id order by created_at nulls last, source_system, object, record_id) = 1

)

select
    primary_record.person_id,
    primary_record.email,
    primary_record.source_system as primary_source_system,
    primary_record.object as primary_object,
    primary_record.record_id as primary_record_id,
    counted.records,
    counted.systems,
    cast(counted.leads as bigint) as leads,
    cast(counted.contacts as bigint) as contacts,
    cast(counted.users as bigint) as users,
    counted.first_created_at
from primary_record
inner join counted on primary_record.person_id = counted.person_id
