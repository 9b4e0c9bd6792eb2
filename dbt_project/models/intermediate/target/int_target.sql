-- One row per target in force: whose it is, by id, address or name; which of its cells names nobody and nothing known; and whether another overlaps it.
with generic_target as (

    select * from {{ ref('stg_generic__target') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

newest as (

    select *
    from generic_target
    where row_disposition = 'loaded'
    qualify row_number() over (
        partition by scope, coalesce(scope_id, ''), metric, period_type, period_start order by _extracted_at desc
    ) = 1

),

-- A hand-kept sheet may name people as it likes; a name that two of them bear names nobody.
rep_name as (

    select lower(user_id) as name_key, min(source_system) as source_system, min(user_id) as rep_id, 1 as precedence
    from user_version
    where is_current
    group by lower(user_id)
    having count(*) = 1

    union all

    select email, min(source_system), min(user_id), 2
    from user_version
    where is_current and email is not null
    group by email
    having count(*) = 1

    union all

    select lower(name), min(source_system), min(user_id), 3
    from user_version
    where is_current and name is not null
    group by lower(name)
    having count(*) = 1

),

rep as (

    select name_key, source_system, rep_id
    from rep_name
    qualify row_number() over (partition by name_key order by precedence) = 1

),

team as (

    select lower(team) as name_key, min(team) as team
    from user_version
    where team is not null
    group by lower(team)

),

named as (

    select
        newest.*,
        case newest.scope when 'rep' then rep.source_system end as rep_source_system,
        case newest.scope when 'rep' then rep.rep_id when 'team' then team.team end as member,
        cast(case newest.period_type
            when 'week' then {{ dbt.dateadd('day', 7, 'newest.period_start') }}
            when 'month' then {{ dbt.dateadd('month', 1, 'newest.period_start') }}
            when 'quarter' then {{ dbt.dateadd('month', 3, 'newest.period_start') }}
            else {{ dbt.dateadd('year', 1, 'newest.period_start') }}
        end as date) as next_period_start
    from newest
    left join rep on newest.scope = 'rep' and lower(newest.scope_id) = rep.name_key
    left join team on newest.scope = 'team' and lower(newest.scope_id) = team.name_key

)

select
    scope,
    rep_source_system,
    coalesce(member, case when scope <> 'company' then scope_id end) as scope_id,
    metric,
    period_type,
    period_start,
    cast({{ dbt.dateadd('day', -1, 'next_period_start') }} as date) as period_end,
    target_value,
    case
        when scope <> 'company' and member is null then 'scope_id'
        when metric not in (
            'bookings', 'leads_created', 'emails_sent', 'emails_delivered', 'emails_opened', 'emails_clicked', 'emails_replied',
            'calls', 'meetings_booked', 'meetings_held', 'tasks', 'opportunities_created', 'opportunities_won'
        ) then 'metric'
    end as unknown_cell,
    coalesce(
        lead(period_start) over by_start < next_period_start or lag(next_period_start) over by_start > period_start, false
    ) as is_overlapping,
    _file,
    _row
from named
window by_start as (
    partition by scope, coalesce(rep_source_system, ''), coalesce(member, scope_id, ''), metric, period_type order by period_start, _file, _row
)
