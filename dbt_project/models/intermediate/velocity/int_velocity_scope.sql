-- One row per part of the company that has a velocity: every value of a segment that a deal has, every rep, with a deal or without, and the company.
with deal as (

    select * from {{ ref('int_velocity_deal') }}

),

segment as (

    select * from {{ ref('int_segment') }}

),

rep as (

    select * from {{ ref('dim_rep') }} where not is_placeholder

),

rep_scope as (

    select * from {{ ref('int_rep_scope') }}

),

named as (

    select segment.scope, segment.scope_id, segment.scope_name
    from segment
    inner join (select distinct segment_key from deal) as kept on segment.segment_key = kept.segment_key
    union
    select 'rep', rep_scope.scope_id, rep_scope.scope_name
    from rep
    inner join rep_scope on rep.source_system = rep_scope.source_system and rep.rep_id = rep_scope.rep_id
    union
    select 'company', 'all', 'all'

)

select
    scope,
    scope_id,
    min(scope_name) as scope_name
from named
group by scope, scope_id
