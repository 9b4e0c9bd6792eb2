-- One row per day on which a deal left a stage: how many moved on, were won, were lost, in the whole company. What weekdays are is told by it.
with spell as (

    select * from {{ ref('int_forecast_spell') }}

),

risk_since as (

    select * from {{ ref('int_forecast_risk_since') }}

)

select
    spell.ended_on as date_day,
    cast(sum(case when spell.ended_by = 'moved' then 1 else 0 end) as bigint) as moved,
    cast(sum(case when spell.ended_by = 'won' then 1 else 0 end) as bigint) as won,
    cast(sum(case when spell.ended_by = 'lost' then 1 else 0 end) as bigint) as lost
from spell
inner join risk_since on spell.source_system = risk_since.source_system and spell.ended_on >= risk_since.known_from
where spell.ended_by in ('moved', 'won', 'lost')
group by spell.ended_on
