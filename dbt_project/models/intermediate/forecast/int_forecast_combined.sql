-- One row per forecast's moment, period and part of the company: the forecast proper. The total is won_so_far plus a gamma variable with the rest of
-- the mean and this standard deviation (forecasting/predictive.py). basis: hazard; pooled (few deals won yet: stages lend each other what
-- they know); static (none closed yet: hand-set probabilities, as wide as they are high); none (nothing can be said: mean and quantiles are null).
with law as (

    select * from {{ ref('int_forecast_law') }}

)

select
    cast(made_on as date) as made_on,
    period_type,
    cast(period_start as date) as period_start,
    scope,
    scope_id,
    'funnelcast' as method,
    {% for amount in ['won_so_far', 'from_open', 'from_new', 'mean', 'standard_deviation', 'p10', 'p50', 'p90'] -%}
    cast({{ amount }} as decimal(18, 2)) as {{ amount }},
    {% endfor -%}
    basis,
    {% for method in ['hazard', 'same_month_last_quarter', 'moving_average', 'last_period', 'same_period_last_year'] -%}
    weight_{{ method }},
    {% endfor -%}
    feedback,
    spread_scale,
    cast(replays as integer) as replays,
    cast(known_wins as bigint) as known_wins,
    cast(known_closes as bigint) as known_closes
from law
