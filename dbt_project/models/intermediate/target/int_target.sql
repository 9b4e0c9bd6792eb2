-- One row per target in force: whose it is, by id, address or name; which of its cells names nobody and nothing known; whether another overlaps it;
-- and whether it is a quota of a period that is not the company's, so that no forecast is held against it.
-- Quotas that a CRM keeps are targets for bookings; where the hand-kept sheet names the same one, the sheet speaks.
with target as (

    select * from {{ ref('canonical_target') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

run as (

    select first_day_of_week, fiscal_year_start_month from {{ source('config', 'run') }}

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
        target.*,
        case target.scope when 'rep' then coalesce(quota_owner.source_system, rep.source_system) end as rep_source_system,
        case target.scope when 'rep' then coalesce(quota_owner.user_id, rep.rep_id) when 'team' then team.team end as member,
        cast({{ next_period_start('target.period_type', 'target.period_start') }} as date) as next_period_start,
        case target.period_type
            {%- for period in forecast_periods() %}
            when '{{ period }}' then {{ forecast_period_start(period, 'target.period_start') }}
            {%- endfor %}
        end as company_period_start
    from target
    cross join run
    left join user_version as quota_owner
        on target.user_system = quota_owner.source_system and target.scope_id = quota_owner.user_id and quota_owner.is_current
    left join rep on target.scope = 'rep' and target.user_system is null and lower(target.scope_id) = rep.name_key
    left join team on target.scope = 'team' and lower(target.scope_id) = team.name_key

),

in_force as (

    select *
    from named
    qualify known_by = 'sheet' or not {{ any_true("known_by = 'sheet'") }} over (
        partition by scope, coalesce(rep_source_system, ''), coalesce(member, scope_id, ''), metric, period_type, period_start
    )

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
    metric = 'bookings' and period_start <> company_period_start as is_off_period,
    known_by as told_by,
    _file,
    _row
from in_force
window by_start as (
    partition by scope, coalesce(rep_source_system, ''), coalesce(member, scope_id, ''), metric, period_type order by period_start, _file, _row
)
