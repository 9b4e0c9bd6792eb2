-- One row per opportunity and unbroken time in open stages, [opened_at, ended_at); ended_at is null while it is open.
-- A deleted opportunity has none.
with stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }} where status <> 'deleted'

),

numbered as (

    select
        stage_visit.opportunity_key, stage_visit.entered_at, stage_visit.exited_at, stage.is_open,
        sum(case when stage.is_open then 0 else 1 end) over (
            partition by stage_visit.opportunity_key order by stage_visit.visit_number rows unbounded preceding
        ) as closes_before
    from stage_visit
    inner join stage on stage_visit.stage_key = stage.stage_key
    inner join status on stage_visit.opportunity_key = status.opportunity_key

)

select
    opportunity_key,
    closes_before,
    min(entered_at) as opened_at,
    case when count(exited_at) = count(*) then max(exited_at) end as ended_at
from numbered
where is_open
group by opportunity_key, closes_before
