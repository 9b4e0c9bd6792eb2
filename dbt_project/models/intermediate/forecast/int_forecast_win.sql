-- One row per opportunity that was won: the day of its first win, its amount then, and whether it was ever seen open before.
with opportunity_day as (

    select * from {{ ref('int_opportunity_day') }}

),

spell as (

    select source_system, opportunity_id, min(began_on) as first_open_on
    from {{ ref('int_forecast_spell') }}
    group by source_system, opportunity_id

),

first_win as (

    select source_system, opportunity_id, date_day as won_on, amount
    from opportunity_day
    where state = 'won'
    qualify row_number() over (partition by source_system, opportunity_id order by date_day) = 1

)

select
    first_win.source_system,
    first_win.opportunity_id,
    first_win.won_on,
    first_win.amount,
    {{ forecast_amount_class('first_win.amount') }} as amount_class,
    spell.opportunity_id is not null as was_open
from first_win
left join spell on first_win.source_system = spell.source_system and first_win.opportunity_id = spell.opportunity_id
