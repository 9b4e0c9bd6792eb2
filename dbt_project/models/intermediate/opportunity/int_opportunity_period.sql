-- One row per opportunity and period (week, month, quarter, fiscal quarter) in which its state or segment changed: its state at the period's
-- start and end, and in which period it changes next. Periods in which nothing changed have no row: fct_pipeline_movement adds them.
-- Where stage_key_at_start is null, the deal did not exist when the period began. The period is known by its number (int_movement_period).
{%- set carried = ['stage_key', 'is_deleted', 'amount', 'expected_close_on', 'segment_key'] %}
with opportunity_day as (

    select * from {{ ref('int_opportunity_day') }}

),

period_day as (

    select * from {{ ref('int_period_day') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

numbered as (

    select
        opportunity_day.*,
        not opportunity_day.is_deleted and stage.is_open as is_open,
        coalesce(not opportunity_day.previous_is_deleted and previous_stage.is_open, false) as was_open_before,
        -- What a deal is worth when it goes: a deleted one, what it was worth before.
        case when opportunity_day.is_deleted then coalesce(opportunity_day.previous_amount, 0) else opportunity_day.amount end as worth,
        {%- for period_type in movement_period_types() %}
        this_day.{{ period_type }}_number,
        coalesce(before.{{ period_type }}_number, 0) as {{ period_type }}_before,
        coalesce(after.{{ period_type }}_number, 2147483647) as {{ period_type }}_after{{ ',' if not loop.last }}
        {%- endfor %}
    from opportunity_day
    inner join stage on opportunity_day.stage_key = stage.stage_key
    left join stage as previous_stage on opportunity_day.previous_stage_key = previous_stage.stage_key
    inner join period_day as this_day on opportunity_day.date_day = this_day.date_day
    left join period_day as before on opportunity_day.previous_day = before.date_day
    left join period_day as after on opportunity_day.next_day = after.date_day

),

-- The last change in a period is how it ends; what the first one changed is how it began. Mostly they are one, and nothing is joined.
{%- for period_type in movement_period_types() %}

{{ period_type }}_changed_once as (

    select
        opportunity_key, {{ period_type }}_number as period_number, {{ period_type }}_after as next_period_number,
        {%- for column in carried %}
        previous_{{ column }} as {{ column }}_at_start,
        {{ 'worth' if column == 'amount' else column }} as {{ column }}_at_end,
        {%- endfor %}
        was_open_before as was_open
    from numbered
    where {{ period_type }}_before < {{ period_type }}_number and {{ period_type }}_after > {{ period_type }}_number

),

{{ period_type }}_changed_often as (

    select
        last_one.opportunity_key, last_one.{{ period_type }}_number as period_number, last_one.{{ period_type }}_after as next_period_number,
        {%- for column in carried %}
        first_one.previous_{{ column }} as {{ column }}_at_start,
        last_one.{{ 'worth' if column == 'amount' else column }} as {{ column }}_at_end,
        {%- endfor %}
        -- It was open, and then closed, in between.
        last_one.was_open_before or closed_within.opportunity_key is not null as was_open
    from (
        select * from numbered
        where {{ period_type }}_before = {{ period_type }}_number and {{ period_type }}_after > {{ period_type }}_number
    ) as last_one
    inner join (
        select * from numbered
        where {{ period_type }}_before < {{ period_type }}_number and {{ period_type }}_after = {{ period_type }}_number
    ) as first_one
        on last_one.opportunity_key = first_one.opportunity_key and last_one.{{ period_type }}_number = first_one.{{ period_type }}_number
    -- Rare: closed, and then something else again, before the period was over.
    left join (
        select distinct opportunity_key, {{ period_type }}_number from numbered
        where not is_open and was_open_before and {{ period_type }}_after = {{ period_type }}_number
    ) as closed_within
        on last_one.opportunity_key = closed_within.opportunity_key and last_one.{{ period_type }}_number = closed_within.{{ period_type }}_number

){{ ',' if not loop.last }}
{%- endfor %}

{% for period_type in movement_period_types() -%}
select * from {{ period_type }}_changed_once
union all
select * from {{ period_type }}_changed_often
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
