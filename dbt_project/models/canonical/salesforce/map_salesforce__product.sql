-- One row per product of Salesforce (Product2) and extract that said something new of it.
select
    {{ canonical('product', ['product_id', 'name']) }}
from {{ ref('stg_salesforce__product2') }}
where row_disposition = 'loaded'
