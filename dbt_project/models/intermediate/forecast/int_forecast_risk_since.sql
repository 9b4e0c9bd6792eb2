-- One row per source system: the first day on which a deal of it was seen to leave a stage. What was open before says nothing of risks: of deals
-- that ended earlier nothing was kept, so counting their survivors would make every risk too small (left truncation).
select source_system, min(ended_on) as known_from
from {{ ref('int_forecast_spell') }}
where ended_by in ('moved', 'won', 'lost')
group by source_system
