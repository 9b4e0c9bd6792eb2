-- One row per cell of time in which deals were won, and stage in which they had been open with or without an amount, or (stage null) class of amount
-- with which they came in: sums that say what such deals are won at. Time in a stage counts by days, as it does among deals open at a moment.
with spell as (

    select * from {{ ref('int_forecast_spell') }}

),

win as (

    select * from {{ ref('int_forecast_first_win') }}

),

cell as (

    select * from {{ ref('int_forecast_cell') }}

),

won as (

    select win.*, cell.cell_start, cast(coalesce(win.amount, 0) as double) as won_amount
    from win
    inner join cell on win.won_on >= cell.cell_start and win.won_on <= cell.cell_end

),

stay as (

    select
        won.cell_start, spell.source_system, spell.pipeline, spell.stage, spell.amount_class > 0 as is_known, spell.amount, won.won_amount,
        {{ dbt.datediff('spell.began_on', 'coalesce(spell.ended_on, won.won_on)', 'day') }} as days
    from won
    inner join spell on won.source_system = spell.source_system and won.opportunity_id = spell.opportunity_id

),

-- With which class of amount each came in: a deal that was never seen open with that of its win.
came as (

    select won.cell_start, coalesce(spell.amount_class, won.amount_class) as amount_class, won.won_amount
    from won
    left join spell on won.source_system = spell.source_system and won.opportunity_id = spell.opportunity_id and spell.begins_deal

)

select
    cell_start, source_system, pipeline, stage, is_known, cast(null as integer) as amount_class,
    cast(sum(days) as bigint) as weight,
    sum(cast(round(days * cast(amount as double), 2) as decimal(38, 2))) as known_amount,
    sum(cast(round(days * won_amount, 2) as decimal(38, 2))) as won_amount,
    sum(cast(round(days * {{ squared('amount') }}, 0) as decimal(38, 0))) as known_amount_squared,
    sum(cast(round(days * {{ squared('won_amount') }}, 0) as decimal(38, 0))) as won_amount_squared
from stay
group by cell_start, source_system, pipeline, stage, is_known

union all

select
    cell_start, null, null, null, null, amount_class,
    count(*), null,
    sum(cast(round(won_amount, 2) as decimal(38, 2))), null,
    sum(cast(round({{ squared('won_amount') }}, 0) as decimal(38, 0)))
from came
group by cell_start, amount_class
