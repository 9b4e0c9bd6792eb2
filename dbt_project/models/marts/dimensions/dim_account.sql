-- One row per source system and account; accounts that only a deal names are placeholders.
with account as (

    select * from {{ ref('int_account') }} where not is_deleted

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

company as (

    select * from {{ ref('int_company') }}

),

lead as (

    select * from {{ ref('int_lead') }} where not is_deleted and account_id is not null

),

company_name as (

    select company_id, name from {{ ref('dim_company') }}

),

record_extra as (

    select * from {{ ref('int_record_extra') }} where object = 'account'

),

score as (

    select * from {{ ref('int_score') }}

),

fit as (

    select * from score where subject = 'account' and score = 'fit'

),

-- An account is as qualified as the best of its leads; of equal ones the first by id.
best_lead as (

    select
        lead.source_system, lead.account_id, score.points, score.tier, score.unknown_attributes, score.reason,
        row_number() over (
            partition by lead.source_system, lead.account_id
            order by score.points desc, score.unknown_attributes, lead.lead_id
        ) as place
    from lead
    inner join score
        on lead.source_system = score.source_system and lead.lead_id = score.subject_id
        and score.subject = 'lead' and score.score = 'qualification'
    where score.points is not null

),

qualification as (

    select * from best_lead where place = 1

),

placeholder as (

    select distinct opportunity.source_system, opportunity.account_id
    from opportunity
    left join account on opportunity.source_system = account.source_system and opportunity.account_id = account.account_id
    where opportunity.account_id is not null and account.account_id is null

)

select
    account.source_system,
    account.account_id,
    account.name,
    account.domain,
    account.industry,
    account.employees,
    account.country,
    account.created_at,
    company.company_id,
    company_name.name as company_name,
    false as is_placeholder,
    fit.points as fit_score,
    fit.tier as fit_tier,
    fit.unknown_attributes as fit_unknown_attributes,
    fit.reason as fit_reason,
    qualification.points as qualification_score,
    qualification.tier as qualification_tier,
    qualification.unknown_attributes as qualification_unknown_attributes,
    qualification.reason as qualification_reason,
    record_extra.extra
from account
left join company on account.source_system = company.source_system and account.account_id = company.account_id
left join company_name on company.company_id = company_name.company_id
left join fit on account.source_system = fit.source_system and account.account_id = fit.subject_id
left join qualification
    on account.source_system = qualification.source_system and account.account_id = qualification.account_id
left join record_extra on account.source_system = record_extra.source_system and account.account_id = record_extra.record_id

union all

select
    source_system,
    account_id,
    'unknown (' || account_id || ')',
    cast(null as varchar),
    cast(null as varchar),
    cast(null as bigint),
    cast(null as varchar),
    cast(null as timestamp),
    cast(null as varchar),
    cast(null as varchar),
    true,
    cast(null as integer),
    cast(null as varchar),
    cast(null as integer),
    cast(null as varchar),
    cast(null as integer),
    cast(null as varchar),
    cast(null as integer),
    cast(null as varchar),
    cast(null as varchar)
from placeholder
