-- One row per won or lost opportunity whose day of closing by its last change of stage is not the CRM's close date: both, and why that cannot be used.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

opportunity_change as (

    select * from {{ ref('int_opportunity_change') }} where begins_visit

),

status as (

    select * from {{ ref('int_opportunity_status') }} where status in ('won', 'lost')

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

run as (

    select timezone, as_of, fiscal_year_start_month from {{ source('config', 'run') }}

),

last_visit as (

    select opportunity_key, stage_changed_at, changed_on
    from opportunity_change
    qualify row_number() over (partition by opportunity_key order by change_number desc) = 1

),

dated as (

    select
        opportunity.source_system, opportunity.opportunity_id, opportunity.name as opportunity_name, status.status, amount.amount, last_visit.changed_on as closed_on,
        {{ local_day('last_visit.stage_changed_at') }} as stage_changed_on,
        {{ local_day('opportunity.recorded_closed_at') }} as close_date,
        {{ local_day('opportunity.created_at') }} as created_on,
        run.as_of
    from last_visit
    cross join run
    inner join opportunity on last_visit.opportunity_key = opportunity.opportunity_key
    inner join status on last_visit.opportunity_key = status.opportunity_key
    inner join amount on last_visit.opportunity_key = amount.opportunity_key
    where opportunity.recorded_closed_at is not null

),

placed as (

    select
        dated.*,
        cast({{ dbt.date_trunc('month', 'dated.stage_changed_on') }} as date) as month_by_stage_change,
        cast({{ dbt.date_trunc('month', 'dated.close_date') }} as date) as month_by_close_date,
        {{ forecast_period_start('quarter', 'dated.stage_changed_on') }} as quarter_by_stage_change,
        {{ forecast_period_start('quarter', 'dated.close_date') }} as quarter_by_close_date
    from dated
    cross join run
    where dated.stage_changed_on <> dated.close_date

)

select
    source_system,
    opportunity_id,
    opportunity_name,
    status,
    amount,
    closed_on,
    stage_changed_on,
    close_date,
    {{ dbt.datediff('stage_changed_on', 'close_date', 'day') }} as days_later,
    month_by_stage_change,
    month_by_close_date,
    quarter_by_stage_change,
    quarter_by_close_date,
    month_by_stage_change <> month_by_close_date as moves_month,
    quarter_by_stage_change <> quarter_by_close_date as moves_quarter,
    case
        when close_date > as_of then 'later than the as-of day'
        when close_date < created_on then 'before the day on which the opportunity was created'
    end as problem
from placed
