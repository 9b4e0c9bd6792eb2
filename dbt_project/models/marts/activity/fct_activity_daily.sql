-- One row per rep and day on which the rep did anything that is counted here; one more per system and day for what is nobody's.
with activity as (

    select * from {{ ref('int_activity') }}

),

email_event as (

    -- Replies from before their mail are not what people did.
    select * from {{ ref('int_email_event_judged') }} where problem is null

),

lead as (

    select * from {{ ref('dim_lead') }}

),

opportunity as (

    select * from {{ ref('int_opportunity_now') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

counted as (

    select source_system, owner_id as rep_id, {{ local_day('created_at') }} as activity_date, 'leads_created' as metric, count(*) as n
    from lead
    cross join run
    group by 1, 2, 3, 4

    union all

    -- A message counts once a day for each thing that happened to it; what has no column here makes no day.
    select
        coalesce(rep_source_system, source_system), rep_id, occurred_on, 'emails_' || case when is_machine then 'machine_opened' else event_type end,
        count(distinct message_id)
    from email_event
    where event_type in ('sent', 'delivered', 'opened', 'machine_opened', 'clicked', 'replied', 'bounced', 'dropped')
    group by 1, 2, 3, 4

    union all

    select coalesce(rep_source_system, source_system), rep_id, occurred_on, case activity_type when 'call' then 'calls' when 'email' then 'emails_logged' else 'tasks' end,
        count(*)
    from activity
    where has_occurred and activity_type <> 'meeting'
    group by 1, 2, 3, 4

    union all

    select coalesce(rep_source_system, source_system), rep_id, booked_on, 'meetings_booked', count(*)
    from activity
    cross join run
    where activity_type = 'meeting' and booked_on <= run.as_of
    group by 1, 2, 3, 4

    union all

    select coalesce(rep_source_system, source_system), rep_id, occurred_on, 'meetings_held', count(*)
    from activity
    where is_held
    group by 1, 2, 3, 4

    union all

    select source_system, owner_id, created_on, 'opportunities_created', count(*)
    from opportunity
    where status <> 'deleted'
    group by 1, 2, 3, 4

    union all

    select source_system, owner_id, closed_on, 'opportunities_won', count(*)
    from opportunity
    where status = 'won'
    group by 1, 2, 3, 4

),

by_day as (

    select
        counted.source_system,
        counted.rep_id,
        counted.activity_date,
        {%- for metric in [
            'leads_created', 'emails_sent', 'emails_delivered', 'emails_opened', 'emails_machine_opened', 'emails_clicked', 'emails_replied',
            'emails_bounced', 'emails_dropped',
            'emails_logged', 'calls', 'meetings_booked', 'meetings_held', 'tasks', 'opportunities_created', 'opportunities_won'
        ] %}
        cast(sum(case when counted.metric = '{{ metric }}' then counted.n else 0 end) as bigint) as {{ metric }}{{ ',' if not loop.last }}
        {%- endfor %}
    from counted
    cross join run
    where counted.activity_date <= run.as_of
    group by counted.source_system, counted.rep_id, counted.activity_date

)

select
    by_day.source_system,
    by_day.rep_id,
    case when by_day.rep_id is null then '(none)' else coalesce(user_version.name, 'unknown (' || by_day.rep_id || ')') end as rep_name,
    user_version.team,
    by_day.activity_date,
    by_day.leads_created,
    by_day.emails_sent,
    by_day.emails_delivered,
    by_day.emails_opened,
    by_day.emails_machine_opened,
    by_day.emails_clicked,
    by_day.emails_replied,
    by_day.emails_bounced,
    by_day.emails_dropped,
    by_day.emails_logged,
    by_day.calls,
    by_day.meetings_booked,
    by_day.meetings_held,
    by_day.tasks,
    by_day.opportunities_created,
    by_day.opportunities_won
from by_day
left join user_version
    on by_day.source_system = user_version.source_system and by_day.rep_id = user_version.user_id
    and by_day.activity_date >= user_version.valid_from
    and (user_version.valid_to is null or by_day.activity_date < user_version.valid_to)
