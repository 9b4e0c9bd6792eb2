-- One row per e-mail event by T and system that tells of it. An event that a tool nearer to the mail tells as well is a repeat: it counts once.
-- The same event: of the same type, with the same message id; or to the same person from the same mailbox within a minute.
{%- set last_precedence = 4 %}
with email_event as (

    select * from {{ ref('canonical_email_event') }}

),

rep_address as (

    select * from {{ ref('int_rep_address') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

told as (

    select
        email_event.known_from as told_by, email_event.source_system, email_event.event_id, email_event.event_type, email_event.occurred_at,
        email_event.message_id, email_event.own_message_id, email_event.user_id, email_event.lead_id, email_event.sequence_id,
        email_event.step, email_event.variant, email_event.precedence, email_event._object, email_event._file, email_event._row,
        {{ email_key('sender_email') }} as sender_key,
        {{ email_key('recipient_email') }} as recipient_key
    from email_event
    cross join run
    where email_event.occurred_at < run.as_of_end

),

{% if systems_mapped_to('email_event') | length > 1 -%}
compared as (

    select
        *,
        own_message_id is not null and min(precedence) over (partition by event_type, own_message_id) < precedence
            as is_told_by_message,
        sender_key is not null and recipient_key is not null and (false
        {%- for rank in range(1, last_precedence) %}
            or (precedence > {{ rank }} and (
                max(case when precedence = {{ rank }} then occurred_at end) over before_it
                    >= {{ dbt.dateadd('second', -60, 'occurred_at') }}
                or min(case when precedence = {{ rank }} then occurred_at end) over after_it
                    <= {{ dbt.dateadd('second', 60, 'occurred_at') }}
            ))
        {%- endfor %}
        ) as is_told_by_minute
    from told
    window
        before_it as (
            partition by event_type, sender_key, recipient_key order by occurred_at, precedence, event_id rows unbounded preceding
        ),
        after_it as (
            partition by event_type, sender_key, recipient_key order by occurred_at, precedence, event_id
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
