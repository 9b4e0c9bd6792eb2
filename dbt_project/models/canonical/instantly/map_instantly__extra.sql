-- One row per delivered row of an Instantly lead that could be read: what no published column holds.
select
    {{ canonical('extra', ['extra', '_file', '_row', 'updated_at'], {'object': "'lead'", 'record_id': 'lead_id'}) }}
from {{ ref('stg_instantly__lead') }}
where row_disposition <> 'set_aside' and not _is_superseded
