-- One row per opportunity and stretch of days in one open stage at one amount, as forecasts know it: where it was when each day ended, and what
-- ended it. A deal is at risk from the day after it came to the day it leaves. Once won, a deal is in no forecast again, also if it is reopened.
with state as (

    select * from {{ ref('int_forecast_state') }}

),

daily_rate as (

    select * from {{ ref('int_daily_rate') }}

),

reporting as (

    select max(reporting_currency) as reporting_currency from {{ ref('int_opportunity_amount') }}

),

first_win as (

    select source_system, opportunity_id, min(known_from) as known_from
    from state
    where state = 'won'
    group by source_system, opportunity_id

),

-- A forecast of a day knows what was so when the day before ended.
until_win as (

    select
        state.source_system, state.opportunity_id, state.state, state.pipeline, state.stage, state.currency,
        {{ days_after('state.known_from', -1) }} as began_on,
        {{ days_after('state.known_until', -1) }} as known_until_on,
        state.amount, state.amount_known_from,
        state.amount_known_from <= state.known_from as is_amount_known
    from state
    left join first_win on state.source_system = first_win.source_system and state.opportunity_id = first_win.opportunity_id
    where first_win.known_from is null or state.known_from <= first_win.known_from

),

compared as (

    select
        *,
        lead(began_on) over by_day as next_began_on,
        lead(state) over by_day as next_state,
        lead(pipeline) over by_day as next_pipeline,
        lead(stage) over by_day as next_stage,
        coalesce(lag(state) over by_day <> 'open' or lag(known_until_on) over by_day < began_on, true) as comes_in,
        pipeline <> lag(pipeline) over by_day or stage is distinct from lag(stage) over by_day as changes_stage,
        row_number() over by_day = 1 as begins_deal
    from until_win
    window by_day as (partition by source_system, opportunity_id order by began_on)

),

followed as (

    select
        source_system, opportunity_id, state, pipeline, stage, currency, began_on, known_until_on, amount, amount_known_from, is_amount_known,
        case
            when known_until_on is null then null
            -- A deal that is deleted is gone, as a lost one is.
            when next_began_on is distinct from known_until_on or next_state = 'lost' then 'lost'
            when next_state = 'won' then 'won'
            when next_pipeline <> pipeline or next_stage is distinct from stage then 'moved'
            else 'stayed'
        end as ended_by,
        comes_in or coalesce(changes_stage, true) as begins_visit,
        begins_deal,
        comes_in
    from compared

),

numbered as (

    select
        *,
        sum(case when begins_visit then 1 else 0 end) over so_far as visit_number,
        max(case when begins_visit then began_on end) over so_far as stage_entered_on
    from followed
    window so_far as (partition by source_system, opportunity_id order by began_on rows unbounded preceding)

),

valued as (

    select
        numbered.*,
        numbered.amount * case
            when numbered.currency is null or numbered.currency = reporting.reporting_currency then 1 else daily_rate.rate
        end as value
    from numbered
    cross join reporting
    left join daily_rate on numbered.currency = daily_rate.currency and numbered.began_on = daily_rate.date_day
    where numbered.state = 'open' and numbered.stage is not null

)

select
    source_system,
    opportunity_id,
    cast(visit_number as integer) as visit_number,
    pipeline,
    stage,
    began_on,
    known_until_on as ended_on,
    stage_entered_on,
    cast(round(value, 2) as {{ money_type() }}) as amount,
    amount_known_from,
    case when is_amount_known then {{ forecast_amount_class('value') }} else 0 end as amount_class,
    ended_by,
    begins_visit,
    begins_deal,
    comes_in
from valued
