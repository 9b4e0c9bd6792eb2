-- One row per published measure and source system: since when the delivered extracts can answer it, why not before, and what would help.
-- What several systems feed together (leads, activity, e-mail, targets) is told for 'all'.
{%- set measures = [
    ('fct_opportunity', 'status, amount, win rate', 'deals'),
    ('fct_opportunity', 'age_days, sales_cycle_days', 'creation'),
    ('fct_opportunity', 'close_date_pushes', 'close_date_history'),
    ('fct_opportunity', 'deleted deals', 'deletion'),
    ('fct_stage_visit', 'visits', 'stage_history'),
    ('fct_stage_funnel', 'conversion and eventual conversion', 'stage_history'),
    ('fct_lead_funnel', 'leads', 'leads'),
    ('fct_lead_funnel', 'qualified', 'qualification'),
    ('fct_lead_funnel', 'opportunities, won, won_amount', 'lead_link'),
    ('fct_pipeline_daily', 'created, won, lost, open', 'deals'),
    ('fct_pipeline_daily', 'advanced, moved back', 'stage_history'),
    ('fct_pipeline_daily', 'open amounts, amount changes', 'amount_history'),
    ('fct_pipeline_daily', 'pushed, pulled in, slipped', 'close_date_history'),
    ('fct_pipeline_daily', 'deleted', 'deletion'),
    ('fct_pipeline_movement', 'created, won, lost, reopened', 'deals'),
    ('fct_pipeline_movement', 'advanced, moved back', 'stage_history'),
    ('fct_pipeline_movement', 'expanded, contracted', 'amount_history'),
    ('fct_pipeline_movement', 'pushed, pulled in, slipped', 'close_date_history'),
    ('fct_pipeline_movement', 'deleted', 'deletion'),
    ('fct_pipeline_bridge', 'opening, created, won, lost, closing', 'deals'),
    ('fct_pipeline_bridge', 'advanced, moved back', 'stage_history'),
    ('fct_pipeline_bridge', 'open amounts, expanded, contracted, amount changes', 'amount_history'),
    ('fct_pipeline_bridge', 'pushed, pulled in, slipped', 'close_date_history'),
    ('fct_pipeline_bridge', 'transferred (frozen past)', 'owner_history'),
    ('fct_velocity', 'opportunities, win_rate, average_deal_size', 'deals'),
    ('fct_velocity', 'sales_cycle_days, velocity_per_day', 'creation'),
    ('fct_activity_daily', 'calls, meetings, tasks', 'activity'),
    ('fct_activity_daily', 'e-mails', 'email'),
    ('fct_activity_daily', 'leads_created', 'leads'),
    ('fct_forecast', 'mean, interval', 'deals'),
    ('fct_forecast', 'static_weighted', 'promises'),
    ('fct_forecast', 'commit, best_case', 'forecast_category'),
    ('fct_forecast', 'quota, probability_of_quota', 'targets'),
    ('fct_forecast_accuracy', 'replays of the company', 'stage_history'),
    ('fct_forecast_accuracy', 'replays of teams, people, segments', 'holder'),
    ('rpt_capacity_plan', 'quota, hires_needed', 'targets'),
    ('targets', 'quota, attainment', 'targets')
] %}
with coverage as (

    select * from {{ ref('int_coverage') }}

),

measure as (

    {% for table, measure, subject in measures -%}
    select '{{ table }}' as table_name, '{{ measure }}' as measure, '{{ subject }}' as subject
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

)

select
    measure.table_name,
    measure.measure,
    coverage.source_system,
    coverage.known_since is not null as is_answerable,
    coverage.known_since,
    coverage.reason,
    coverage.extract_that_helps,
    measure.subject
from measure
inner join coverage on measure.subject = coverage.subject
