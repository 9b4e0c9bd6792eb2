-- One row per forecast's moment, period and part of the company: the forecast proper. The total is won_so_far plus a gamma variable with the rest of
-- the mean and this standard deviation (forecasting/predictive.py). basis: hazard; pooled (few deals won yet: stages lend each other what
-- they know); static (none closed yet: hand-set probabilities, as wide as they are high); none (nothing can be said: mean and quantiles are null).
with law as (

    select * from {{ source('forecasting', 'law') }}

),

hazard as (

    select * from {{ ref('int_forecast_hazard') }}

)

select
    cast(law.made_on as date) as made_on,
    law.period_type,
    cast(law.period_start as date) as period_start,
    law.scope,
    law.scope_id,
    'funnelcast' as method,
    -- What is won is known to the cent, and nothing that follows is less. Statistics have the sixteen digits of a double.
    hazard.won_so_far,
    {% for amount in ['from_open', 'from_new', 'standard_deviation'] -%}
    cast(law.{{ amount }} as {{ money_type() }}) as {{ amount }},
    {% endfor -%}
    {% for amount in ['mean', 'p10', 'p50', 'p90'] -%}
    case when law.{{ amount }} is not null then greatest(cast(law.{{ amount }} as {{ money_type() }}), hazard.won_so_far) end as {{ amount }},
    {% endfor -%}
    law.basis,
    {% for method in ['hazard', 'same_month_last_quarter', 'moving_average', 'last_period', 'same_period_last_year'] -%}
    law.weight_{{ method }},
    {% endfor -%}
    law.feedback,
    law.spread_scale,
    cast(law.replays as integer) as replays,
    cast(law.known_wins as bigint) as known_wins,
    cast(law.known_closes as bigint) as known_closes
from law
inner join hazard
    on cast(law.made_on as date) = hazard.made_on and law.period_type = hazard.period_type and cast(law.period_start as date) = hazard.period_start
    and law.scope = hazard.scope and law.scope_id = hazard.scope_id
