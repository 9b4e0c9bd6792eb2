-- One row per team with sellers, and the company: what a ramped rep wins in a month, how far months lie apart, and of how many months that is known.
-- A team of which a year of one ramped rep was not seen is taken to be like the company.
{{ config(materialized='view') }}
with seller as (

    select * from {{ ref('int_seller') }}

),

rep_month as (

    select * from {{ ref('int_rep_month') }}

),

forecast as (

    select ramp_months from {{ source('config', 'forecast') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

),

scope as (

    select 'company' as scope, 'all' as scope_id
    union all
    select distinct 'team', team from seller

),

-- Of the last twelve whole months, those in which a rep was ramped.
ramped as (

    select rep_month.rep, coalesce(rep_month.team, '(none)') as team, cast(rep_month.won_amount as double) as won_amount
    from rep_month
    cross join run
    cross join forecast
    where (rep_month.tenure_months is null or rep_month.tenure_months >= forecast.ramp_months)
        and rep_month.month_start >= {{ dbt.dateadd('month', -12, dbt.date_trunc('month', dbt.dateadd('day', 1, 'run.as_of'))) }}

),

productivity as (

    select 'company' as scope, 'all' as scope_id, count(*) as rep_months, avg(won_amount) as mean_won, stddev_samp(won_amount) as deviation from ramped
    union all
    select 'team', team, count(*), avg(won_amount), stddev_samp(won_amount) from ramped group by team

)

select
    scope.scope, scope.scope_id,
    case when own.rep_months >= 12 then own.rep_months else company.rep_months end as rep_months,
    case when own.rep_months >= 12 then own.mean_won else company.mean_won end as mean_won,
    case when own.rep_months >= 12 then own.deviation else company.deviation end as deviation,
    case when scope.scope = 'company' or own.rep_months >= 12 then 'own record' else 'the company''s record' end as basis
from scope
left join productivity as own on scope.scope = own.scope and scope.scope_id = own.scope_id
left join productivity as company on company.scope = 'company'
