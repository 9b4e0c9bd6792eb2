-- One row per e-mail event by T: whether a machine did it, whether its mail is known to have been sent, and why it cannot be (problem).
-- What two tools tell of the same moment of the same message is one event: that of the tool whose name comes first.
with email_event as (

    select * from {{ ref('int_email_event') }}

),

sent_message as (

    select message_id, min(occurred_at) as sent_at
    from email_event
    where event_type = 'sent'
    group by message_id

),

told_twice as (

    select
        email_event.*,
        row_number() over (
            partition by message_id, event_type, {{ dbt.date_trunc('second', 'occurred_at') }} order by source_system, event_id
        ) as telling,
        min(source_system) over (
            partition by message_id, event_type, {{ dbt.date_trunc('second', 'occurred_at') }}
        ) as first_system
    from email_event

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
    told_twice.source_system,
    told_twice.event_id,
    told_twice.event_type,
    told_twice.occurred_at,
    told_twice.occurred_on,
    told_twice.message_id,
    told_twice.rep_source_system,
    told_twice.rep_id,
    told_twice.lead_id,
    told_twice.sequence_id,
    told_twice.step,
    told_twice.variant,
    told_twice.event_type = 'opened' and machine_minute.opens is not null as is_machine,
    told_twice.event_type in ('sent', 'bounced') or sent_message.sent_at is not null as is_known_sent,
    told_twice.telling > 1 and told_twice.source_system <> told_twice.first_system as is_told_by_another,
    case
        when told_twice.event_type = 'replied' and told_twice.occurred_at < sent_message.sent_at
            then 'a reply from before its mail was sent'
    end as problem,
    told_twice._object,
    told_twice._file,
    told_twice._row
from told_twice
left join sent_message on told_twice.message_id = sent_message.message_id
left join machine_minute
    on told_twice.source_system = machine_minute.source_system
    and told_twice.rep_source_system is not distinct from machine_minute.rep_source_system
    and told_twice.rep_id is not distinct from machine_minute.rep_id
    and (told_twice.rep_id is not null or told_twice.message_id = machine_minute.message_id_without_rep)
    and {{ dbt.date_trunc('minute', 'told_twice.occurred_at') }} = machine_minute.minute
