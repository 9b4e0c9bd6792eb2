-- One row per teller and type of e-mail event: how many of its events another system tells as well, and so are not counted again.
with telling as (

    select * from {{ ref('int_email_event_telling') }}

)

select
    told_by,
    event_type,
    count(*) as events,
    cast(sum(case when repeats_by = 'message' then 1 else 0 end) as bigint) as repeated_by_message,
    cast(sum(case when repeats_by = 'minute' then 1 else 0 end) as bigint) as repeated_by_minute,
    cast(sum(case when repeats_by is null then 1 else 0 end) as bigint) as counted
from telling
group by told_by, event_type
