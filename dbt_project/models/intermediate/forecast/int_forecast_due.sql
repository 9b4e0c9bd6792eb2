-- One row per forecast's moment and period, and part of the company: what open deals promised, as it was known then: those expected to close in
-- the period, and (is_overdue) those expected before it and before the moment. Amounts in the reporting currency at the moment's rates.
with moment as (

    select * from {{ ref('int_forecast_moment') }}

),

state as (

    select * from {{ ref('int_forecast_state') }} where state = 'open'

),

holder as (

    select * from {{ ref('int_forecast_holder') }}

),

category as (

    select * from {{ ref('int_forecast_category') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

daily_rate as (

    select * from {{ ref('int_daily_rate') }}

),

amount as (

    select max(reporting_currency) as reporting_currency from {{ ref('int_opportunity_amount') }}

),

{{ forecast_moment_numbers('(select min(known_from) from state)') }},

asked as (

    {{ forecast_runs_of_moments('state', 'greatest(state.known_from, state.expected_close_known_from)', 'state.known_until') }}
    where state.expected_close_on is not null

),

at_moment as (

    select
        source_system, opportunity_id, pipeline, stage, currency, amount, amount_known_from, expected_close_on,
        {{ numbers_from_to('first_number', 'last_number') }} as moment_number
    from asked

),

dated as (

    select at_moment.*, numbered.made_on
    from at_moment
    inner join numbered on at_moment.moment_number = numbered.moment_number
    where at_moment.expected_close_on <= numbered.last_end

),

held as (

    select
        dated.made_on, dated.expected_close_on, dated.source_system, dated.pipeline as stage_pipeline, dated.stage, dated.currency,
        coalesce(holder.pipeline, '(none)') as pipeline, coalesce(holder.team, '(none)') as team, coalesce(holder.rep, '(none)') as rep,
        coalesce(holder.segment, '(none)') as segment, category.forecast_category,
        sum(case when dated.amount_known_from <= dated.made_on then dated.amount end) as amount,
        count(*) as deals,
        sum(case when dated.amount_known_from <= dated.made_on and dated.amount is not null then 0 else 1 end) as deals_without_amount
    from dated
    left join holder
        on dated.source_system = holder.source_system and dated.opportunity_id = holder.opportunity_id
        and holder.valid_from <= dated.made_on and (holder.valid_until is null or holder.valid_until > dated.made_on)
        and holder.known_from <= dated.made_on
    left join category
        on dated.source_system = category.source_system and dated.opportunity_id = category.opportunity_id
        and category.known_from <= dated.made_on and (category.known_until is null or category.known_until > dated.made_on)
    group by
        dated.made_on, dated.expected_close_on, dated.source_system, dated.pipeline, dated.stage, dated.currency, holder.pipeline,
        holder.team, holder.rep, holder.segment, category.forecast_category

),

valued as (

    select
        held.*,
        cast(coalesce(held.amount, 0) * {{ rate_of('held.currency') }} as {{ money_type(8) }}) as value,
        -- Each product needs the places of both: without the cast, none would be left for large amounts.
        cast(coalesce(held.amount, 0) * {{ rate_of('held.currency') }} as {{ money_type(8) }}) * cast(stage.default_probability as decimal(9, 6))
            as weighted
    from held
    cross join amount
    left join daily_rate on held.currency = daily_rate.currency and {{ dbt.dateadd('day', -1, 'held.made_on') }} = daily_rate.date_day
    left join stage
        on held.source_system = stage.source_system and held.stage_pipeline = stage.pipeline and held.stage = stage.stage

)

select
    moment.made_on,
    moment.period_type,
    moment.period_start,
    valued.expected_close_on < moment.period_start as is_overdue,
    valued.pipeline,
    valued.team,
    valued.rep,
    valued.segment,
    cast(round(sum(valued.weighted), 2) as {{ money_type() }}) as weighted,
    cast(round(sum(case when {{ forecast_category_is('valued.forecast_category', 'commit') }} then valued.value else 0 end), 2) as {{ money_type() }}) as commit_amount,
    cast(round(sum(case when {{ forecast_category_is('valued.forecast_category', 'best_case') }} then valued.value else 0 end), 2) as {{ money_type() }})
        as best_case_amount,
    cast(sum(valued.deals) as bigint) as deals,
    cast(sum(valued.deals_without_amount) as bigint) as deals_without_amount
from valued
inner join moment on valued.made_on = moment.made_on and valued.expected_close_on <= moment.period_end
where valued.expected_close_on >= moment.period_start or {{ is_overdue('valued.expected_close_on', dbt.dateadd('day', -1, 'moment.made_on')) }}
group by
    moment.made_on, moment.period_type, moment.period_start, valued.expected_close_on < moment.period_start, valued.pipeline, valued.team,
    valued.rep, valued.segment
