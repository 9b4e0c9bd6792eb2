-- One row per forecast's moment and part of the company (as combination): its share of the deals that came in during the 180 days before, by whom
-- they belong to at the moment. Deals to come are shared out so. Where whose they are is not known, all are nobody's; and so are those of people who
-- have left, who get no more.
with moment as (

    select * from {{ ref('int_forecast_moment') }}

),

spell as (

    select * from {{ ref('int_forecast_spell') }}

),

holder as (

    select * from {{ ref('int_forecast_holder') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

rep_scope as (

    select * from {{ ref('int_rep_scope') }}

),

-- What an extract of one day tells is known from the next.
leaver as (

    select
        rep_scope.scope_id as rep, user_version.ended_on, coalesce(user_version.is_active, true) as is_active,
        {{ dbt.dateadd('day', 1, 'user_version.told_on') }} as known_from, {{ dbt.dateadd('day', 1, 'user_version.valid_to') }} as known_until
    from user_version
    inner join rep_scope on user_version.source_system = rep_scope.source_system and user_version.user_id = rep_scope.rep_id
    where not coalesce(user_version.is_active, true) or user_version.ended_on is not null

),

newcomer as (

    select source_system, opportunity_id, min(began_on) as came_on
    from spell
    where comes_in
    group by source_system, opportunity_id

),

{{ forecast_moment_numbers('(select min(came_on) from newcomer)') }},

-- A newcomer counts from the day after it came, for 180 days; and as someone's, while it is known whose it is.
counting as (

    select
        false as is_held, '(none)' as pipeline, '(none)' as team, '(none)' as rep, '(none)' as segment,
        {{ days_after('came_on', 1) }} as counts_from, {{ days_after('came_on', 181) }} as counts_until
    from newcomer

    union all

    select
        true, holder.pipeline, holder.team, holder.rep, holder.segment,
        greatest({{ days_after('newcomer.came_on', 1) }}, holder.valid_from, holder.known_from),
        {{ earlier_end('holder.valid_until', days_after('newcomer.came_on', 181)) }}
    from newcomer
    inner join holder on newcomer.source_system = holder.source_system and newcomer.opportunity_id = holder.opportunity_id

),

asked as (

    {{ forecast_runs_of_moments('counting', 'counting.counts_from', 'counting.counts_until') }}
    where counting.counts_from < counting.counts_until

),

run_of_moments as (

    select is_held, pipeline, team, rep, segment, first_number, last_number, count(*) as deals
    from asked
    group by is_held, pipeline, team, rep, segment, first_number, last_number

),

at_moment as (

    select is_held, pipeline, team, rep, segment, deals, {{ numbers_from_to('first_number', 'last_number') }} as moment_number
    from run_of_moments

),

-- Of whom it is not known whose they are, are those that came and are not held.
known as (

    select numbered.made_on, at_moment.pipeline, at_moment.team, at_moment.rep, at_moment.segment, at_moment.deals
    from at_moment
    inner join numbered on at_moment.moment_number = numbered.moment_number
    where at_moment.is_held

    union all

    select
        numbered.made_on, '(none)', '(none)', '(none)', '(none)',
        sum(case when at_moment.is_held then -at_moment.deals else at_moment.deals end)
    from at_moment
    inner join numbered on at_moment.moment_number = numbered.moment_number
    group by numbered.made_on

),

came as (

    select
        known.made_on, known.pipeline, known.team, case when leaver.rep is null then known.rep else '(none)' end as rep, known.segment,
        sum(known.deals) as deals
    from known
    left join leaver
        on known.rep = leaver.rep and leaver.known_from <= known.made_on
        and (leaver.known_until is null or leaver.known_until > known.made_on)
        and (not leaver.is_active or leaver.ended_on < known.made_on)
    group by
        known.made_on, known.pipeline, known.team, case when leaver.rep is null then known.rep else '(none)' end, known.segment
    having sum(known.deals) > 0

),

shared as (

    select *, deals / cast(sum(deals) over (partition by made_on) as double) as share from came

),

-- A moment before which nobody came in still has someone to whom all belong.
complete as (

    select made_on, pipeline, team, rep, segment, share from shared
    union all
    select numbered.made_on, '(none)', '(none)', '(none)', '(none)', 1
    from numbered
    left join shared on numbered.made_on = shared.made_on
    where shared.made_on is null

)

select made_on, pipeline, team, rep, segment, cast(round(share, 12) as decimal(13, 12)) as share
from complete
