-- One row per source system with deals and subject: since which day the delivered extracts can tell it (known_since; null: never), why not
-- before, and which extract would help. What does not belong to one system (leads, activity, e-mail, targets) is told for 'all'.
with system as (

    select * from {{ ref('int_coverage_system') }}

),

general as (

    select * from {{ ref('int_coverage_general') }}

),

close_date_coverage as (

    select * from {{ ref('int_close_date_coverage') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

holder as (

    select * from {{ ref('int_forecast_holder') }}

),

category as (

    select * from {{ ref('int_forecast_category') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

creation as (

    select
        opportunity.source_system,
        min({{ local_day('opportunity.created_at') }}) as first_created_on,
        sum(case when opportunity.is_created_at_inferred then 0 else 1 end) as dated
    from opportunity
    cross join run
    group by opportunity.source_system

),

-- Who owned a deal, as forecasts know it: from the extracts, or a history that names owners.
held as (

    select source_system, cast({{ dbt.dateadd('day', -1, 'min(known_from)') }} as date) as holder_known_since
    from holder
    group by source_system

),

-- Which category its forecast had: from the extracts, or a history that names categories.
categorised as (

    select
        source_system,
        cast({{ dbt.dateadd('day', -1, "min(case when forecast_category is not null then known_from end)") }} as date) as category_known_since
    from category
    group by source_system

)

select source_system, 'deals' as subject, first_created_on as known_since,
    'the first deal was created then' as reason, cast(null as varchar) as extract_that_helps
from creation

union all

select
    source_system, 'creation', case when dated > 0 then first_created_on end,
    case when dated > 0 then 'the first deal was created then' else 'no deal is delivered with its time of creation' end,
    case when dated = 0 then 'opportunity with created_at' end
from creation

union all

select
    system.source_system, 'stage_history', coalesce(system.first_change_on, system.second_extract_on),
    case
        when system.first_change_on is not null then coalesce(system.stage_reason, 'the delivered history begins then')
        when system.second_extract_on is not null
            then 'no history is delivered: changes are seen by comparing extracts, since the second one'
        else 'no history is delivered, and only one extract, with nothing to compare it to'
    end,
    case when system.first_change_on is null then case system.source_system
        when 'salesforce' then 'opportunity_history' when 'hubspot' then 'deal_stage' else 'stage_history'
    end end
from system

union all

select
    system.source_system, 'amount_history',
    case when system.changes > 0 then system.first_amount_on else system.second_extract_on end,
    case
        when system.first_amount_on is not null then coalesce(system.amount_reason, 'the delivered history begins then')
        when system.changes > 0 then 'the delivered history does not tell amounts: each deal has its last one all its life'
        when system.second_extract_on is not null
            then 'no history is delivered: changes are seen by comparing extracts, since the second one'
        else 'no history is delivered, and only one extract, with nothing to compare it to'
    end,
    case when system.first_amount_on is null then case system.source_system
        when 'salesforce' then 'opportunity_history with Amount' when 'hubspot' then 'deal_property_history of amount'
        else 'stage_history with amount'
    end end
from system

union all

select
    close_date_coverage.source_system, 'close_date_history', close_date_coverage.known_since, close_date_coverage.reason,
    case when close_date_coverage.reason <> 'the delivered history begins then' then case close_date_coverage.source_system
        when 'salesforce' then 'opportunity_history with CloseDate' when 'hubspot' then 'deal_property_history of closedate'
        else 'stage_history with expected_close_on'
    end end
from close_date_coverage

union all

select
    source_system, 'owner_history', second_extract_on,
    case
        when second_extract_on is null then 'only one extract was delivered, with nothing to compare it to'
        else 'owners are compared from extract to extract, since the second one'
    end,
    'opportunity, every night'
from system

union all

select
    source_system, 'holder', holder_known_since, 'whose a deal was is known from then on', cast(null as varchar)
from held

union all

select
    source_system, 'forecast_category', category_known_since,
    case when category_known_since is null then 'no deal is delivered with a forecast category'
        else 'the first extract or change of stage that tells it is of that day' end,
    case when category_known_since is null then 'opportunity with forecast_category' end
from categorised

union all

-- What open deals promise: the later of their amounts and their dates; what history does not tell is known of today only.
select
    system.source_system, 'promises',
    case
        when close_date_coverage.known_since is null then null
        when system.changes = 0 then greatest(system.first_extract_on, close_date_coverage.known_since)
        when system.first_amount_on is not null then greatest(system.first_amount_on, close_date_coverage.known_since)
    end,
    case
        when system.changes > 0 and system.first_amount_on is null
            then 'the delivered history does not tell amounts: what deals promised in the past is not known'
        else close_date_coverage.reason
    end,
    case
        when system.changes > 0 and system.first_amount_on is null then 'a history with amounts'
        when close_date_coverage.known_since is null then 'a history with expected close dates'
    end
from system
left join close_date_coverage on system.source_system = close_date_coverage.source_system

union all

select source_system, 'deletion', first_extract_on, 'a deal that was deleted before the first extract was never delivered',
    cast(null as varchar)
from system

union all

select source_system, subject, known_since, reason, extract_that_helps
from general
