-- One row per period of int_period, as complete as where deals stood is known: for what is told from the history of stages. A period in which a system's
-- deals have lived before that history begins is not complete, however long it is over.
with period as (

    select * from {{ ref('int_period') }}

),

coverage as (

    select * from {{ ref('int_coverage') }} where subject in ('deals', 'stage_history')

),

-- Of each system with deals: the first day of one, and since when their stages are known (null: never).
system as (

    select
        source_system,
        min(case when subject = 'deals' then known_since end) as first_deal_on,
        min(case when subject = 'stage_history' then known_since end) as stages_known_since
    from coverage
    group by source_system

),

-- Of several systems, the one whose stages are known last.
untold as (

    select
        period.period_type, period.period_start,
        case when count(*) = count(system.stages_known_since) then max(system.stages_known_since) end as stages_known_since
    from period
    inner join system
        on period.period_end >= system.first_deal_on
        and (system.stages_known_since is null or (period.period_start < system.stages_known_since and system.first_deal_on < system.stages_known_since))
    group by period.period_type, period.period_start

)

select
    period.period_type,
    period.period_start,
    period.period_end,
    period.is_over,
    period.is_complete and untold.period_start is null as is_complete,
    nullif(concat_ws(
        '; ',
        period.incomplete_reason,
        case
            when untold.stages_known_since is not null
                then 'the stages of deals are known since ' || cast(untold.stages_known_since as varchar) || ' only'
            when untold.period_start is not null then 'no history of stages is known'
        end
    ), '') as incomplete_reason,
    period.is_repeat,
    period.start_at,
    period.end_at,
    period.known_from,
    period.known_days
from period
left join untold on period.period_type = untold.period_type and period.period_start = untold.period_start
