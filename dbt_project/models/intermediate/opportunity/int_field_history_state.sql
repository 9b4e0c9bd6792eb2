-- One row per opportunity and moment at which a CRM's history of its fields has a change: its state from then on, and what it began as.
-- A field that was never changed while it was tracked has its last delivered value throughout.
with field_change as (

    select * from {{ ref('canonical_field_change') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

change as (

    select
        source_system, opportunity_id, field, changed_at, _object, _file, _row,
        old_value, new_value, old_amount, new_amount, old_day, new_day,
        row_number() over (partition by source_system, opportunity_id, field order by changed_at, change_id) as change_number,
        lead(changed_at) over (partition by source_system, opportunity_id, field order by changed_at, change_id) as next_changed_at
    from field_change
    where field in ('stage', 'amount', 'expected_close')

),

span as (

    select source_system, opportunity_id, field, changed_at as told_from, next_changed_at as told_to, new_value as stage, new_amount as amount, new_day as day
    from change

    union all

    select source_system, opportunity_id, field, cast('1970-01-01' as timestamp), changed_at, old_value, old_amount, old_day
    from change
    where change_number = 1

),

moment as (

    select source_system, opportunity_id, changed_at, min(_object) as _object, min(_file) as _file, min(_row) as _row
    from change
    group by source_system, opportunity_id, changed_at

    union all

    -- What it was before the first change is known from then on when it was created.
    select change.source_system, change.opportunity_id, min(opportunity.created_at), min(change._object), min(change._file), min(change._row)
    from change
    inner join opportunity
        on change.source_system = opportunity.source_system and change.opportunity_id = opportunity.opportunity_id
    where not opportunity.is_created_at_inferred
    group by change.source_system, change.opportunity_id
    having min(opportunity.created_at) < min(change.changed_at)

)

select
    moment.source_system,
    moment.opportunity_id,
    moment.changed_at,
    coalesce(stage_span.stage, opportunity.stage_label) as stage_label,
    case when amount_span.opportunity_id is not null then amount_span.amount else opportunity.amount end as amount,
    case when day_span.opportunity_id is not null then day_span.day else opportunity.expected_close_on end as expected_close_on,
    moment._object,
    moment._file,
    moment._row
from moment
left join opportunity
    on moment.source_system = opportunity.source_system and moment.opportunity_id = opportunity.opportunity_id
{%- for name, field in [('stage_span', 'stage'), ('amount_span', 'amount'), ('day_span', 'expected_close')] %}
left join span as {{ name }}
    on moment.source_system = {{ name }}.source_system and moment.opportunity_id = {{ name }}.opportunity_id and {{ name }}.field = '{{ field }}'
    and moment.changed_at >= {{ name }}.told_from and (moment.changed_at < {{ name }}.told_to or {{ name }}.told_to is null)
{%- endfor %}
