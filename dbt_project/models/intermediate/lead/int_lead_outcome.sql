-- One row per person who counts in the lead funnel, as their first lead: when they took each step, what became of them, and the values by
-- which they are cut. What came of any of a person's leads came of the person.
with lead_record as (

    select * from {{ ref('int_lead') }}

),

person as (

    select * from {{ ref('int_person') }} where object = 'lead'

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

-- A system that never says when a lead was qualified does not tell it of any.
qualification as (

    select source_system, count(qualified_at) > 0 as is_told
    from lead_record
    group by source_system

),

-- Which records are leads to be counted is said here, and only here.
counted_record as (

    select
        lead_record.*,
        person.person_id,
        qualification.is_told,
        case when lead_record.qualified_at < run.as_of_end then greatest(lead_record.qualified_at, lead_record.created_at) end as known_qualified_at,
        -- As dim_lead.is_primary_record has it.
        row_number() over (
            partition by person.person_id order by lead_record.created_at, lead_record.source_system, lead_record.lead_id
        ) as place
    from lead_record
    cross join run
    inner join person on lead_record.source_system = person.source_system and lead_record.lead_id = person.record_id
    inner join qualification on lead_record.source_system = qualification.source_system
    where not lead_record.is_deleted and lead_record.created_at < run.as_of_end

),

counted_lead as (

    select * from counted_record where place = 1

),

-- One of the systems that know a person is enough to tell.
told as (

    select person_id, max(case when is_told then 1 else 0 end) = 1 as is_told, min(known_qualified_at) as qualified_at
    from counted_record
    group by person_id

),

deal_of_person as (

    select
        counted_record.person_id,
        count(*) as deals,
        min(lead_deal.opportunity_created_at) as opportunity_at,
        min(case when status.status = 'won' then status.closed_at end) as won_at,
        case when sum(case when status.status = 'lost' then 1 else 0 end) = count(*) then max(status.closed_at) end as lost_at,
        sum(case when status.status = 'won' then amount.amount end) as won_amount,
        sum(case when status.status = 'won' and amount.amount is null then 1 else 0 end) as won_without_amount
    from lead_deal
    inner join counted_record
        on lead_deal.source_system = counted_record.source_system and lead_deal.lead_id = counted_record.lead_id
    inner join status on lead_deal.source_system = status.source_system and lead_deal.opportunity_id = status.opportunity_id
    inner join amount on lead_deal.source_system = amount.source_system and lead_deal.opportunity_id = amount.opportunity_id
    where not lead_deal.is_before_lead
    group by counted_record.person_id

)

select
    counted_lead.source_system,
    counted_lead.lead_id,
    {{ local_day('counted_lead.created_at') }} as created_on,
    counted_lead.created_at,
    told.is_told as is_qualification_told,
    -- A lead that became a deal had been qualified by then, whether or not anyone wrote it down.
    told.qualified_at is not null or deal_of_person.opportunity_at is not null as is_qualified,
    told.qualified_at,
    -- greatest() passes over a null: a lead without a deal would have had one at once.
    case when deal_of_person.opportunity_at is not null then greatest(deal_of_person.opportunity_at, counted_lead.created_at)
    end as opportunity_at,
    deal_of_person.won_at,
    deal_of_person.lost_at,
    coalesce(deal_of_person.deals, 0) as deals,
    deal_of_person.won_amount,
    coalesce(deal_of_person.won_without_amount, 0) as won_without_amount,
    counted_lead.source,
    counted_lead.motion,
    user_version.team,
    user_version.pod,
    rep.scope_id as rep,
    rep.scope_name as rep_name
from counted_lead
cross join run
inner join told on counted_lead.person_id = told.person_id
left join deal_of_person on counted_lead.person_id = deal_of_person.person_id
left join rep on counted_lead.source_system = rep.source_system and counted_lead.owner_id = rep.rep_id
-- A person's team is that of the day on which the lead came.
left join user_version
    on counted_lead.source_system = user_version.source_system and counted_lead.owner_id = user_version.user_id
    and {{ local_day('counted_lead.created_at') }} >= user_version.valid_from
    and (user_version.valid_to is null or {{ local_day('counted_lead.created_at') }} < user_version.valid_to)
