-- One row per past moment and opportunity open then: the win probability that it would have been given, with what was known then.
with state as (

    select * from {{ ref('int_forecast_state') }}

)

-- Stands in for the method until it is there.
select state.known_from as made_on, state.source_system, state.opportunity_id, cast(null as double) as win_probability
from state
where false
