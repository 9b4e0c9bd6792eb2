-- One row per opportunity and period (week, month, quarter, fiscal quarter) in which its state or segment changed: its state at the period's
-- start and end, and in which period it changes next. Periods in which nothing changed have no row: fct_pipeline_movement adds them.
{%- set carried = ['pipeline', 'state', 'stage', 'stage_order', 'amount', 'expected_close_on', 'segment_key'] %}
with opportunity_day as (

    select * from {{ ref('int_opportunity_day') }}

),

period_day as (

    select * from {{ ref('int_period_day') }}

),

numbered as (

    select
        opportunity_day.*,
        -- What a deal is worth when it goes: a deleted one, what it was worth before.
        case when opportunity_day.state = 'deleted' then coalesce(opportunity_day.previous_amount, 0) else opportunity_day.amount end as worth,
        {%- for period_type in movement_period_types() %}
        this_day.{{ period_type }}_number,
        coalesce(before.{{ period_type }}_number, 0) as {{ period_type }}_before,
        coalesce(after.{{ period_type }}_number, 2147483647) as {{ period_type }}_after{{ ',' if not loop.last }}
        {%- endfor %}
    from opportunity_day
    inner join period_day as this_day on opportunity_day.date_day = this_day.date_day
    left join period_day as before on opportunity_day.previous_day = before.date_day
    left join period_day as after on opportunity_day.next_day = after.date_day

),

-- The last change in a period is how it ends; what the first one changed is how it began. Mostly they are one, and nothing is joined.
{%- for period_type in movement_period_types() %}

{{ period_type }}_changed_once as (

    select
        source_system, opportunity_id, '{{ period_type }}' as period_type, {{ period_type }}_number as period_number,
        {{ period_type }}_after as next_period_number,
        {%- for column in carried %}
        previous_{{ column }} as {{ column }}_at_start,
        {{ 'worth' if column == 'amount' else column }} as {{ column }}_at_end,
        {%- endfor %}
        coalesce(previous_state, '') = 'open' as was_open
    from numbered
    where {{ period_type }}_before < {{ period_type }}_number and {{ period_type }}_after > {{ period_type }}_number

),

{{ period_type }}_changed_often as (

    select
        last_one.source_system, last_one.opportunity_id, '{{ period_type }}' as period_type, last_one.{{ period_type }}_number as period_number,
        last_one.{{ period_type }}_after as next_period_number,
        {%- for column in carried %}
        first_one.previous_{{ column }} as {{ column }}_at_start,
        last_one.{{ 'worth' if column == 'amount' else column }} as {{ column }}_at_end,
        {%- endfor %}
        -- It was open, and then closed, in between.
        coalesce(last_one.previous_state, '') = 'open' or closed_within.opportunity_id is not null as was_open
    from (
        select * from numbered
        where {{ period_type }}_before = {{ period_type }}_number and {{ period_type }}_after > {{ period_type }}_number
    ) as last_one
    inner join (
        select * from numbered
        where {{ period_type }}_before < {{ period_type }}_number and {{ period_type }}_after = {{ period_type }}_number
    ) as first_one
        on last_one.source_system = first_one.source_system and last_one.opportunity_id = first_one.opportunity_id
        and last_one.{{ period_type }}_number = first_one.{{ period_type }}_number
    -- Rare: closed, and then something else again, before the period was over.
    left join (
        select distinct source_system, opportunity_id, {{ period_type }}_number from numbered
        where state <> 'open' and previous_state = 'open' and {{ period_type }}_after = {{ period_type }}_number
    ) as closed_within
        on last_one.source_system = closed_within.source_system and last_one.opportunity_id = closed_within.opportunity_id
        and last_one.{{ period_type }}_number = closed_within.{{ period_type }}_number

){{ ',' if not loop.last }}
{%- endfor %}

{% for period_type in movement_period_types() -%}
select * from {{ period_type }}_changed_once
union all
select * from {{ period_type }}_changed_often
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
