-- One row per HubSpot line item of a deal, as last told.
with line_item as (

    select * from {{ ref('stg_hubspot__line_item') }}

),

line_item_deal as (

    select * from {{ ref('stg_hubspot__line_item_deal') }}

),

merged as (

    select * from {{ ref('int_hubspot_merge') }}

),

newest_line as (

    {{ newest_telling('line_item', ['line_item_id']) }}

),

deal_link as (

    {{ holding_now('line_item_deal', ['line_item_id', 'deal_id', 'type_id']) }}

),

-- A line item belongs to one deal; a copy that was kept by a merged deal stays with the one that lives on.
deal_of_line as (

    select line_item_id, min(deal_id) as deal_id from deal_link group by line_item_id

),

linked as (

    select
        newest_line.*,
        coalesce(deal_of_line.deal_id, nullif(trim({{ dbt.split_part('newest_line.deal_ids', "';'", 1) }}), '')) as deal_id
    from newest_line
    left join deal_of_line on newest_line.line_item_id = deal_of_line.line_item_id

)

select
    linked._system as source_system,
    linked.line_item_id,
    coalesce(merged.survivor_id, linked.deal_id) as opportunity_id,
    linked.product_id,
    linked.quantity,
    linked.amount
from linked
left join merged on merged.object = 'deal' and linked.deal_id = merged.merged_id
where not linked.is_deleted and linked.deal_id is not null
