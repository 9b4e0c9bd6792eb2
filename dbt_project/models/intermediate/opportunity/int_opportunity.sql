-- One row per opportunity: its attributes as last delivered, in its own currency. What its history says is in int_opportunity_status.
with opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

stage_history as (

    select * from {{ ref('canonical_stage_history') }}

),

absence as (

    select * from {{ ref('int_opportunity_absence') }}

),

product as (

    select * from {{ ref('int_opportunity_product') }}

),

lead as (

    select * from {{ ref('int_lead') }}

),

motion as (

    select * from {{ source('config', 'motion') }}

),

run as (

    select currency as reporting_currency from {{ source('config', 'run') }}

),

newest as (

    select * from opportunity_version where valid_to is null

),

-- When a deal was first heard of matters where nobody tells when it was created.
undated as (

    select source_system, opportunity_id from newest where created_at is null

),

first_seen as (

    select opportunity_version.source_system, opportunity_version.opportunity_id, min(opportunity_version.valid_from) as first_seen_at
    from opportunity_version
    inner join undated
        on opportunity_version.source_system = undated.source_system and opportunity_version.opportunity_id = undated.opportunity_id
    group by opportunity_version.source_system, opportunity_version.opportunity_id

),

first_told as (

    select stage_history.source_system, stage_history.opportunity_id, min(stage_history.changed_at) as first_told_at
    from stage_history
    inner join undated
        on stage_history.source_system = undated.source_system and stage_history.opportunity_id = undated.opportunity_id
    group by stage_history.source_system, stage_history.opportunity_id

),

converted_lead as (

    -- Several leads may have become one deal: the first of them stands for all, so that the deal counts once. A lead that
    -- was merged afterwards is the one it was merged into.
    select source_system, opportunity_id, coalesce(merged_into, lead_id) as lead_id, source
    from lead
    where opportunity_id is not null and (not is_deleted or merged_into is not null)
    qualify row_number() over (partition by source_system, opportunity_id order by converted_at nulls last, lead_id) = 1

),

-- The lead that a deal itself names.
named_lead as (

    select source_system, lead_id, source from lead where not is_deleted or merged_into is not null

),

deleted_now as (

    select source_system, opportunity_id, min(deleted_at) as deleted_at
    from absence
    where restored_at is null
    group by source_system, opportunity_id

)

select
    newest.source_system,
    newest.opportunity_id,
    -- A number, by which the millions of rows of its history know it. It is of this build only.
    cast(row_number() over (order by newest.source_system, newest.opportunity_id) as integer) as opportunity_key,
    newest.name,
    newest.account_id,
    newest.owner_id,
    coalesce(newest.lead_id, converted_lead.lead_id) as lead_id,
    newest.pipeline,
    newest.stage_label,
    coalesce(newest.source, named_lead.source, converted_lead.source) as source,
    case
        when newest.source is not null then 'deal'
        when named_lead.source is not null then 'lead named by the deal'
        when converted_lead.source is not null then 'lead that names the deal'
    end as source_from,
    motion.motion,
    coalesce(newest.product, product.product) as product,
    newest.segment,
    newest.amount,
    coalesce(newest.currency, run.reporting_currency) as currency,
    newest.opportunity_type,
    -- What is no share of anything is not told (the gate names it).
    case when newest.probability between 0 and 1 then newest.probability end as probability,
    newest.next_step,
    newest.forecast_category,
    newest.expected_close_on,
    newest.closed_at as recorded_closed_at,
    newest.lost_reason,
    newest.extra,
    -- Without a date of creation: the first extract that showed it, or its history or close where they begin before.
    coalesce(newest.created_at, least(first_seen.first_seen_at, newest.closed_at, first_told.first_told_at)) as created_at,
    newest.created_at is null as is_created_at_inferred,
    deleted_now.deleted_at
from newest
cross join run
left join first_seen on newest.source_system = first_seen.source_system and newest.opportunity_id = first_seen.opportunity_id
left join first_told on newest.source_system = first_told.source_system and newest.opportunity_id = first_told.opportunity_id
left join converted_lead
    on newest.source_system = converted_lead.source_system and newest.opportunity_id = converted_lead.opportunity_id
left join named_lead on newest.source_system = named_lead.source_system and newest.lead_id = named_lead.lead_id
left join product on newest.source_system = product.source_system and newest.opportunity_id = product.opportunity_id
left join motion on lower(coalesce(newest.source, named_lead.source, converted_lead.source)) = lower(motion.source)
left join deleted_now on newest.source_system = deleted_now.source_system and newest.opportunity_id = deleted_now.opportunity_id
