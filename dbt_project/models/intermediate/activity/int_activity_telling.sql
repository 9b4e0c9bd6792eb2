-- One row per activity that a system tells of by T: call, meeting, task or logged e-mail. Booked meetings know when they were booked.
-- What two systems tell is here twice (int_meeting_telling says what repeats what).
with generic_activity as (

    select * from {{ ref('stg_generic__activity') }}

),

{% if uses('salesforce') -%}
salesforce_task as (

    select * from {{ ref('stg_salesforce__task') }}

),

salesforce_event as (

    select * from {{ ref('stg_salesforce__event') }}

),

contact as (

    select * from {{ ref('int_contact') }}

),

{% endif -%}
{% if uses('instantly') -%}
instantly_event as (

    select * from {{ ref('stg_instantly__event') }}

),

rep_address as (

    select * from {{ ref('int_rep_address') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_activity as (

    select * from {{ ref('int_hubspot_activity') }}

),

{% endif -%}
lead as (

    select * from {{ ref('int_lead') }}

),

record_merge as (

    select * from {{ ref('int_record_merge') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

{% if uses('salesforce') -%}
newest_task as (

    select *
    from salesforce_task
    where row_disposition = 'loaded'
    qualify row_number() over (partition by activity_id order by _extracted_at desc) = 1

),

newest_event as (

    select *
    from salesforce_event
    where row_disposition = 'loaded'
    qualify row_number() over (partition by activity_id order by _extracted_at desc) = 1

),

{% endif -%}
newest_generic as (

    select *
    from generic_activity
    where row_disposition = 'loaded'
    qualify row_number() over (partition by activity_id order by _extracted_at desc) = 1

),

{% if uses('instantly') -%}
campaign_lead as (

    select lead_id, email, campaign_id
    from {{ ref('stg_instantly__lead') }}
    where row_disposition = 'loaded'
    qualify row_number() over (partition by email, campaign_id order by _extracted_at desc, lead_id) = 1

),

{% endif -%}
unified as (

    select
        'generic.activity' as told_by, _system as source_system, activity_id, activity_type, occurred_at, occurred_at as booked_at,
        _system as rep_source_system, user_id as rep_id, lead_id, cast(null as varchar) as contact_id, account_id, opportunity_id, outcome,
        cast(null as varchar) as email
    from newest_generic

    {% if uses('salesforce') -%}
    union all

    -- The first characters of a Salesforce id name its object: 00Q a lead, 003 a contact, 006 an opportunity, 001 an account.
    select
        'salesforce.task', _system, activity_id, activity_type, occurred_at, cast(null as timestamp), _system, user_id,
        case when who_id like '00Q%' then who_id end,
        case when who_id like '003%' then who_id end,
        case when what_id like '001%' then what_id else account_id end,
        case when what_id like '006%' then what_id end,
        outcome, null
    from newest_task
    where is_done and not is_deleted

    union all

    select
        'salesforce.event', _system, activity_id, case when event_kind = 'call' then 'call' else 'meeting' end, occurred_at, created_at,
        _system, user_id,
        case when who_id like '00Q%' then who_id end,
        case when who_id like '003%' then who_id end,
        case when what_id like '001%' then what_id else account_id end,
        case when what_id like '006%' then what_id end,
        outcome, null
    from newest_event
    where not is_deleted
    {%- endif %}

    {% if uses('hubspot') -%}
    union all

    select
        'hubspot.engagement', source_system, activity_id, activity_type, occurred_at, booked_at, source_system, rep_id, lead_id, null, account_id,
        opportunity_id, outcome, null
    from hubspot_activity
    {%- endif %}

    {% if uses('instantly') -%}
    union all

    -- Instantly tells that a meeting was booked, and later that it was held or missed, but not for when. The booking alone is
    -- no meeting that was held. The mailbox says whose it is.
    select
        'instantly.event', instantly_event._system, instantly_event.event_id, 'meeting', instantly_event.occurred_at,
        case when instantly_event.event_type = 'lead_meeting_booked' then instantly_event.occurred_at end,
        coalesce(rep_address.source_system, instantly_event._system), rep_address.rep_id, campaign_lead.lead_id, null, null, null,
        case instantly_event.event_type
            when 'lead_meeting_booked' then 'booking only' when 'lead_no_show' then 'no show' else 'held' end,
        instantly_event.lead_email
    from instantly_event
    left join rep_address on {{ email_key('instantly_event.sender_email') }} = rep_address.email
    left join campaign_lead
        on instantly_event.lead_email = campaign_lead.email and instantly_event.campaign_id = campaign_lead.campaign_id
    where instantly_event.row_disposition = 'loaded'
        and instantly_event.event_type in ('lead_meeting_booked', 'lead_meeting_completed', 'lead_no_show')
    {%- endif %}

),

-- What was done with a record that was merged into another was done with the other. What was done with a lead before it became
-- a contact is told of the contact afterwards: it stays the lead's, and belongs to the deal that the lead became.
followed as (

    select
        unified.told_by, unified.source_system, unified.activity_id, unified.activity_type, unified.occurred_at, unified.booked_at,
        unified.rep_source_system, unified.rep_id, unified.outcome, unified.opportunity_id, unified.email,
        {% if uses('salesforce') -%}
        coalesce(
            lead_merge.survivor_id,
            unified.lead_id,
            case when unified.occurred_at <= contact.lead_converted_at then contact.lead_id end
        ) as lead_id,
        coalesce(contact_merge.survivor_id, unified.contact_id) as contact_id,
        {% else -%}
        coalesce(lead_merge.survivor_id, unified.lead_id) as lead_id,
        unified.contact_id,
        {% endif -%}
        coalesce(account_merge.survivor_id, unified.account_id) as account_id
    from unified
    left join record_merge as lead_merge
        on unified.source_system = lead_merge.source_system and lead_merge.object = 'lead' and unified.lead_id = lead_merge.record_id
    left join record_merge as account_merge
        on unified.source_system = account_merge.source_system and account_merge.object = 'account'
        and unified.account_id = account_merge.record_id
    {% if uses('salesforce') -%}
    left join record_merge as contact_merge
        on unified.source_system = contact_merge.source_system and contact_merge.object = 'contact'
        and unified.contact_id = contact_merge.record_id
    left join contact
        on unified.source_system = contact.source_system
        and coalesce(contact_merge.survivor_id, unified.contact_id) = contact.contact_id
    {%- endif %}

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
    unified.email
from followed as unified
cross join run
left join lead on unified.source_system = lead.source_system and unified.lead_id = lead.lead_id
where unified.occurred_at < run.as_of_end or unified.booked_at < run.as_of_end
