-- One row per opportunity open now: the probability to be won (within a year), when that is likely to happen, and what makes it so: what its stage,
-- its time in the stage and its amount add to the mean of all open deals (points of probability; they add up to it exactly).
-- Without a closed deal there is no row: nothing but the hand-set probability could speak.
with spell as (

    select * from {{ ref('int_forecast_spell') }} where ended_on is null

),

risk as (

    select * from {{ source('forecasting', 'risk') }} where period_type = 'life' and basis <> 'static' and age is not null

),

expected_window as (

    select * from {{ source('forecasting', 'win_window') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

run as (

    select as_of, cast({{ dbt.dateadd('day', 1, 'as_of') }} as date) as made_on from {{ source('config', 'run') }}

),

now_risk as (

    select risk.*
    from risk
    inner join run on cast(risk.made_on as date) = run.made_on

),

aged as (

    select
        spell.source_system, spell.opportunity_id, spell.pipeline, spell.stage, spell.amount_class, run.as_of,
        {{ dbt.datediff('spell.stage_entered_on', 'run.made_on', 'day') }} as days_in_stage,
        {{ forecast_age_knot(dbt.datediff('spell.stage_entered_on', 'run.made_on', 'day')) }} as age
    from spell
    cross join run

),

-- What each is compared with: the usual class of amount, and the usual time in its stage.
usual_class as (

    select source_system, pipeline, amount_class
    from aged
    group by source_system, pipeline, amount_class
    qualify row_number() over (partition by source_system, pipeline order by count(*) desc, amount_class) = 1

),

usual_age as (

    select source_system, pipeline, stage, age
    from aged
    qualify row_number() over (partition by source_system, pipeline, stage order by days_in_stage, opportunity_id)
        = ceil(count(*) over (partition by source_system, pipeline, stage) / 2.0)

),

given as (

    select
        aged.*,
        own.win_probability,
        own.basis,
        at_usual_class.win_probability as at_usual_class,
        at_usual_age.win_probability as at_usual_age,
        avg(own.win_probability) over () as of_all
    from aged
    inner join now_risk as own
        on aged.source_system = own.source_system and aged.pipeline = own.pipeline and aged.stage = own.stage
        and aged.amount_class = own.amount_class and aged.age = own.age
    inner join usual_class on aged.source_system = usual_class.source_system and aged.pipeline = usual_class.pipeline
    inner join usual_age
        on aged.source_system = usual_age.source_system and aged.pipeline = usual_age.pipeline and aged.stage = usual_age.stage
    inner join now_risk as at_usual_class
        on aged.source_system = at_usual_class.source_system and aged.pipeline = at_usual_class.pipeline
        and aged.stage = at_usual_class.stage and usual_class.amount_class = at_usual_class.amount_class
        and aged.age = at_usual_class.age
    inner join now_risk as at_usual_age
        on aged.source_system = at_usual_age.source_system and aged.pipeline = at_usual_age.pipeline
        and aged.stage = at_usual_age.stage and usual_class.amount_class = at_usual_age.amount_class
        and usual_age.age = at_usual_age.age

),

effect as (

    select
        *,
        round(win_probability, 6) - round(at_usual_class, 6) as from_amount,
        round(at_usual_class, 6) - round(at_usual_age, 6) as from_age,
        round(at_usual_age, 6) - round(of_all, 6) as from_stage
    from given

),

-- In words, the strongest first; what adds less than half a point is no reason.
reason as (

    select
        effect.source_system, effect.opportunity_id, effect.from_stage as points,
        'in ' || stage.stage_name as words
    from effect
    inner join stage
        on effect.source_system = stage.source_system and effect.pipeline = stage.pipeline and effect.stage = stage.stage

    union all

    select source_system, opportunity_id, from_age, cast(days_in_stage as varchar) || ' days in the stage'
    from effect

    union all

    select
        source_system, opportunity_id, from_amount,
        case
            when amount_class = 0 then 'no amount is known'
            else 'an amount of ' || cast(cast(round(power(10, amount_class / 2.0), 0) as bigint) as varchar) || ' or more'
        end
    from effect

),

told as (

    select
        source_system, opportunity_id,
        {{ joined_text(
            "words || ': ' || case when points > 0 then '+' else '-' end || cast(cast(round(100 * abs(points), 0) as integer) as varchar) || ' points'",
            'abs(points) desc, words'
        ) }} as reasons
    from reason
    where abs(points) >= 0.005
    group by source_system, opportunity_id

)

select
    effect.source_system,
    effect.opportunity_id,
    round(effect.win_probability, 6) as win_probability,
    effect.basis,
    cast({{ dbt.dateadd('day', 'cast(expected_window.early_days as integer)', 'effect.as_of') }} as date) as likely_win_from,
    cast({{ dbt.dateadd('day', 'cast(expected_window.late_days as integer)', 'effect.as_of') }} as date) as likely_win_to,
    round(effect.of_all, 6) as mean_win_probability,
    round(effect.from_stage, 6) as points_from_stage,
    round(effect.from_age, 6) as points_from_age,
    round(effect.from_amount, 6) as points_from_amount,
    told.reasons
from effect
inner join expected_window
    on effect.source_system = expected_window.source_system and effect.pipeline = expected_window.pipeline
    and effect.stage = expected_window.stage and effect.amount_class = expected_window.amount_class and effect.age = expected_window.age
left join told on effect.source_system = told.source_system and effect.opportunity_id = told.opportunity_id
