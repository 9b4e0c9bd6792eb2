-- One row per teller and type of event (of e-mails; booked and held meetings): how many of its events another system tells as well, and so
-- are not counted again.
with telling as (

    select told_by, event_type, repeats_by from {{ ref('int_email_event_telling') }}

    union all

    select told_by, event_type, case when repeats_id is not null then 'meeting' end from {{ ref('int_meeting_telling') }}

)

select
    told_by,
    event_type,
    count(*) as events,
    cast(sum(case when repeats_by = 'message' then 1 else 0 end) as bigint) as repeated_by_message,
    cast(sum(case when repeats_by = 'minute' then 1 else 0 end) as bigint) as repeated_by_minute,
    cast(sum(case when repeats_by = 'meeting' then 1 else 0 end) as bigint) as repeated_by_meeting,
    cast(sum(case when repeats_by is null then 1 else 0 end) as bigint) as counted
from telling
group by told_by, event_type
