-- One row per source system: the first day on which a deal of it was seen to leave a stage. What was open before says nothing of risks: of deals
-- that ended earlier nothing was kept, so counting their survivors would make every risk too small (left truncation). Nor does what closed before a
-- history of stages begins: nobody tells from which stage.
with spell as (

    select * from {{ ref('int_forecast_spell') }}

),

stage_history as (

    select * from {{ ref('int_stage_history') }} where problem is null

),

run as (

    select timezone from {{ source('config', 'run') }}

),

seen as (

    select source_system, min(ended_on) as known_from
    from spell
    where ended_by in ('moved', 'won', 'lost')
    group by source_system

),

history as (

    select source_system, min({{ local_day('changed_at') }}) as begins_on
    from stage_history
    cross join run
    group by source_system

)

select seen.source_system, greatest(seen.known_from, coalesce(history.begins_on, seen.known_from)) as known_from
from seen
left join history on seen.source_system = history.source_system
