-- One row per opportunity and time in which it was open, [began_at, ended_at), and how many such times it has (stays).
-- The moment of closing counts: what closes in a period was open in it, also where no history tells of the time before.
with deal as (

    select * from {{ ref('int_velocity_deal') }}

),

open_span as (

    select * from {{ ref('int_open_span') }}

),

told_stay as (

    select opportunity_key, opened_at as began_at, ended_at from open_span
    union all
    select deal.opportunity_key, deal.closed_at, deal.closed_at
    from deal
    left join open_span on deal.opportunity_key = open_span.opportunity_key and deal.closed_at = open_span.ended_at
    where deal.status in ('won', 'lost') and open_span.opportunity_key is null

)

select
    told_stay.opportunity_key,
    deal.segment_key,
    told_stay.began_at,
    told_stay.ended_at,
    count(*) over (partition by told_stay.opportunity_key) as stays
from told_stay
inner join deal on told_stay.opportunity_key = deal.opportunity_key
