-- One row per product line of a deal in the generic extracts. Lines have no id of their own: a deal's are those of the newest extract that lists it.
select
    {{ canonical('line', ['opportunity_id', 'product_id', 'amount']) }}
from {{ ref('stg_generic__opportunity_line') }}
where row_disposition <> 'set_aside'
qualify _extracted_at = max(_extracted_at) over (partition by opportunity_id)
