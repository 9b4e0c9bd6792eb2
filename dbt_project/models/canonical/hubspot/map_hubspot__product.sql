-- One row per product of HubSpot and extract that said something new of it.
select
    {{ canonical('product', ['product_id', 'name']) }}
from {{ ref('stg_hubspot__product') }}
where row_disposition = 'loaded'
