-- One row per e-mail event by T: whether a machine did it, whether its mail is known to have been sent, and why it cannot be (problem).
with email_event as (

    select * from {{ ref('int_email_event') }}

),

sent_message as (

    select message_id, min(occurred_at) as sent_at
    from email_event
    where event_type = 'sent'
    group by message_id

),

-- Nobody's mails are opened by so many people within a minute: scanners of firewalls and mailboxes do that.
opened_at_once as (

    select
        source_system, rep_source_system, rep_id,
        case when rep_id is null then message_id end as message_id_without_rep,
        {{ dbt.date_trunc('minute', 'occurred_at') }} as minute,
        count(*) as opens
    from email_event
    where event_type = 'opened'
    group by
        source_system, rep_source_system, rep_id, case when rep_id is null then message_id end, {{ dbt.date_trunc('minute', 'occurred_at') }}

),

machine_minute as (

    select * from opened_at_once where opens > 100

)

select
    email_event.source_system,
    email_event.event_id,
    email_event.event_type,
    email_event.occurred_at,
    email_event.occurred_on,
    email_event.message_id,
    email_event.rep_source_system,
    email_event.rep_id,
    email_event.lead_id,
    email_event.sequence_id,
    email_event.step,
    email_event.variant,
    email_event.event_type = 'opened' and machine_minute.opens is not null as is_machine,
    email_event.event_type in ('sent', 'bounced') or sent_message.sent_at is not null as is_known_sent,
    case
        when email_event.event_type = 'replied' and email_event.occurred_at < sent_message.sent_at
            then 'a reply from before its mail was sent'
    end as problem,
    email_event._object,
    email_event._file,
    email_event._row
from email_event
left join sent_message on email_event.message_id = sent_message.message_id
left join machine_minute
    on email_event.source_system = machine_minute.source_system
    and email_event.rep_source_system is not distinct from machine_minute.rep_source_system
    and email_event.rep_id is not distinct from machine_minute.rep_id
    and (email_event.rep_id is not null or email_event.message_id = machine_minute.message_id_without_rep)
    and {{ dbt.date_trunc('minute', 'email_event.occurred_at') }} = machine_minute.minute
