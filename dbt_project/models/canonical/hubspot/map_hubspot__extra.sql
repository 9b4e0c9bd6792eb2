-- One row per delivered row of a HubSpot deal, company, contact (which may be a lead) or owner that could be read: what no published column holds.
select
    {{ canonical('extra', ['extra', '_file', '_row', 'updated_at'], {'object': "'opportunity'", 'record_id': 'deal_id'}) }}
from {{ ref('stg_hubspot__deal') }}
where row_disposition <> 'set_aside' and not _is_superseded
union all
select
    {{ canonical('extra', ['extra', '_file', '_row', 'updated_at'], {'object': "'account'", 'record_id': 'company_id'}) }}
from {{ ref('stg_hubspot__company') }}
where row_disposition <> 'set_aside' and not _is_superseded
union all
select
    {{ canonical('extra', ['extra', '_file', '_row', 'updated_at'], {'object': "'lead'", 'record_id': 'contact_id'}) }}
from {{ ref('stg_hubspot__contact') }}
where row_disposition <> 'set_aside' and not _is_superseded
union all
select
    {{ canonical('extra', ['extra', '_file', '_row', 'updated_at'], {'object': "'user'", 'record_id': 'owner_id'}) }}
from {{ ref('stg_hubspot__owner') }}
where row_disposition <> 'set_aside' and not _is_superseded
