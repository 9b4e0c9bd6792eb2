-- One row per e-mail event by T and system that tells of it. An event that a tool nearer to the mail tells as well is a repeat: it counts once.
-- The same event: of the same type, with the same message id; or to the same person from the same mailbox within a minute.
{#- The tool that sends knows most of a message, and its events more than its lists; what was typed off or exported knows least. -#}
{%- set tellers = (['instantly.event', 'instantly.email'] if uses('instantly') else []) + (['hubspot.email_event'] if uses('hubspot') else [])
    + ['generic.email_event'] %}
with generic_event as (

    select * from {{ ref('stg_generic__email_event') }}

),

{% if uses('instantly') -%}
instantly_event as (

    select * from {{ ref('stg_instantly__event') }}

),

instantly_email as (

    select * from {{ ref('stg_instantly__email') }}

),

campaign_lead as (

    select lead_id, email, campaign_id
    from {{ ref('stg_instantly__lead') }}
    where row_disposition = 'loaded'
    qualify row_number() over (partition by email, campaign_id order by _extracted_at desc, lead_id) = 1

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_event as (

    select * from {{ ref('int_hubspot_email_event') }}

),

{% endif -%}
rep_address as (

    select * from {{ ref('int_rep_address') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

delivered as (

    select
        'generic.email_event' as told_by, _system as source_system, event_id, event_type, occurred_at,
        coalesce(message_id, event_id) as message_id, message_id as own_message_id, user_id, sender_email, recipient_email, lead_id,
        sequence_id, step, variant, _object, _file, _row
    from generic_event
    where row_disposition = 'loaded'

    {% if uses('instantly') -%}
    union all

    -- Opens and replies name the campaign's step and the lead, not the e-mail: with the sending of that step they are one message.
    select
        'instantly.event', instantly_event._system, instantly_event.event_id,
        case instantly_event.event_type
            when 'email_sent' then 'sent' when 'email_opened' then 'opened' when 'email_link_clicked' then 'clicked'
            when 'link_clicked' then 'clicked' when 'reply_received' then 'replied' when 'auto_reply_received' then 'auto_replied'
            when 'email_bounced' then 'bounced' when 'lead_unsubscribed' then 'unsubscribed' when 'spam_complaint' then 'complained'
        end,
        instantly_event.occurred_at,
        case
            when instantly_event.campaign_id is not null and instantly_event.lead_email is not null and instantly_event.step is not null
                then {{ text_digest("concat_ws('|', instantly_event.campaign_id, instantly_event.step, instantly_event.lead_email)") }}
            else coalesce(instantly_event.email_id, instantly_event.event_id)
        end,
        instantly_event.email_id, cast(null as varchar), instantly_event.sender_email, instantly_event.lead_email, campaign_lead.lead_id,
        instantly_event.campaign_id, instantly_event.step, instantly_event.variant, instantly_event._object, instantly_event._file,
        instantly_event._row
    from instantly_event
    left join campaign_lead
        on instantly_event.lead_email = campaign_lead.email and instantly_event.campaign_id = campaign_lead.campaign_id
    where instantly_event.row_disposition = 'loaded'
        and instantly_event.event_type in (
            'email_sent', 'email_opened', 'email_link_clicked', 'link_clicked', 'reply_received', 'auto_reply_received',
            'email_bounced', 'lead_unsubscribed', 'spam_complaint'
        )

    union all

    select
        'instantly.email', instantly_email._system, instantly_email.email_id, instantly_email.event_type, instantly_email.occurred_at,
        instantly_email.email_id, instantly_email.email_id, cast(null as varchar), instantly_email.sender_email, instantly_email.lead_email,
        campaign_lead.lead_id, instantly_email.campaign_id, cast(null as varchar), cast(null as varchar),
        instantly_email._object, instantly_email._file, instantly_email._row
    from (
        select *
        from instantly_email
        where row_disposition = 'loaded'
        qualify row_number() over (partition by email_id order by _extracted_at desc) = 1
    ) as instantly_email
    left join campaign_lead
        on instantly_email.lead_email = campaign_lead.email and instantly_email.campaign_id = campaign_lead.campaign_id
    where instantly_email.event_type <> 'scheduled'
    {%- endif %}

    {% if uses('hubspot') -%}
    union all

    select
        'hubspot.email_event', source_system, event_id, event_type, occurred_at, message_id, message_id, cast(null as varchar),
        sender_email, recipient_email, lead_id, sequence_id, cast(null as varchar), cast(null as varchar), _object, _file, _row
    from hubspot_event
    {%- endif %}

),

told as (

    select
        delivered.*,
        case told_by {% for teller in tellers %}when '{{ teller }}' then {{ loop.index }} {% endfor %}end as teller_rank,
        {{ email_key('sender_email') }} as sender_key,
        {{ email_key('recipient_email') }} as recipient_key
    from delivered
    cross join run
    where delivered.occurred_at < run.as_of_end

),

{% if tellers | length > 1 -%}
compared as (

    select
        *,
        own_message_id is not null and min(teller_rank) over (partition by event_type, own_message_id) < teller_rank
            as is_told_by_message,
        sender_key is not null and recipient_key is not null and (false
        {%- for rank in range(1, tellers | length) %}
            or (teller_rank > {{ rank }} and (
                max(case when teller_rank = {{ rank }} then occurred_at end) over before_it
                    >= {{ dbt.dateadd('second', -60, 'occurred_at') }}
                or min(case when teller_rank = {{ rank }} then occurred_at end) over after_it
                    <= {{ dbt.dateadd('second', 60, 'occurred_at') }}
            ))
        {%- endfor %}
        ) as is_told_by_minute
    from told
    window
        before_it as (
            partition by event_type, sender_key, recipient_key order by occurred_at, teller_rank, event_id rows unbounded preceding
        ),
        after_it as (
            partition by event_type, sender_key, recipient_key order by occurred_at, teller_rank, event_id
            rows between current row and unbounded following
        )

)
{%- else -%}
compared as (

    select *, false as is_told_by_message, false as is_told_by_minute from told

)
{%- endif %}

select
    compared.told_by,
    compared.source_system,
    compared.event_id,
    compared.event_type,
    compared.occurred_at,
    {{ local_day('compared.occurred_at') }} as occurred_on,
    compared.message_id,
    coalesce(rep_address.source_system, sender.source_system) as rep_source_system,
    coalesce(rep_address.rep_id, sender.user_id) as rep_id,
    compared.lead_id,
    compared.recipient_key,
    compared.sequence_id,
    compared.step,
    compared.variant,
    compared._object,
    compared._file,
    compared._row,
    case when compared.is_told_by_message then 'message' when compared.is_told_by_minute then 'minute' end as repeats_by
from compared
cross join run
left join rep_address on compared.sender_key = rep_address.email
left join user_version as sender
    on compared.source_system = sender.source_system and compared.user_id = sender.user_id and sender.is_current
