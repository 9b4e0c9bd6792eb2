-- One row per row of the newest hand-kept sheet of people: what it joins or splits, and why it cannot be used (problem; null where it can).
-- An address as the person joins the record to whoever has that address; any other word is a person of that name.
with sheet as (

    select * from {{ ref('stg_generic__person_match') }}

),

record as (

    select source_system, object, record_id from {{ ref('int_person_record') }}

),

{{ sheet_corrections(subject='person', alias='email', alias_key=email_key, not_an_alias='not an e-mail address') }}
