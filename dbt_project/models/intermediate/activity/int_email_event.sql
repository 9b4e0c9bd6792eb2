-- One row per e-mail event by T, credited to the rep who sent the message, by user id or by the sender's address.
with email_event as (

    select * from {{ ref('stg_generic__email_event') }}

),

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

event as (

    select
        _system as source_system, event_id, event_type, occurred_at, coalesce(message_id, event_id) as message_id, user_id, sender_email,
        lead_id, sequence_id, step, variant, _object, _file, _row
    from email_event
    where row_disposition = 'loaded'

    {% if uses('hubspot') -%}
    union all

    select
        source_system, event_id, event_type, occurred_at, message_id, cast(null as varchar), sender_email, lead_id, sequence_id,
        cast(null as varchar), cast(null as varchar), _object, _file, _row
    from hubspot_event
    {%- endif %}

)

select
    event.source_system,
    event.event_id,
    event.event_type,
    event.occurred_at,
    {{ local_day('event.occurred_at') }} as occurred_on,
    event.message_id,
    coalesce(rep_address.source_system, sender.source_system) as rep_source_system,
    coalesce(rep_address.rep_id, sender.user_id) as rep_id,
    event.lead_id,
    event.sequence_id,
    event.step,
    event.variant,
    event._object,
    event._file,
    event._row
from event
cross join run
left join rep_address on event.sender_email = rep_address.email
left join user_version as sender
    on event.source_system = sender.source_system and event.user_id = sender.user_id and sender.is_current
where event.occurred_at < run.as_of_end
