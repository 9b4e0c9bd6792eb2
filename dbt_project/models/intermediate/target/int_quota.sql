-- One row per period (week, month, fiscal quarter and year) and part of the company that has a quota for bookings, and what it was made of: as given,
-- or added up from shorter periods, and from people or teams, where no quota is given for the whole.
with target as (

    select * from {{ ref('int_target') }} where metric = 'bookings' and unknown_cell is null

),

rep_scope as (

    select * from {{ ref('int_rep_scope') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

run as (

    select fiscal_year_start_month from {{ source('config', 'run') }}

),

-- Quotas of quarters and years are of fiscal ones: the gate names those that begin on another day.
typed as (

    select
        case target.period_type
            {%- for period in forecast_periods() %}
            when '{{ period }}' then {{ forecast_period_type(period) }}
            {%- endfor %}
        end as period_type,
        target.period_start, target.scope, target.scope_id, target.rep_source_system, target.target_value
    from target
    cross join run

),

given as (

    select
        target.period_type, target.period_start, target.scope,
        case target.scope when 'company' then 'all' when 'rep' then rep_scope.scope_id else target.scope_id end as scope_id,
        target.rep_source_system, case when target.scope = 'rep' then target.scope_id end as rep_id,
        sum(target.target_value) as quota
    from typed as target
    left join rep_scope on target.rep_source_system = rep_scope.source_system and target.scope_id = rep_scope.rep_id
    group by
        target.period_type, target.period_start, target.scope, target.rep_source_system, target.scope_id, rep_scope.scope_id

),

-- Who leads others with a quota has theirs in the own one: it would count twice.
leader as (

    select distinct chief.period_type, chief.period_start, chief.scope_id
    from given as chief
    inner join user_version as led
        on chief.rep_source_system = led.source_system and chief.rep_id = led.manager_id and led.is_current
    inner join given as led_quota
        on led.source_system = led_quota.rep_source_system and led.user_id = led_quota.rep_id
        and chief.period_type = led_quota.period_type and chief.period_start = led_quota.period_start
    where chief.scope = 'rep'

),

-- The team of the period's first day.
person as (

    select given.*, member.team
    from given
    left join leader
        on given.period_type = leader.period_type and given.period_start = leader.period_start and given.scope_id = leader.scope_id
    left join user_version as member
        on given.rep_source_system = member.source_system and given.rep_id = member.user_id
        and given.period_start >= member.valid_from and (member.valid_to is null or given.period_start < member.valid_to)
    where given.scope = 'rep' and leader.scope_id is null

),

over_people as (

    select period_type, period_start, scope, scope_id, quota, cast(null as varchar) as summed_over, 1 as precedence
    from given

    union all

    select period_type, period_start, 'team', team, sum(quota), 'people', 2
    from person
    where team is not null
    group by period_type, period_start, team

    union all

    select period_type, period_start, 'company', 'all', sum(quota), 'people', 2
    from person
    group by period_type, period_start

    union all

    select period_type, period_start, 'company', 'all', sum(quota), 'teams', 3
    from given
    where scope = 'team'
    group by period_type, period_start

),

of_period as (

    select *
    from over_people
    qualify row_number() over (partition by period_type, period_start, scope, scope_id order by precedence) = 1

),

-- A quarter in which a team or the company has no quota for one of the months has none. Of a person who came or went, what there is counts, if
-- the company's is whole.
{%- for period, unit, parts in [('quarter', 'month', 3), ('year', 'month', 12), ('year', 'quarter', 4)] %}

{{ period }}_of_{{ unit }}s as (

    select
        {{ forecast_period_type(period) }} as period_type, {{ forecast_period_start(period, 'of_period.period_start') }} as period_start,
        of_period.scope, of_period.scope_id, sum(of_period.quota) as quota, max(of_period.summed_over) as summed_over, count(*) as parts
    from of_period
    cross join run
    where of_period.period_type = {{ forecast_period_type(unit) }}
    group by {{ forecast_period_type(period) }}, {{ forecast_period_start(period, 'of_period.period_start') }}, of_period.scope, of_period.scope_id
    having count(*) = {{ parts }} or scope = 'rep'
    qualify max(case when scope = 'company' and count(*) = {{ parts }} then 1 else 0 end) over (
        partition by {{ forecast_period_start(period, 'of_period.period_start') }}
    ) = 1 or count(*) = {{ parts }}

),
{%- endfor %}

told as (

    select period_type, period_start, scope, scope_id, quota, summed_over, cast(null as varchar) as added_up_from, 1 as precedence from of_period
    union all
    select period_type, period_start, scope, scope_id, quota, summed_over, cast(parts as varchar) || ' of 4 quarters', 2 from year_of_quarters
    union all
    select period_type, period_start, scope, scope_id, quota, summed_over, cast(parts as varchar) || ' of 3 months', 3 from quarter_of_months
    union all
    select period_type, period_start, scope, scope_id, quota, summed_over, cast(parts as varchar) || ' of 12 months', 3 from year_of_months

)

select
    period_type,
    period_start,
    scope,
    scope_id,
    cast(quota as {{ money_type() }}) as quota,
    case when coalesce(added_up_from, summed_over) is null then 'given'
        else 'added up from ' || concat_ws(', over ', added_up_from, summed_over) end as quota_basis
from told
qualify row_number() over (partition by period_type, period_start, scope, scope_id order by precedence) = 1
