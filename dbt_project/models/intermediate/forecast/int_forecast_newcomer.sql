-- One row per forecast's moment and part of the company (as combination): its share of the deals that came in during the 180 days before, by whom
-- they belong to at the moment. Deals to come are shared out so. Where whose they are is not known, all are nobody's.
with moment as (

    select distinct made_on from {{ ref('int_forecast_moment') }}

),

spell as (

    select * from {{ ref('int_forecast_spell') }}

),

holder as (

    select * from {{ ref('int_forecast_holder') }}

),

came as (

    select
        moment.made_on,
        coalesce(holder.pipeline, '(none)') as pipeline, coalesce(holder.team, '(none)') as team, coalesce(holder.rep, '(none)') as rep,
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
    group by moment.made_on, holder.pipeline, holder.team, holder.rep, holder.segment

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
