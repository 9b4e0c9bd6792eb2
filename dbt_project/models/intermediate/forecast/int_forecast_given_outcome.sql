-- One row per past moment and opportunity that was given a probability then: was it won within the year that the probability was about?
-- Days are counted from the moment, 0 is its own day. Whatever was not won by the end of the year was not, whether it is lost by now, won since,
-- or open: that is known when the year is over, on day 365.
{%- set year = 365 %}
with given as (

    select * from {{ ref('int_forecast_given_probability') }} where win_probability is not null

),

status as (

    select * from {{ ref('int_opportunity_status') }} where status <> 'deleted'

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

watched as (

    select
        given.made_on, given.source_system, given.opportunity_id, given.win_probability, status.status,
        greatest({{ dbt.datediff('given.made_on', 'coalesce(' ~ local_day('status.closed_at') ~ ', run.as_of)', 'day') }}, 0) as days
    from given
    cross join run
    inner join status on given.source_system = status.source_system and given.opportunity_id = status.opportunity_id

)

select
    made_on,
    source_system,
    opportunity_id,
    win_probability,
    least(cast(floor(win_probability * 10) as integer) + 1, 10) as decile,
    status,
    case
        when status = 'won' and days < {{ year }} then 'won'
        -- The as-of day is over: with it, day 364 was.
        when status <> 'open' or days >= {{ year - 1 }} then 'not won'
        else 'not over'
    end as outcome,
    case when status = 'open' and days < {{ year - 1 }} then days when status = 'open' then {{ year }} else least(days, {{ year }}) end as days
from watched
