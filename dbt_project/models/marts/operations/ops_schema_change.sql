-- One row per delivered file and way in which its columns differ from those of the delivery before.
with schema_change as (

    select * from {{ source('accounting', 'schema_change') }}

)

select
    system,
    object,
    file,
    extracted_on,
    extracted_at,
    column_name,
    change,
    detail,
    declared_as,
    is_required,
    is_newest
from schema_change
