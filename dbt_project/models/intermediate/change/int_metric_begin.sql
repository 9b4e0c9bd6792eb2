-- One row per metric that is compared: the company's day from which on anything is known of it. A period that begins before is not whole.
with opportunity as (

    select * from {{ ref('int_opportunity_now') }} where status <> 'deleted'

),

stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

activity_daily as (

    select * from {{ ref('fct_activity_daily') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

closed as (

    select min(closed_on) as begins_on from opportunity where status in ('won', 'lost')

)

select 'new_opportunities' as metric, min(created_on) as begins_on from opportunity
{% for metric in ['win_rate', 'won_opportunities', 'average_deal_size', 'won_amount', 'sales_cycle_days', 'velocity'] -%}
union all
select '{{ metric }}', begins_on from closed
{% endfor -%}
union all
select 'stage_conversion', {{ local_day('min(stage_visit.exited_at)') }}
from stage_visit
cross join run
where stage_visit.exited_at is not null
group by run.timezone
{% for metric in ['leads_created', 'emails_sent', 'calls', 'meetings_booked', 'meetings_held'] -%}
union all
select '{{ metric }}', min(activity_date) from activity_daily where {{ metric }} > 0
{% endfor -%}
