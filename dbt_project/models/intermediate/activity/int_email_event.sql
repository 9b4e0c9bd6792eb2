-- One row per e-mail event by T, credited to the rep who sent the message, by user id or by the sender's address. What two systems tell is one.
with telling as (

    select * from {{ ref('int_email_event_telling') }}

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
    source_system,
    event_id,
    event_type,
    occurred_at,
    occurred_on,
    message_id,
    rep_source_system,
    rep_id,
    lead_id,
    sequence_id,
    step,
    variant,
    _object,
    _file,
    _row
from telling
where repeats_by is null
