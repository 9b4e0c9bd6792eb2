-- One row per opportunity and person engaged by T: someone with whom an activity on the deal took place, or its lead once worked on.
-- A lead and the contact it became are one person.
with activity as (

    select * from {{ ref('int_activity') }}

),

email_event as (

    select * from {{ ref('int_email_event') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

lead as (

    select * from {{ ref('int_lead') }}

),

-- A meeting to which nobody came engaged nobody.
engaged as (

    select source_system, opportunity_id, lead_id, contact_id
    from activity
    where has_occurred and (activity_type <> 'meeting' or is_held) and coalesce(lead_id, contact_id) is not null

),

worked_lead as (

    select lead_id from engaged where lead_id is not null
    union
    select lead_id from email_event where lead_id is not null

),

named as (

    select engaged.source_system, engaged.opportunity_id, coalesce(engaged.contact_id, lead.contact_id, engaged.lead_id) as person_id
    from engaged
    left join lead on engaged.source_system = lead.source_system and engaged.lead_id = lead.lead_id
    where engaged.opportunity_id is not null

    union

    select opportunity.source_system, opportunity.opportunity_id, coalesce(lead.contact_id, opportunity.lead_id)
    from opportunity
    inner join worked_lead on opportunity.lead_id = worked_lead.lead_id
    left join lead on opportunity.source_system = lead.source_system and opportunity.lead_id = lead.lead_id

)

select
    source_system,
    opportunity_id,
    person_id
from named
