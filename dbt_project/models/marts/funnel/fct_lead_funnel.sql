-- One row per cohort month and segment: the leads created in that month, and how far they came: qualified, opportunity, won.
{%- set rates = [
    ('lead_to_qualified_rate', 'qualified', 'leads'), ('lead_to_opportunity_rate', 'opportunities', 'leads'),
    ('qualified_to_opportunity_rate', 'opportunities', 'qualified'), ('opportunity_to_won_rate', 'won', 'opportunities'),
    ('lead_to_won_rate', 'won', 'leads')
] %}
with lead_outcome as (

    select * from {{ ref('int_lead_outcome') }}

),

lead_segment as (

    select * from {{ ref('int_lead_segment') }}

),

eventual as (

    select * from {{ ref('int_lead_eventual') }}

),

counted as (

    select
        cast({{ dbt.date_trunc('month', 'lead_outcome.created_on') }} as date) as cohort_month,
        lead_segment.scope,
        lead_segment.scope_id,
        max(lead_segment.scope_name) as scope_name,
        count(*) as leads,
        case when min(case when lead_outcome.is_qualification_told then 1 else 0 end) = 1
            then sum(case when lead_outcome.is_qualified then 1 else 0 end)
        end as qualified,
        sum(case when lead_outcome.deals > 0 then 1 else 0 end) as opportunities,
        sum(case when lead_outcome.won_at is not null then 1 else 0 end) as won,
        sum(case when lead_outcome.won_at is null and lead_outcome.lost_at is not null then 1 else 0 end) as lost,
        sum(lead_outcome.deals) as deals,
        sum(lead_outcome.won_amount) as won_amount,
        sum(lead_outcome.won_without_amount) as won_without_amount,
        {{ quantile(days_between('lead_outcome.created_at', 'lead_outcome.qualified_at'), 0.5) }} as median_days_to_qualified,
        {{ quantile(days_between('lead_outcome.created_at', 'lead_outcome.opportunity_at'), 0.5) }} as median_days_to_opportunity,
        {{ quantile(days_between('lead_outcome.opportunity_at', 'lead_outcome.won_at'), 0.5) }} as median_days_opportunity_to_won
    from lead_outcome
    inner join lead_segment
        on lead_outcome.source_system = lead_segment.source_system and lead_outcome.lead_id = lead_segment.lead_id
    group by
        cast({{ dbt.date_trunc('month', 'lead_outcome.created_on') }} as date), lead_segment.scope, lead_segment.scope_id

)

select
    counted.cohort_month,
    counted.scope,
    counted.scope_id,
    counted.scope_name,
    cast(counted.leads as bigint) as leads,
    cast(counted.qualified as bigint) as qualified,
    cast(counted.opportunities as bigint) as opportunities,
    cast(counted.won as bigint) as won,
    cast(counted.lost as bigint) as lost,
    cast(counted.opportunities - counted.won - counted.lost as bigint) as still_open,
    cast(counted.deals as bigint) as deals,
    {%- for rate, numerator, denominator in rates %}
    {{ share('counted.' ~ numerator, 'counted.' ~ denominator) }} as {{ rate }},
    {{ wilson_low('counted.' ~ numerator, 'counted.' ~ denominator) }} as {{ rate }}_low,
    {{ wilson_high('counted.' ~ numerator, 'counted.' ~ denominator) }} as {{ rate }}_high,
    {%- endfor %}
    round(eventual.rate, 6) as eventual_won_rate,
    {{ predicted_low('eventual.rate', 'eventual.effective_size', 'eventual.chance_size') }} as eventual_won_rate_low,
    {{ predicted_high('eventual.rate', 'eventual.effective_size', 'eventual.chance_size') }} as eventual_won_rate_high,
    round(counted.median_days_to_qualified, 6) as median_days_to_qualified,
    round(counted.median_days_to_opportunity, 6) as median_days_to_opportunity,
    round(counted.median_days_opportunity_to_won, 6) as median_days_opportunity_to_won,
    cast(counted.won_amount as {{ money_type() }}) as won_amount,
    cast(counted.won_without_amount as bigint) as won_without_amount,
    cast(round(
        cast(case when counted.won = 0 then 0 else counted.won_amount end as double) / counted.leads, 2
    ) as {{ money_type() }}) as amount_per_lead
from counted
left join eventual
    on counted.cohort_month = eventual.cohort_month
    and counted.scope = eventual.scope and counted.scope_id = eventual.scope_id
