-- One row per forecast's moment, part of the company (as combination) and state of open deals: stage, class of amount, age, and whether an amount was
-- known then: how many deals, their amounts and squares of amounts, in the reporting currency.
with moment as (

    select * from {{ ref('int_forecast_moment') }}

),

spell as (

    select * from {{ ref('int_forecast_spell') }}

),

holder as (

    select * from {{ ref('int_forecast_holder') }}

),

{{ forecast_moment_numbers('(select min(began_on) from spell)') }},

-- What was so when a day ended is known to the forecasts of the next day.
asked as (

    {{ forecast_runs_of_moments('spell', days_after('spell.began_on', 1), days_after('spell.ended_on', 1)) }}

),

at_moment as (

    select
        source_system, opportunity_id, pipeline, stage, amount_class, amount, amount_known_from, stage_entered_on,
        {{ numbers_from_to('first_number', 'last_number') }} as moment_number
    from asked

),

aged as (

    select
        at_moment.*, numbered.made_on,
        at_moment.amount > 0 and at_moment.amount_known_from <= numbered.made_on as is_known,
        {{ forecast_age_knot(dbt.datediff('at_moment.stage_entered_on', 'numbered.made_on', 'day')) }} as age
    from at_moment
    inner join numbered on at_moment.moment_number = numbered.moment_number

)

select
    aged.made_on,
    aged.source_system,
    aged.pipeline as stage_pipeline,
    aged.stage,
    aged.amount_class,
    aged.age,
    coalesce(aged.is_known, false) as is_known,
    coalesce(holder.pipeline, '(none)') as pipeline,
    coalesce(holder.team, '(none)') as team,
    coalesce(holder.rep, '(none)') as rep,
    coalesce(holder.segment, '(none)') as segment,
    cast(count(*) as bigint) as deals,
    cast(sum(case when aged.is_known then aged.amount else 0 end) as {{ money_type() }}) as amount,
    cast(sum(cast(case when aged.is_known then round({{ squared('aged.amount') }}, 0) else 0 end as decimal(38, 0)))
        as decimal(38, 0)) as amount_squared
from aged
left join holder
    on aged.source_system = holder.source_system and aged.opportunity_id = holder.opportunity_id
    and holder.valid_from <= aged.made_on and (holder.valid_until is null or holder.valid_until > aged.made_on)
    and holder.known_from <= aged.made_on
group by
    aged.made_on, aged.source_system, aged.pipeline, aged.stage, aged.amount_class, aged.age, coalesce(aged.is_known, false),
    holder.pipeline, holder.team, holder.rep, holder.segment
