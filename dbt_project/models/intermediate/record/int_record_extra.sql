-- One row per record (opportunity, account, lead, contact, user) of which columns were delivered that no published column holds: what the newest row says in
-- them. A row that is a duplicate otherwise says it too: such columns make no new version of a record.
with told as (

    select * from {{ ref('canonical_extra') }}

),

newest as (

    select *
    from told
    qualify row_number() over (
        partition by source_system, object, record_id order by _extracted_at desc, updated_at desc nulls last, _file desc, _row desc
    ) = 1

)

select
    source_system,
    object,
    record_id,
    extra
from newest
where extra is not null
