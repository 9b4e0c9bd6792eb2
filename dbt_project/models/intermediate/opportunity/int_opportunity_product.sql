-- One row per opportunity that has product lines: the product with the largest amount, and the sum of its lines.
with line as (

    select * from {{ ref('canonical_line') }}

),

product as (

    select * from {{ ref('canonical_product') }}

),

product_name as (

    select source_system, product_id, name
    from product
    qualify row_number() over (partition by source_system, product_id order by _extracted_at desc) = 1

),

by_product as (

    select source_system, opportunity_id, product_id, sum(amount) as amount
    from line
    group by source_system, opportunity_id, product_id

)

select
    by_product.source_system,
    by_product.opportunity_id,
    coalesce(product_name.name, by_product.product_id) as product,
    sum(by_product.amount) over (partition by by_product.source_system, by_product.opportunity_id) as lines_amount
from by_product
left join product_name
    on by_product.source_system = product_name.source_system and by_product.product_id = product_name.product_id
qualify row_number() over (
    partition by by_product.source_system, by_product.opportunity_id
    order by by_product.amount desc nulls last, by_product.product_id
) = 1
