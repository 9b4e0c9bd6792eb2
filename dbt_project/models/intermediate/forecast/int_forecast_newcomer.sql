-- One row per forecast's moment and part of the company (as combination): its share of the deals that came in during the 180 days before, by whom
-- they belong to at the moment. Deals to come are shared out so. Where whose they are is not known, all are nobody's; and so are those of people who
-- have left, who get no more.
with moment as (

    select distinct made_on from {{ ref('int_forecast_moment') }}

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

came as (

    select
        moment.made_on,
        coalesce(holder.pipeline, '(none)') as pipeline, coalesce(holder.team, '(none)') as team,
        case when leaver.rep is null then coalesce(holder.rep, '(none)') else '(none)' end as rep,
        coalesce(holder.segment, '(none)') as segment,
        count(*) as deals
    from moment
    inner join (
        select source_system, opportunity_id, min(began_on) as came_on
        from spell
        where comes_in
        group by source_system, opportunity_id
    ) as newcomer
        on newcomer.came_on < moment.made_on and newcomer.came_on >= {{ dbt.dateadd('day', -180, 'moment.made_on') }}
    left join holder
        on newcomer.source_system = holder.source_system and newcomer.opportunity_id = holder.opportunity_id
        and holder.valid_from <= moment.made_on and (holder.valid_until is null or holder.valid_until > moment.made_on)
        and holder.known_from <= moment.made_on
    left join leaver
        on holder.rep = leaver.rep and leaver.known_from <= moment.made_on
        and (leaver.known_until is null or leaver.known_until > moment.made_on)
        and (not leaver.is_active or leaver.ended_on < moment.made_on)
    group by
        moment.made_on, holder.pipeline, holder.team, holder.segment,
        case when leaver.rep is null then coalesce(holder.rep, '(none)') else '(none)' end

),

shared as (

    select *, deals / cast(sum(deals) over (partition by made_on) as double) as share from came

),

-- A moment before which nobody came in still has someone to whom all belong.
complete as (

    select made_on, pipeline, team, rep, segment, share from shared
    union all
    select moment.made_on, '(none)', '(none)', '(none)', '(none)', 1
    from moment
    left join shared on moment.made_on = shared.made_on
    where shared.made_on is null

)

select made_on, pipeline, team, rep, segment, cast(round(share, 12) as decimal(13, 12)) as share
from complete
