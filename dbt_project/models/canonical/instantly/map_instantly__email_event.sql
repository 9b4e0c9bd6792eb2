-- One row per event of an e-mail that Instantly sends to a webhook, and per e-mail that its API lists.
with event as (

    select * from {{ ref('stg_instantly__event') }} where row_disposition = 'loaded'

),

newest_email as (

    {{ newest_telling(ref('stg_instantly__email'), ['email_id']) }}

),

campaign_lead as (

    select * from {{ ref('int_instantly_campaign_lead') }}

)

-- Opens and replies name the campaign's step and the lead, not the e-mail: with the sending of that step they are one message.
select
    {{ canonical('email_event', ['_object', '_file', '_row'], {
        'source_system': 'event._system',
        'known_from': "'instantly.event'",
        'precedence': 1,
        'event_id': 'event.event_id',
        'event_type': "case event.event_type
        when 'email_sent' then 'sent' when 'email_opened' then 'opened' when 'email_link_clicked' then 'clicked'
        when 'link_clicked' then 'clicked' when 'reply_received' then 'replied' when 'auto_reply_received' then 'auto_replied'
        when 'email_bounced' then 'bounced' when 'lead_unsubscribed' then 'unsubscribed' when 'spam_complaint' then 'complained'
    end",
        'occurred_at': 'event.occurred_at',
        'message_id': "case
        when event.campaign_id is not null and event.lead_email is not null and event.step is not null
            then " ~ text_digest("concat_ws('|', event.campaign_id, event.step, event.lead_email)") ~ "
        else coalesce(event.email_id, event.event_id)
    end",
        'own_message_id': 'event.email_id',
        'sender_email': 'event.sender_email',
        'recipient_email': 'event.lead_email',
        'lead_id': 'campaign_lead.lead_id',
        'sequence_id': 'event.campaign_id',
        'step': 'event.step',
        'variant': 'event.variant',
        '_extracted_at': 'event._extracted_at'
    }) }}
from event
left join campaign_lead on event.lead_email = campaign_lead.email and event.campaign_id = campaign_lead.campaign_id
where event.event_type in (
    'email_sent', 'email_opened', 'email_link_clicked', 'link_clicked', 'reply_received', 'auto_reply_received', 'email_bounced',
    'lead_unsubscribed', 'spam_complaint'
)

union all

select
    {{ canonical('email_event', ['event_type', 'occurred_at', 'sender_email', '_object', '_file', '_row'], {
        'source_system': 'newest_email._system',
        'known_from': "'instantly.email'",
        'precedence': 2,
        'event_id': 'newest_email.email_id',
        'message_id': 'newest_email.email_id',
        'own_message_id': 'newest_email.email_id',
        'recipient_email': 'newest_email.lead_email',
        'lead_id': 'campaign_lead.lead_id',
        'sequence_id': 'newest_email.campaign_id',
        '_extracted_at': 'newest_email._extracted_at'
    }) }}
from newest_email
left join campaign_lead on newest_email.lead_email = campaign_lead.email and newest_email.campaign_id = campaign_lead.campaign_id
where newest_email.event_type <> 'scheduled'
