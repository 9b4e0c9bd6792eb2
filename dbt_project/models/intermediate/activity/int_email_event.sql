-- One row per e-mail event by T, credited to the rep who sent the message, by user id or by the sender's address. What two systems tell is one.
with telling as (

    select * from {{ ref('int_email_event_telling') }}

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
