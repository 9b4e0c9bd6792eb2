-- One row per past moment and opportunity open then: the probability to be won (within a year) that it was given, with what was known then. Moments
-- are those at which a quarter began, half a year ago or longer, so that nearly all that was open then has ended.
with moment as (

    select distinct made_on from {{ ref('int_forecast_moment') }} where is_replay and is_at_start and {{ is_quarter('period_type') }}

),

spell as (

    select * from {{ ref('int_forecast_spell') }}

),

risk as (

    select * from {{ source('forecasting', 'risk') }} where period_type = 'life' and basis <> 'static'

),

run as (

    select as_of from {{ source('config', 'run') }}

),

open_then as (

    select
        moment.made_on, spell.source_system, spell.opportunity_id, spell.pipeline, spell.stage, spell.amount_class,
        {{ forecast_age_knot(dbt.datediff('spell.stage_entered_on', 'moment.made_on', 'day')) }} as age
    from moment
    inner join run on moment.made_on <= {{ dbt.dateadd('day', -182, 'run.as_of') }}
    inner join spell on spell.began_on < moment.made_on and (spell.ended_on is null or spell.ended_on >= moment.made_on)

)

select open_then.made_on, open_then.source_system, open_then.opportunity_id, risk.win_probability
from open_then
inner join risk
    on open_then.made_on = cast(risk.made_on as date) and open_then.source_system = risk.source_system
    and open_then.pipeline = risk.pipeline and open_then.stage = risk.stage and open_then.amount_class = risk.amount_class
    and open_then.age = risk.age
