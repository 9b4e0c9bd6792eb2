-- One row per product of the generic extracts and extract that said something new of it.
select
    {{ canonical('product', ['product_id', 'name']) }}
from {{ ref('stg_generic__product') }}
where row_disposition = 'loaded'
