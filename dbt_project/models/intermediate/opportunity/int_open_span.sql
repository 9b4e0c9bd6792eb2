-- One row per opportunity and unbroken time in open stages, [opened_at, ended_at); ended_at is null while it is open.
-- A deleted opportunity has none.
with stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

numbered as (

    select
        stage_visit.*,
        sum(case when stage_visit.phase in ('won', 'lost') then 1 else 0 end) over (
            partition by stage_visit.source_system, stage_visit.opportunity_id
            order by stage_visit.visit_number rows unbounded preceding
        ) as closes_before
    from stage_visit
    inner join status
        on stage_visit.source_system = status.source_system and stage_visit.opportunity_id = status.opportunity_id
    where status.status <> 'deleted'

)

select
    source_system,
    opportunity_id,
    closes_before,
    min(entered_at) as opened_at,
    case when count(exited_at) = count(*) then max(exited_at) end as ended_at
from numbered
where phase is null or phase not in ('won', 'lost')
group by source_system, opportunity_id, closes_before
