-- One row per source system, pipeline and open stage: how long the visits of those took that went on to win from there.
-- threshold_days is the 80th percentile over the stage's visits, or where they are fewer than 20 over those of its phase.
with stage as (

    select * from {{ ref('int_stage') }} where is_open

),

stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }} where status = 'won'

),

won_visit as (

    select
        stage.stage_key, stage.phase,
        {{ days_between('stage_visit.entered_at', 'stage_visit.exited_at') }} as days
    from stage_visit
    inner join stage on stage_visit.stage_key = stage.stage_key
    inner join status on stage_visit.opportunity_key = status.opportunity_key
    -- How long a visit took whose beginning nothing tells is not known.
    where stage_visit.exited_at is not null and stage_visit.first_told_at is null

),

of_stage as (

    select stage_key, count(*) as visits, {{ quantile('days', 0.8) }} as threshold_days
    from won_visit
    group by stage_key

),

of_phase as (

    select phase, count(*) as visits, {{ quantile('days', 0.8) }} as threshold_days
    from won_visit
    group by phase

)

select
    stage.source_system,
    stage.pipeline,
    stage.stage,
    case
        when of_stage.visits >= 20 then 'stage'
        when of_phase.visits >= 20 then 'phase'
    end as basis,
    case
        when of_stage.visits >= 20 then of_stage.visits
        when of_phase.visits >= 20 then of_phase.visits
        else coalesce(of_stage.visits, 0)
    end as won_visits,
    case
        when of_stage.visits >= 20 then of_stage.threshold_days
        when of_phase.visits >= 20 then of_phase.threshold_days
    end as threshold_days
from stage
left join of_stage on stage.stage_key = of_stage.stage_key
left join of_phase on stage.phase = of_phase.phase
