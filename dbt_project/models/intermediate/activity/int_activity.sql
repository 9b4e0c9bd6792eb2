-- One row per activity of a rep that has happened by T: call, meeting, task or logged e-mail; and per booked meeting that lies ahead.
-- A meeting that a sending tool and the CRM both report is the CRM's.
with telling as (

    select * from {{ ref('int_activity_telling') }}

),

-- Each row of a sending tool says one thing of a meeting: that it was booked, or that it was held.
repeated as (

    select source_system, activity_id from {{ ref('int_meeting_telling') }} where repeats_id is not null

)

select
    telling.source_system,
    telling.activity_id,
    telling.activity_type,
    telling.occurred_at,
    telling.occurred_on,
    telling.booked_on,
    telling.rep_source_system,
    telling.rep_id,
    telling.lead_id,
    telling.contact_id,
    telling.account_id,
    telling.opportunity_id,
    telling.outcome,
    telling.has_occurred,
    telling.is_held
from telling
left join repeated on telling.source_system = repeated.source_system and telling.activity_id = repeated.activity_id
where repeated.activity_id is null
