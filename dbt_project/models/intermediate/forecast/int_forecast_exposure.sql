-- One row per cell of time, stage, age band and class of amount in which deals were at risk: deal-days at risk, and how many moved, were won, were lost.
-- Deal-days are running sums of who comes and goes: no deal is joined to its days.
with spell as (

    select * from {{ ref('int_forecast_spell') }}

),

risk_since as (

    select * from {{ ref('int_forecast_risk_since') }}

),

history_beginning as (

    select * from {{ ref('int_history_beginning') }} where is_entry_unknown

),

cell as (

    select * from {{ ref('int_forecast_cell') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

),

band as (

    {% for first_age in forecast_age_bands() -%}
    select {{ loop.index0 }} as age_band, {{ first_age }} as first_age, {{ forecast_age_bands()[loop.index] - 1 if not loop.last else 1000000 }} as last_age
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

aged as (

    select
        spell.source_system, spell.pipeline, spell.stage, spell.amount_class, spell.ended_by, spell.ended_on,
        -- Where its history begins later than a deal, in which stage it was at risk before is not known.
        greatest(risk_since.known_from, coalesce({{ days_after('history_beginning.first_told_on', 1) }}, risk_since.known_from)) as known_from,
        {{ dbt.datediff('spell.stage_entered_on', 'spell.began_on', 'day') }} + 1 as first_age,
        {{ dbt.datediff('spell.stage_entered_on', 'coalesce(spell.ended_on, run.as_of)', 'day') }} as last_age,
        spell.stage_entered_on
    from spell
    cross join run
    inner join risk_since on spell.source_system = risk_since.source_system
    left join history_beginning
        on spell.source_system = history_beginning.source_system and spell.opportunity_id = history_beginning.opportunity_id

),

-- Who enters late, at the age they then have, because nothing was known before.
at_risk as (

    select
        aged.source_system, aged.pipeline, aged.stage, aged.amount_class, band.age_band,
        greatest({{ days_after('aged.stage_entered_on', 'greatest(aged.first_age, band.first_age)') }}, aged.known_from) as first_day,
        {{ days_after('aged.stage_entered_on', 'least(aged.last_age, band.last_age)') }} as last_day
    from aged
    inner join band on aged.first_age <= band.last_age and aged.last_age >= band.first_age

),

coming_and_going as (

    select source_system, pipeline, stage, amount_class, age_band, first_day as date_day, count(*) as change
    from at_risk
    where first_day <= last_day
    group by source_system, pipeline, stage, amount_class, age_band, first_day

    union all

    select source_system, pipeline, stage, amount_class, age_band, {{ days_after('last_day', 1) }} as date_day, -count(*) as change
    from at_risk
    where first_day <= last_day
    group by source_system, pipeline, stage, amount_class, age_band, last_day

),

day_cell as (

    select day.date_day, cell.cell_number, cell.cell_end
    from ({{ days_from_to('(select min(cell_start) from cell)', '(select max(cell_end) from cell)') }}) as day
    inner join cell on day.date_day >= cell.cell_start and day.date_day <= cell.cell_end

),

change_by_cell as (

    select
        coming_and_going.source_system, coming_and_going.pipeline, coming_and_going.stage, coming_and_going.amount_class,
        coming_and_going.age_band, day_cell.cell_number,
        sum(coming_and_going.change) as change,
        sum(coming_and_going.change * ({{ dbt.datediff('coming_and_going.date_day', 'day_cell.cell_end', 'day') }} + 1)) as change_days
    from coming_and_going
    inner join day_cell on coming_and_going.date_day = day_cell.date_day
    group by
        coming_and_going.source_system, coming_and_going.pipeline, coming_and_going.stage, coming_and_going.amount_class,
        coming_and_going.age_band, day_cell.cell_number

),

state as (

    select distinct source_system, pipeline, stage, amount_class, age_band from change_by_cell

),

at_risk_by_cell as (

    select
        state.source_system, state.pipeline, state.stage, state.amount_class, state.age_band, cell.cell_number, cell.cell_start,
        coalesce(change_by_cell.change_days, 0) + cell.days * coalesce(sum(change_by_cell.change) over (
            partition by state.source_system, state.pipeline, state.stage, state.amount_class, state.age_band
            order by cell.cell_number rows between unbounded preceding and 1 preceding
        ), 0) as at_risk_days
    from state
    cross join cell
    left join change_by_cell
        on state.source_system = change_by_cell.source_system and state.pipeline = change_by_cell.pipeline
        and state.stage = change_by_cell.stage and state.amount_class = change_by_cell.amount_class
        and state.age_band = change_by_cell.age_band and cell.cell_number = change_by_cell.cell_number

),

ended as (

    select
        aged.source_system, aged.pipeline, aged.stage, aged.amount_class, {{ forecast_age_band('aged.last_age') }} as age_band,
        day_cell.cell_number,
        sum(case when aged.ended_by = 'moved' then 1 else 0 end) as moved,
        sum(case when aged.ended_by = 'won' then 1 else 0 end) as won,
        sum(case when aged.ended_by = 'lost' then 1 else 0 end) as lost
    from aged
    inner join day_cell on aged.ended_on = day_cell.date_day
    where aged.ended_by in ('moved', 'won', 'lost') and aged.ended_on >= aged.known_from
    group by aged.source_system, aged.pipeline, aged.stage, aged.amount_class, 5, day_cell.cell_number

)

select
    at_risk_by_cell.cell_start,
    at_risk_by_cell.source_system,
    at_risk_by_cell.pipeline,
    at_risk_by_cell.stage,
    at_risk_by_cell.age_band,
    at_risk_by_cell.amount_class,
    cast(at_risk_by_cell.at_risk_days as bigint) as at_risk_days,
    cast(coalesce(ended.moved, 0) as bigint) as moved,
    cast(coalesce(ended.won, 0) as bigint) as won,
    cast(coalesce(ended.lost, 0) as bigint) as lost
from at_risk_by_cell
left join ended
    on at_risk_by_cell.source_system = ended.source_system and at_risk_by_cell.pipeline = ended.pipeline
    and at_risk_by_cell.stage = ended.stage and at_risk_by_cell.amount_class = ended.amount_class
    and at_risk_by_cell.age_band = ended.age_band and at_risk_by_cell.cell_number = ended.cell_number
where at_risk_by_cell.at_risk_days > 0
