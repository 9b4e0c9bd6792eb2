-- One row per delivered row of a generic opportunity, account, lead or user that could be read: what no published column holds.
select
    {{ canonical('extra', ['extra', '_file', '_row', 'updated_at'], {'object': "'opportunity'", 'record_id': 'opportunity_id'}) }}
from {{ ref('stg_generic__opportunity') }}
where row_disposition <> 'set_aside' and not _is_superseded
union all
select
    {{ canonical('extra', ['extra', '_file', '_row'], {'object': "'account'", 'record_id': 'account_id'}) }}
from {{ ref('stg_generic__account') }}
where row_disposition <> 'set_aside' and not _is_superseded
union all
select
    {{ canonical('extra', ['extra', '_file', '_row'], {'object': "'lead'", 'record_id': 'lead_id'}) }}
from {{ ref('stg_generic__lead') }}
where row_disposition <> 'set_aside' and not _is_superseded
union all
select
    {{ canonical('extra', ['extra', '_file', '_row'], {'object': "'user'", 'record_id': 'user_id'}) }}
from {{ ref('stg_generic__user') }}
where row_disposition <> 'set_aside' and not _is_superseded
