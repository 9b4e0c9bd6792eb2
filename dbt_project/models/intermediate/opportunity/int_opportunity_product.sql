-- One row per opportunity that has product lines: the product with the largest amount, and the sum of its lines.
with generic_line as (

    select * from {{ ref('stg_generic__opportunity_line') }}

),

{% if uses('salesforce') -%}
salesforce_line as (

    select * from {{ ref('stg_salesforce__opportunity_line_item') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_line as (

    select * from {{ ref('int_hubspot_line') }}

),

hubspot_product as (

    select * from {{ ref('stg_hubspot__product') }}

),

{% endif -%}
generic_product as (

    select * from {{ ref('stg_generic__product') }}

),

{% if uses('salesforce') -%}
salesforce_product as (

    select * from {{ ref('stg_salesforce__product2') }}

),

{% endif -%}
product as (

    select _system as source_system, product_id, name, _extracted_at from generic_product where row_disposition = 'loaded'
    {% if uses('salesforce') -%}
    union all
    select _system, product_id, name, _extracted_at from salesforce_product where row_disposition = 'loaded'
    {%- endif %}
    {% if uses('hubspot') -%}
    union all
    select _system, product_id, name, _extracted_at from hubspot_product where row_disposition = 'loaded'
    {%- endif %}

),

product_name as (

    select source_system, product_id, name
    from product
    qualify row_number() over (partition by source_system, product_id order by _extracted_at desc) = 1

),

newest_generic_line as (

    -- Lines have no id of their own: the lines of a deal are those of the newest extract that lists it.
    select _system as source_system, opportunity_id, product_id, amount
    from generic_line
    where row_disposition <> 'set_aside'
    qualify _extracted_at = max(_extracted_at) over (partition by opportunity_id)

),

{% if uses('salesforce') -%}
newest_salesforce_line as (

    select _system as source_system, opportunity_id, product_id, amount, is_deleted
    from salesforce_line
    where row_disposition = 'loaded'
    qualify row_number() over (partition by opportunity_line_id order by _extracted_at desc) = 1

),

{% endif -%}
line as (

    select source_system, opportunity_id, product_id, amount from newest_generic_line
    {% if uses('salesforce') -%}
    union all
    select source_system, opportunity_id, product_id, amount from newest_salesforce_line where not is_deleted
    {%- endif %}
    {% if uses('hubspot') -%}
    union all
    select source_system, opportunity_id, product_id, amount from hubspot_line
    {%- endif %}

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
