-- One row per e-mail event by T, credited to the rep who sent the message, by user id or by the sender's address.
with email_event as (

    select * from {{ ref('stg_generic__email_event') }}

),

rep_address as (

    select * from {{ ref('int_rep_address') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

)

select
    email_event._system as source_system,
    email_event.event_id,
    email_event.event_type,
    email_event.occurred_at,
    {{ local_day('email_event.occurred_at') }} as occurred_on,
    coalesce(email_event.message_id, email_event.event_id) as message_id,
    coalesce(rep_address.source_system, sender.source_system) as rep_source_system,
    coalesce(rep_address.rep_id, sender.user_id) as rep_id,
    email_event.lead_id,
    email_event.sequence_id,
    email_event.step,
    email_event.variant,
    email_event._object,
    email_event._file,
    email_event._row
from email_event
cross join run
left join rep_address on email_event.sender_email = rep_address.email
left join user_version as sender
    on email_event._system = sender.source_system and email_event.user_id = sender.user_id and sender.is_current
where email_event.row_disposition = 'loaded' and email_event.occurred_at < run.as_of_end
