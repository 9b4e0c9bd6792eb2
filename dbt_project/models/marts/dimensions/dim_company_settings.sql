-- One row per release: in whose days and money the tables are told, what contested words mean in them, since when, and by which software.
with run as (

    select * from {{ source('config', 'run') }}

),

definition as (

    select * from {{ source('config', 'definition') }}

),

created_from_stage as (

    select {{ dbt.listagg("pipeline || ': ' || stage", "', '", 'order by pipeline') }} as pipelines_and_stages
    from {{ source('config', 'created_from_stage') }}

),

-- Where the config names no currency, amounts are in that of the data, if there is only one.
deal_currency as (

    select case when count(distinct currency) = 1 then min(currency) end as currency from {{ ref('int_opportunity_now') }}

),

history as (

    select min(entered_on) as first_day from {{ ref('int_stage_visit') }} where entry_evidence = 'history'

),

delivered as (

    select min(extracted_on) as first_day from {{ source('accounting', 'delivered_file') }} where outcome = 'loaded'

)

select
    run.company_name,
    run.as_of,
    coalesce(run.currency, deal_currency.currency) as reporting_currency,
    run.timezone,
    run.first_day_of_week,
    run.fiscal_year_start_month,
    run.sales_model,
    definition.slipped,
    created_from_stage.pipelines_and_stages as created_from_stage,
    definition.closed_amount,
    definition.amount_column,
    definition.past_periods,
    definition.velocity_opportunities,
    definition.closed_on,
    run.rates_stand_for_days,
    history.first_day as history_since,
    delivered.first_day as first_extract_on,
    run.software_version,
    run.process_digest as config_digest
from run
cross join definition
cross join created_from_stage
cross join deal_currency
cross join history
cross join delivered
