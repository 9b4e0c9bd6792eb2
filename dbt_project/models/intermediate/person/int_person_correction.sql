-- One row per row of the newest hand-kept sheet of people: what it joins or splits, and why it cannot be used (problem; null where it can).
-- An address as the person joins the record to whoever has that address; any other word is a person of that name.
with sheet as (

    select * from {{ ref('stg_generic__person_match') }}

),

record as (

    select * from {{ ref('int_person_record') }}

),

current_row as (

    -- Of the newest sheet; of two rows about one record the later decision.
    select *
    from sheet
    where row_disposition <> 'set_aside' and not _is_superseded and _extracted_at = (select max(_extracted_at) from sheet)
    qualify row_number() over (
        partition by coalesce(system, ''), coalesce(object, ''), record_id order by decided_on desc nulls last, _file desc, _row desc
    ) = 1

),

read as (

    select
        current_row.*,
        case when {{ email_key('person') }} is not null then 'email:' || {{ email_key('person') }}
            else 'name:' || lower(trim(person)) end as person_key,
        case when object = 'email' then 'email:' || {{ email_key('record_id') }} end as alias_key
    from current_row

),

named as (

    select read._file, read._row, count(record.record_id) as records
    from read
    left join record
        on read.record_id = record.record_id
        and (read.system is null or read.system = record.source_system)
        and (read.object is null or read.object = record.object)
    group by read._file, read._row

)

select
    read.system,
    read.object,
    read.record_id,
    read.alias_key,
    read.person_key,
    case
        when read.object = 'email' and read.alias_key is null then 'not an e-mail address'
        when coalesce(read.object, '') <> 'email' and named.records = 0 then 'no such record was delivered'
        when coalesce(read.object, '') <> 'email' and named.records > 1 then 'several records have this id: give system and object'
        when further.alias_key is not null then 'the sheet joins its person to yet another: name that one'
    end as problem,
    read._object,
    read._file,
    read._row
from read
inner join named on read._file = named._file and read._row = named._row
left join read as further on read.person_key = further.alias_key and read.person_key <> coalesce(read.alias_key, '')
