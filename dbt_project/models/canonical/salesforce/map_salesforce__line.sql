-- One row per Salesforce OpportunityLineItem that is not deleted, as last delivered.
with newest_line as (

    select *
    from {{ ref('stg_salesforce__opportunity_line_item') }}
    where row_disposition = 'loaded'
    qualify row_number() over (partition by opportunity_line_id order by _extracted_at desc) = 1

)

select
    {{ canonical('line', ['opportunity_id', 'product_id', 'amount']) }}
from newest_line
where not is_deleted
