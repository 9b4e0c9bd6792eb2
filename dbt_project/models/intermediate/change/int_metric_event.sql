-- One row per metric, period that is compared and deal or visit that counts for it: whether it succeeded, and what it measures.
-- Whole numbers and decimals only: their sums do not depend on the order. Only counts need their days.
{{ config(materialized='view') }}
with period as (

    select * from {{ ref('int_metric_period') }}

),

opportunity as (

    select * from {{ ref('int_opportunity_now') }} where status <> 'deleted'

),

known_opportunity as (

    select opportunity_key, source_system, opportunity_id from {{ ref('int_opportunity') }}

),

stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

created as (

    select period.period_type, period.period_start, opportunity.*
    from opportunity
    inner join period on opportunity.created_on between period.period_start and period.period_end

),

closed as (

    select period.period_type, period.period_start, opportunity.*
    from opportunity
    inner join period on opportunity.closed_on between period.period_start and period.period_end
    where opportunity.status in ('won', 'lost')

),

-- A visit that ended has gone on to a later stage, or not.
left_stage as (

    select
        period.period_type, period.period_start, known_opportunity.source_system, known_opportunity.opportunity_id, stage.pipeline, stage.stage,
        case
            when following.is_won then 1
            when following.is_lost then 0
            when following.pipeline = stage.pipeline and following.stage_order > stage.stage_order then 1
            else 0
        end as is_success
    from stage_visit
    inner join period on stage_visit.exited_at >= period.start_at and stage_visit.exited_at < period.end_at
    inner join stage on stage_visit.stage_key = stage.stage_key and stage.is_open
    inner join known_opportunity on stage_visit.opportunity_key = known_opportunity.opportunity_key
    left join stage as following on stage_visit.next_stage_key = following.stage_key

)

select
    period_type, period_start, source_system, opportunity_id, 'new_opportunities' as metric, 'count' as kind,
    cast(null as varchar) as pipeline, cast(null as varchar) as stage, created_on as date_day, 1 as is_success,
    cast(null as {{ money_type() }}) as measure
from created
union all
select period_type, period_start, source_system, opportunity_id, 'won_opportunities', 'count', null, null, closed_on, 1, null
from closed
where status = 'won'
union all
select
    period_type, period_start, source_system, opportunity_id, 'win_rate', 'rate', null, null, null,
    case when status = 'won' then 1 else 0 end, null
from closed
union all
select period_type, period_start, source_system, opportunity_id, 'average_deal_size', 'mean', null, null, null, 1, amount
from closed
where status = 'won' and amount is not null
union all
select period_type, period_start, source_system, opportunity_id, 'won_amount', 'sum', null, null, null, 1, amount
from closed
where status = 'won' and amount is not null
union all
select
    period_type, period_start, source_system, opportunity_id, 'sales_cycle_days', 'mean', null, null, null, 1,
    cast(sales_cycle_days as {{ money_type() }})
from closed
where status = 'won'
union all
select period_type, period_start, source_system, opportunity_id, 'stage_conversion', 'rate', pipeline, stage, null, is_success, null
from left_stage
