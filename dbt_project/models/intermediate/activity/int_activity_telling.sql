-- One row per activity that a system tells of by T: call, meeting, task or logged e-mail. Booked meetings know when they were booked.
-- What two systems tell is here twice (int_meeting_telling says what repeats what).
with activity as (

    select * from {{ ref('canonical_activity') }}

),

rep_address as (

    select * from {{ ref('int_rep_address') }}

),

contact as (

    select * from {{ ref('int_contact') }}

),

lead as (

    select * from {{ ref('int_lead') }}

),

record_merge as (

    select * from {{ ref('int_record_merge') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

-- Where a tool knows no user, the mailbox says whose it is.
unified as (

    select
        activity.known_from as told_by, activity.source_system, activity.activity_id, activity.activity_type, activity.occurred_at,
        activity.booked_at, coalesce(rep_address.source_system, activity.source_system) as rep_source_system,
        coalesce(activity.user_id, rep_address.rep_id) as rep_id, activity.lead_id, activity.contact_id, activity.account_id,
        activity.opportunity_id, activity.outcome, activity.email, activity.may_repeat
    from activity
    left join rep_address on {{ email_key('activity.rep_email') }} = rep_address.email

),

-- What was done with a record that was merged into another was done with the other. What was done with a lead before it became
-- a contact is told of the contact afterwards: it stays the lead's, and belongs to the deal that the lead became.
followed as (

    select
        unified.told_by, unified.source_system, unified.activity_id, unified.activity_type, unified.occurred_at, unified.booked_at,
        unified.rep_source_system, unified.rep_id, unified.outcome, unified.opportunity_id, unified.email, unified.may_repeat,
        coalesce(
            lead_merge.survivor_id,
            unified.lead_id,
            case when unified.occurred_at <= contact.lead_converted_at then contact.lead_id end
        ) as lead_id,
        coalesce(contact_merge.survivor_id, unified.contact_id) as contact_id,
        coalesce(account_merge.survivor_id, unified.account_id) as account_id
    from unified
    left join record_merge as lead_merge
        on unified.source_system = lead_merge.source_system and lead_merge.object = 'lead' and unified.lead_id = lead_merge.record_id
    left join record_merge as account_merge
        on unified.source_system = account_merge.source_system and account_merge.object = 'account'
        and unified.account_id = account_merge.record_id
    left join record_merge as contact_merge
        on unified.source_system = contact_merge.source_system and contact_merge.object = 'contact'
        and unified.contact_id = contact_merge.record_id
    left join contact
        on unified.source_system = contact.source_system
        and coalesce(contact_merge.survivor_id, unified.contact_id) = contact.contact_id

)

select
    unified.told_by,
    unified.source_system,
    unified.activity_id,
    unified.activity_type,
    unified.occurred_at,
    unified.booked_at,
    {{ local_day('unified.occurred_at') }} as occurred_on,
    {{ local_day('unified.booked_at') }} as booked_on,
    -- The system whose user the rep is; it is another one than the activity's where a tool knows only addresses.
    unified.rep_source_system,
    unified.rep_id,
    unified.lead_id,
    unified.contact_id,
    unified.account_id,
    coalesce(unified.opportunity_id, lead.opportunity_id) as opportunity_id,
    unified.outcome,
    unified.occurred_at < run.as_of_end as has_occurred,
    -- Meetings that are over count as held unless their outcome says otherwise.
    unified.activity_type = 'meeting' and unified.occurred_at < run.as_of_end
        and coalesce(unified.outcome, 'held') not in ('no show', 'no-show', 'no_show', 'canceled', 'cancelled', 'rescheduled', 'booking only') as is_held,
    -- With whom, where the system tells an address and no record of its own.
    unified.email,
    -- A CRM may know the meeting too (int_meeting_telling).
    unified.may_repeat
from followed as unified
cross join run
left join lead on unified.source_system = lead.source_system and unified.lead_id = lead.lead_id
where unified.occurred_at < run.as_of_end or unified.booked_at < run.as_of_end
