-- One row per metric of activity, row of fct_activity_daily (day, rep) and segment (company, team, rep): how many.
{{ config(materialized='view') }}
with activity_daily as (

    select * from {{ ref('fct_activity_daily') }}

),

rep_scope as (

    select * from {{ ref('int_rep_scope') }}

),

activity as (

    {% for metric in ['leads_created', 'emails_sent', 'calls', 'meetings_booked', 'meetings_held'] -%}
    select '{{ metric }}' as metric, activity_date as date_day, coalesce(team, '(none)') as team, source_system, rep_id, rep_name, {{ metric }} as n
    from activity_daily
    where {{ metric }} > 0
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

)

select metric, date_day, 'company' as scope, 'all' as scope_id, 'all' as scope_name, n from activity
union all
select metric, date_day, 'team', team, team, n from activity
union all
-- One id in two systems is two people, as where deals are cut by rep.
select activity.metric, activity.date_day, 'rep', coalesce(rep_scope.scope_id, activity.rep_id, '(none)'), coalesce(rep_scope.scope_name, activity.rep_name), activity.n
from activity
left join rep_scope on activity.source_system = rep_scope.source_system and activity.rep_id = rep_scope.rep_id
