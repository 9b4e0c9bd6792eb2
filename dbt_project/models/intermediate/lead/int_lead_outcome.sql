-- One row per lead that counts in the lead funnel: when it took each step, what became of it, and the values by which it is cut.
with lead_record as (

    select * from {{ ref('int_lead') }}

),

lead_deal as (

    select * from {{ ref('int_lead_deal') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

rep as (

    select * from {{ ref('int_rep_scope') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

-- Which records are leads to be counted is said here, and only here.
counted_lead as (

    select lead_record.*
    from lead_record
    cross join run
    where not lead_record.is_deleted and lead_record.created_at < run.as_of_end

),

-- A system that never says when a lead was qualified does not tell it of any.
qualification as (

    select source_system, count(qualified_at) > 0 as is_told
    from lead_record
    group by source_system

),

deal_of_lead as (

    select
        lead_deal.source_system, lead_deal.lead_id,
        count(*) as deals,
        min(lead_deal.opportunity_created_at) as opportunity_at,
        min(case when status.status = 'won' then status.closed_at end) as won_at,
        case when sum(case when status.status = 'lost' then 1 else 0 end) = count(*) then max(status.closed_at) end as lost_at,
        sum(case when status.status = 'won' then amount.amount end) as won_amount,
        sum(case when status.status = 'won' and amount.amount is null then 1 else 0 end) as won_without_amount
    from lead_deal
    inner join status on lead_deal.source_system = status.source_system and lead_deal.opportunity_id = status.opportunity_id
    inner join amount on lead_deal.source_system = amount.source_system and lead_deal.opportunity_id = amount.opportunity_id
    where not lead_deal.is_before_lead
    group by lead_deal.source_system, lead_deal.lead_id

)

select
    counted_lead.source_system,
    counted_lead.lead_id,
    {{ local_day('counted_lead.created_at') }} as created_on,
    counted_lead.created_at,
    qualification.is_told as is_qualification_told,
    -- A lead that became a deal had been qualified by then, whether or not anyone wrote it down.
    coalesce(counted_lead.qualified_at < run.as_of_end, false) or deal_of_lead.opportunity_at is not null as is_qualified,
    case
        when counted_lead.qualified_at < run.as_of_end then greatest(counted_lead.qualified_at, counted_lead.created_at)
    end as qualified_at,
    -- greatest() passes over a null: a lead without a deal would have had one at once.
    case when deal_of_lead.opportunity_at is not null then greatest(deal_of_lead.opportunity_at, counted_lead.created_at)
    end as opportunity_at,
    deal_of_lead.won_at,
    deal_of_lead.lost_at,
    coalesce(deal_of_lead.deals, 0) as deals,
    deal_of_lead.won_amount,
    coalesce(deal_of_lead.won_without_amount, 0) as won_without_amount,
    counted_lead.source,
    counted_lead.motion,
    user_version.team,
    user_version.pod,
    rep.scope_id as rep
from counted_lead
cross join run
inner join qualification on counted_lead.source_system = qualification.source_system
left join deal_of_lead
    on counted_lead.source_system = deal_of_lead.source_system and counted_lead.lead_id = deal_of_lead.lead_id
left join rep on counted_lead.source_system = rep.source_system and counted_lead.owner_id = rep.rep_id
-- A person's team is that of the day on which the lead came.
left join user_version
    on counted_lead.source_system = user_version.source_system and counted_lead.owner_id = user_version.user_id
    and {{ local_day('counted_lead.created_at') }} >= user_version.valid_from
    and (user_version.valid_to is null or {{ local_day('counted_lead.created_at') }} < user_version.valid_to)
