-- One row per opportunity that is not deleted: what velocity counts of it, and the combination of segments that it belongs to today.
with opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }} where is_now

),

opportunity as (

    select * from {{ ref('int_opportunity_now') }} where status <> 'deleted'

)

select
    opportunity_cut.opportunity_key,
    opportunity_cut.segment_key,
    opportunity.status,
    opportunity.closed_at,
    opportunity.amount,
    opportunity.sales_cycle_days
from opportunity
inner join opportunity_cut
    on opportunity.source_system = opportunity_cut.source_system
    and opportunity.opportunity_id = opportunity_cut.opportunity_id
