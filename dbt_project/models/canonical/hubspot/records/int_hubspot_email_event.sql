-- One row per HubSpot e-mail event, in the words of our tables. What a machine did (HubSpot's filtered events) has a type of its own and is
-- no opening or click; a mail that was dropped before it was sent was not sent.
with email_event as (

    select * from {{ ref('stg_hubspot__email_event') }}

),

sent as (

    select * from {{ ref('stg_hubspot__email_event_sent') }}

),

dropped as (

    select * from {{ ref('stg_hubspot__email_event_dropped') }}

),

status_change as (

    select * from {{ ref('stg_hubspot__email_event_status_change') }}

),

contact as (

    select * from {{ ref('stg_hubspot__contact') }}

),

merged as (

    select * from {{ ref('int_hubspot_merge') }}

),

event as (

    select * from email_event where row_disposition = 'loaded'

),

-- A replica tells the sender beside the event, HubSpot's API in the event of the sending itself.
sender as (

    select event_id, sender_email from event where sender_email is not null
    union
    select event_id, sender_email from sent where row_disposition = 'loaded' and sender_email is not null
    union
    select event_id, sender_email from dropped where row_disposition = 'loaded' and sender_email is not null

),

one_sender as (

    select event_id, min(sender_email) as sender_email from sender group by event_id

),

newest_contact as (

    {{ newest_telling('contact', ['contact_id']) }}

),

-- Several contacts may have one address: the event is that of the one that was known first, once.
contact_of_address as (

    select newest_contact.email, coalesce(merged.survivor_id, newest_contact.contact_id) as contact_id
    from newest_contact
    left join merged on merged.object = 'contact' and newest_contact.contact_id = merged.merged_id
    where newest_contact.email is not null
    qualify row_number() over (
        partition by newest_contact.email
        order by newest_contact.is_deleted, newest_contact.created_at, length(newest_contact.contact_id), newest_contact.contact_id
    ) = 1

),

sent_by as (

    select
        event.*,
        coalesce(event.sender_email, own.sender_email, of_message.sender_email) as sender
    from event
    left join one_sender as own on event.event_id = own.event_id
    left join one_sender as of_message on event.sent_by_id = of_message.event_id

)

select
    sent_by._system as source_system,
    sent_by.event_id,
    case
        when sent_by.hubspot_type in ('open', 'click') and sent_by.is_filtered
            then case sent_by.hubspot_type when 'open' then 'machine_opened' else 'machine_clicked' end
        when sent_by.hubspot_type = 'open' then 'opened'
        when sent_by.hubspot_type = 'click' then 'clicked'
        when sent_by.hubspot_type = 'bounce' then 'bounced'
        when sent_by.hubspot_type = 'suppressed' then 'dropped'
        when sent_by.hubspot_type = 'reply' then 'replied'
        when sent_by.hubspot_type = 'spamreport' then 'complained'
        when sent_by.hubspot_type = 'statuschange' and coalesce(status_change.subscription_status, sent_by.subscription_status) = 'unsubscribed'
            then 'unsubscribed'
        when sent_by.hubspot_type = 'statuschange' then 'status_changed'
        when sent_by.hubspot_type = 'forward' then 'forwarded'
        when sent_by.hubspot_type = 'print' then 'printed'
        when sent_by.hubspot_type = 'unbounce' then 'unbounced'
        else sent_by.hubspot_type
    end as event_type,
    sent_by.occurred_at,
    -- A message is the event of its sending.
    coalesce(sent_by.sent_by_id, sent_by.event_id) as message_id,
    -- `Ann <ann@example.com>`
    case
        when sent_by.sender like '%<%>%'
            then trim({{ dbt.split_part(dbt.split_part('sent_by.sender', "'<'", 2), "'>'", 1) }})
        else sent_by.sender
    end as sender_email,
    sent_by.recipient_email,
    contact_of_address.contact_id as lead_id,
    sent_by.email_campaign_id as sequence_id,
    'email_event' as _object,
    sent_by._file,
    sent_by._row
from sent_by
left join status_change on sent_by.event_id = status_change.event_id and status_change.row_disposition = 'loaded'
left join contact_of_address on sent_by.recipient_email = contact_of_address.email
