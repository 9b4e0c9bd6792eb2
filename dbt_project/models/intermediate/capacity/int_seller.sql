-- One row per seller who is there now: team, and since when.
with rep as (

    select * from {{ ref('dim_rep') }} where not is_placeholder

),

rep_scope as (

    select * from {{ ref('int_rep_scope') }}

),

rep_month as (

    select distinct rep from {{ ref('int_rep_month') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

),

target as (

    select distinct rep_source_system, scope_id
    from {{ ref('int_target') }}
    where metric = 'bookings' and scope = 'rep' and unknown_cell is null

)

select
    rep_scope.scope_id as rep,
    coalesce(rep.team, '(none)') as team,
    rep.started_on
from rep
cross join run
inner join rep_scope on rep.source_system = rep_scope.source_system and rep.rep_id = rep_scope.rep_id
left join rep_month on rep_scope.scope_id = rep_month.rep
left join target on rep.source_system = target.rep_source_system and rep.rep_id = target.scope_id
where rep.is_active and (rep.ended_on is null or rep.ended_on > run.as_of) and (rep_month.rep is not null or target.scope_id is not null)
