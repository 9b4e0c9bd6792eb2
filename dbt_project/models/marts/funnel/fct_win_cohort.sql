-- One row per cohort month and part of the company: the opportunities created in that month, and how many were won within 30, 60 and 90 days.
-- Only who has been watched for so many days is asked: one who is younger, and won already, would count where its equals cannot.
{%- set windows = [30, 60, 90] %}
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }} where status <> 'deleted'

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }} where is_now

),

segment as (

    select * from {{ ref('int_segment') }}

),

run as (

    select timezone, as_of, as_of_end from {{ source('config', 'run') }}

),

followed as (

    select
        cast({{ dbt.date_trunc('month', local_day('opportunity.created_at')) }} as date) as cohort_month,
        opportunity_cut.segment_key,
        {{ dbt.datediff(local_day('opportunity.created_at'), 'run.as_of', 'day') }} as days_watched,
        case when status.status = 'won' then
            greatest({{ dbt.datediff(local_day('opportunity.created_at'), local_day('status.closed_at'), 'day') }}, 0)
        end as days_to_win
    from opportunity
    cross join run
    inner join status on opportunity.opportunity_key = status.opportunity_key
    inner join opportunity_cut on opportunity.opportunity_key = opportunity_cut.opportunity_key
    where opportunity.created_at < run.as_of_end

),

-- Counts add up: deals of one combination of values are counted once for all parts.
by_combination as (

    select
        cohort_month, segment_key,
        {%- for days in windows %}
        sum(case when days_watched >= {{ days }} then 1 else 0 end) as watched_{{ days }}_days,
        sum(case when days_watched >= {{ days }} and days_to_win <= {{ days }} then 1 else 0 end) as won_within_{{ days }}_days,
        {%- endfor %}
        count(*) as created
    from followed
    group by cohort_month, segment_key

),

counted as (

    select
        by_combination.cohort_month, segment.scope, segment.scope_id,
        max(segment.scope_name) as scope_name,
        {%- for days in windows %}
        sum(by_combination.watched_{{ days }}_days) as watched_{{ days }}_days,
        sum(by_combination.won_within_{{ days }}_days) as won_within_{{ days }}_days,
        {%- endfor %}
        sum(by_combination.created) as created
    from by_combination
    inner join segment on by_combination.segment_key = segment.segment_key
    group by by_combination.cohort_month, segment.scope, segment.scope_id

)

select
    cohort_month,
    scope,
    scope_id,
    scope_name,
    cast(created as bigint) as created
    {%- for days in windows %},
    cast(watched_{{ days }}_days as bigint) as watched_{{ days }}_days,
    cast(created - watched_{{ days }}_days as bigint) as too_young_{{ days }}_days,
    case when watched_{{ days }}_days > 0 then cast(won_within_{{ days }}_days as bigint) end as won_within_{{ days }}_days,
    {{ share('won_within_' ~ days ~ '_days', 'watched_' ~ days ~ '_days') }} as win_rate_{{ days }}_days,
    {{ wilson_low('won_within_' ~ days ~ '_days', 'watched_' ~ days ~ '_days') }} as win_rate_{{ days }}_days_low,
    {{ wilson_high('won_within_' ~ days ~ '_days', 'watched_' ~ days ~ '_days') }} as win_rate_{{ days }}_days_high
    {%- endfor %}
from counted
