-- One row per opportunity and stretch of days in one open stage at one amount: where it was at the end of each day, and what ended it.
-- A deal is at risk from the day after it came to the day it leaves. Once won, a deal is in no forecast again, also if it is reopened.
with opportunity_day as (

    select * from {{ ref('int_opportunity_day') }}

),

first_win as (

    select source_system, opportunity_id, min(date_day) as won_on
    from opportunity_day
    where state = 'won'
    group by source_system, opportunity_id

),

before_win as (

    select
        opportunity_day.source_system, opportunity_day.opportunity_id, opportunity_day.date_day, opportunity_day.pipeline,
        opportunity_day.state, opportunity_day.stage, opportunity_day.amount
    from opportunity_day
    left join first_win
        on opportunity_day.source_system = first_win.source_system and opportunity_day.opportunity_id = first_win.opportunity_id
    where first_win.won_on is null or opportunity_day.date_day <= first_win.won_on

),

followed as (

    select
        *,
        lead(date_day) over by_day as ended_on,
        lead(state) over by_day as next_state,
        lead(pipeline) over by_day as next_pipeline,
        lead(stage) over by_day as next_stage,
        coalesce(lag(state) over by_day, '') <> 'open' as comes_in,
        state is distinct from lag(state) over by_day
            or pipeline is distinct from lag(pipeline) over by_day
            or stage is distinct from lag(stage) over by_day as begins_visit,
        row_number() over by_day = 1 as begins_deal
    from before_win
    window by_day as (partition by source_system, opportunity_id order by date_day)

),

open_followed as (

    select
        *,
        sum(case when begins_visit then 1 else 0 end) over by_day as visit_number
    from followed
    where state = 'open' and stage is not null
    window by_day as (partition by source_system, opportunity_id order by date_day rows unbounded preceding)

)

select
    source_system,
    opportunity_id,
    cast(visit_number as integer) as visit_number,
    pipeline,
    stage,
    date_day as began_on,
    ended_on,
    min(date_day) over (partition by source_system, opportunity_id, visit_number) as stage_entered_on,
    amount,
    {{ forecast_amount_class('amount') }} as amount_class,
    case
        when next_state is null then null
        when next_state in ('won', 'lost') then next_state
        when next_state = 'deleted' then 'lost'
        when next_pipeline is distinct from pipeline or next_stage is distinct from stage then 'moved'
        else 'stayed'
    end as ended_by,
    begins_visit,
    begins_deal,
    comes_in
from open_followed
