-- One row per deal that came from a lead: the one lead that is credited with it. The ids link them, in either direction: the deal names its
-- lead, or leads name the deal they were converted to. A deal that was there before the lead did not come from it. Each deal counts once:
-- for the lead that it names itself, or else for the first of those that name it.
with lead_record as (

    select * from {{ ref('int_lead') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

named_by_deal as (

    select source_system, opportunity_id, lead_id
    from opportunity_version
    where valid_to is null and lead_id is not null

),

link as (

    select source_system, opportunity_id, lead_id, 1 as preference from named_by_deal
    union all
    select source_system, opportunity_id, lead_id, 2 from lead_record where opportunity_id is not null

),

found as (

    select
        link.source_system, link.opportunity_id, link.lead_id, opportunity.created_at as opportunity_created_at,
        {{ local_day('opportunity.created_at') }} < {{ local_day('lead_record.created_at') }} as is_before_lead,
        row_number() over (
            partition by link.source_system, link.opportunity_id
            order by
                case when {{ local_day('opportunity.created_at') }} < {{ local_day('lead_record.created_at') }} then 1 else 0 end,
                link.preference, lead_record.created_at, link.lead_id
        ) as preference
    from link
    cross join run
    inner join lead_record on link.source_system = lead_record.source_system and link.lead_id = lead_record.lead_id
    inner join opportunity
        on link.source_system = opportunity.source_system and link.opportunity_id = opportunity.opportunity_id
    where not lead_record.is_deleted and opportunity.deleted_at is null and opportunity.created_at < run.as_of_end

)

select
    source_system,
    opportunity_id,
    lead_id,
    opportunity_created_at,
    is_before_lead
from found
where preference = 1
