-- One row per source system with deals and subject: since which day the delivered extracts can tell it (known_since; null: never), why not
-- before, and which extract would help. What does not belong to one system (leads, activity, e-mail, targets) is told for 'all'.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

stage_history as (

    select * from {{ ref('int_stage_history') }}

),

history_beginning as (

    select * from {{ ref('int_history_beginning') }} where is_late

),

close_date_coverage as (

    select * from {{ ref('int_close_date_coverage') }}

),

lead_record as (

    select * from {{ ref('int_lead') }}

),

lead_deal as (

    select * from {{ ref('int_lead_deal') }}

),

activity as (

    select * from {{ ref('int_activity') }}

),

email_event as (

    select * from {{ ref('int_email_event') }}

),

target as (

    select * from {{ ref('int_target') }}

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

extract_day as (

    select source_system, valid_from, dense_rank() over (partition by source_system order by valid_from) as extract_number
    from opportunity_version

),

system as (

    select
        extract_day.source_system,
        min({{ local_day('extract_day.valid_from') }}) as first_extract_on,
        min(case when extract_day.extract_number = 2 then {{ local_day('extract_day.valid_from') }} end) as second_extract_on
    from extract_day
    cross join run
    group by extract_day.source_system

),

history as (

    select
        stage_history.source_system, count(*) as changes,
        min({{ local_day('stage_history.changed_at') }}) as first_change_on,
        min(case when stage_history.amount is not null then {{ local_day('stage_history.changed_at') }} end) as first_amount_on
    from stage_history
    cross join run
    where stage_history.problem is null
    group by stage_history.source_system

),

-- Deals that are older than their history: what is said of the time before it.
older as (

    select
        source_system,
        'the delivered history begins then; ' || cast(count(*) as varchar) || ' deals are older than theirs: before its first word each stands '
        || 'in the stage that this tells, since its creation' as stage_reason,
        'the delivered history begins then; ' || cast(count(*) as varchar) || ' deals are older than theirs: what they were worth before its first '
        || 'word is not known, and adds nothing to sums' as amount_reason
    from history_beginning
    group by source_system

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

),

general as (

    select 'leads' as subject, min({{ local_day('lead_record.created_at') }}) as known_since from lead_record cross join run
    union all
    select 'qualification', min(case when lead_record.qualified_at is not null then {{ local_day('lead_record.created_at') }} end)
    from lead_record cross join run
    union all
    select 'lead_link', min({{ local_day('lead_deal.opportunity_created_at') }}) from lead_deal cross join run
    union all
    select 'activity', min(occurred_on) from activity
    union all
    select 'email', min(occurred_on) from email_event
    union all
    select 'targets', min(period_start) from target

),

told as (

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
        system.source_system, 'stage_history', coalesce(history.first_change_on, system.second_extract_on),
        case
            when history.first_change_on is not null then coalesce(older.stage_reason, 'the delivered history begins then')
            when system.second_extract_on is not null
                then 'no history is delivered: changes are seen by comparing extracts, since the second one'
            else 'no history is delivered, and only one extract, with nothing to compare it to'
        end,
        case when history.first_change_on is null then case system.source_system
            when 'salesforce' then 'opportunity_history' when 'hubspot' then 'deal_stage' else 'stage_history'
        end end
    from system
    left join history on system.source_system = history.source_system
    left join older on system.source_system = older.source_system

    union all

    select
        system.source_system, 'amount_history',
        case when coalesce(history.changes, 0) > 0 then history.first_amount_on else system.second_extract_on end,
        case
            when history.first_amount_on is not null then coalesce(older.amount_reason, 'the delivered history begins then')
            when coalesce(history.changes, 0) > 0 then 'the delivered history does not tell amounts: each deal has its last one all its life'
            when system.second_extract_on is not null
                then 'no history is delivered: changes are seen by comparing extracts, since the second one'
            else 'no history is delivered, and only one extract, with nothing to compare it to'
        end,
        case when history.first_amount_on is null then case system.source_system
            when 'salesforce' then 'opportunity_history with Amount' when 'hubspot' then 'deal_property_history of amount'
            else 'stage_history with amount'
        end end
    from system
    left join history on system.source_system = history.source_system
    left join older on system.source_system = older.source_system

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
            when coalesce(history.changes, 0) = 0 then greatest(system.first_extract_on, close_date_coverage.known_since)
            when history.first_amount_on is not null then greatest(history.first_amount_on, close_date_coverage.known_since)
        end,
        case
            when coalesce(history.changes, 0) > 0 and history.first_amount_on is null
                then 'the delivered history does not tell amounts: what deals promised in the past is not known'
            else close_date_coverage.reason
        end,
        case
            when coalesce(history.changes, 0) > 0 and history.first_amount_on is null then 'a history with amounts'
            when close_date_coverage.known_since is null then 'a history with expected close dates'
        end
    from system
    left join history on system.source_system = history.source_system
    left join close_date_coverage on system.source_system = close_date_coverage.source_system

    union all

    select source_system, 'deletion', first_extract_on, 'a deal that was deleted before the first extract was never delivered',
        cast(null as varchar)
    from system

    union all

    select
        'all', subject, known_since,
        case
            when known_since is not null then 'the first one delivered is of that day'
            when subject = 'leads' then 'no leads are delivered'
            when subject = 'qualification' then 'no lead is delivered with the time at which it was qualified'
            when subject = 'lead_link' then 'no deal names the lead that it came from, and no lead its deal'
            when subject = 'activity' then 'no activity is delivered'
            when subject = 'email' then 'no e-mail events are delivered'
            when subject = 'targets' then 'no sheet of targets is delivered, and no quotas of a CRM'
        end,
        case when known_since is null then case subject
            when 'leads' then 'lead'
            when 'qualification' then 'lead with qualified_at'
            when 'lead_link' then 'lead with opportunity_id, or opportunity with lead_id'
            when 'activity' then 'activity (calls, meetings, tasks)'
            when 'email' then 'email_event'
            when 'targets' then 'target, or Salesforce''s forecasting_quota'
        end end
    from general

)

select source_system, subject, known_since, reason, extract_that_helps
from told
