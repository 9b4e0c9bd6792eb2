-- One row per period (week, month, quarter, fiscal quarter), pipeline and scope, dense: what was open when it began, each movement, what was open
-- when it ended. opening + created + reopened + transferred in + amount changes - transferred out - won - lost - deleted = closing.
{%- set flows = ['created', 'reopened', 'transferred_in', 'transferred_out', 'won', 'lost', 'deleted'] %}
{%- set stays = ['pushed', 'pulled_in', 'slipped', 'advanced', 'moved_back', 'expanded', 'contracted'] %}
{%- set of_close_date = ['pushed', 'pulled_in', 'slipped'] %}
with period_movement as (

    select * from {{ ref('int_period_movement') }}

),

segment as (

    select * from {{ ref('int_segment') }} where scope <> 'pipeline'

),

period as (

    select * from {{ ref('int_movement_period') }}

),

close_date_coverage as (

    select * from {{ ref('int_close_date_coverage') }}

),

-- Of all systems with deals, the one whose dates are known last: a sum over several is known when each part is.
known as (

    select case when count(*) = count(known_since) then max(known_since) end as known_since
    from close_date_coverage

),

-- What each deal did in a period, one below the other. What it did, it did in the segment that it is in at the period's end.
did as (

    select period_number, pipeline, segment_key_at_end as segment_key, entered_as as what, entered_amount as amount
    from period_movement
    where entered_as is not null
    union all
    select period_number, pipeline, segment_key_at_end, left_as, left_amount
    from period_movement
    where left_as is not null
    union all
    select period_number, pipeline, segment_key_at_end, movement, amount_at_end
    from period_movement
    where is_open_at_start and is_open_at_end and movement <> 'unchanged'
    union all
    select period_number, pipeline, segment_key_at_end, 'amount_change', amount_change
    from period_movement
    where amount_change <> 0

),

did_by_combination as (

    select period_number, pipeline, segment_key, what, count(*) as deals, sum(amount) as amount
    from did
    group by period_number, pipeline, segment_key, what

),

-- A deal that was open in another pipeline, or under another value, when the period began has come over from there.
changed_segment as (

    select
        period_number, pipeline_at_start, pipeline as pipeline_at_end, segment_key_at_start, segment_key_at_end,
        count(*) as deals, sum(amount_at_start) as amount
    from period_movement
    where is_open_at_start and (segment_key_at_start <> segment_key_at_end or pipeline_at_start <> pipeline)
    group by period_number, pipeline_at_start, pipeline, segment_key_at_start, segment_key_at_end

),

transfer as (

    select
        changed_segment.period_number, changed_segment.pipeline_at_start, changed_segment.pipeline_at_end,
        at_end.scope, at_start.scope_id as value_at_start, at_end.scope_id as value_at_end,
        changed_segment.deals, changed_segment.amount
    from changed_segment
    inner join segment as at_start on changed_segment.segment_key_at_start = at_start.segment_key
    inner join segment as at_end
        on changed_segment.segment_key_at_end = at_end.segment_key and at_start.scope = at_end.scope
    where at_start.scope_id <> at_end.scope_id or changed_segment.pipeline_at_start <> changed_segment.pipeline_at_end

),

flow as (

    select
        did_by_combination.period_number, did_by_combination.pipeline,
        segment.scope, segment.scope_id, did_by_combination.what, did_by_combination.deals, did_by_combination.amount
    from did_by_combination
    inner join segment on did_by_combination.segment_key = segment.segment_key
    union all
    select period_number, pipeline_at_end, scope, value_at_end, 'transferred_in', deals, amount from transfer
    union all
    select period_number, pipeline_at_start, scope, value_at_start, 'transferred_out', deals, amount from transfer

),

summed as (

    select period_number, pipeline, scope, scope_id, what, sum(deals) as deals, sum(amount) as amount
    from flow
    group by period_number, pipeline, scope, scope_id, what

),

moved as (

    select
        period_number, pipeline, scope, scope_id,
        {%- for movement in flows + stays %}
        sum(case when what = '{{ movement }}' then deals else 0 end) as {{ movement }}_count,
        sum(case when what = '{{ movement }}' then amount else 0 end) as {{ movement }}_amount,
        {%- endfor %}
        sum(case when what = 'amount_change' then amount else 0 end) as amount_change_amount
    from summed
    group by period_number, pipeline, scope, scope_id

),

named_scope as (

    select scope, scope_id, min(scope_name) as scope_name
    from segment
    group by scope, scope_id

),

life as (

    select period.period_type, moved.pipeline, moved.scope, moved.scope_id, min(moved.period_number) as first_number
    from moved
    inner join period on moved.period_number = period.period_number
    group by period.period_type, moved.pipeline, moved.scope, moved.scope_id

),

spine as (

    select
        life.pipeline, life.scope, life.scope_id, period.period_type, period.period_number, period.period_start,
        period.period_end, period.is_complete, period.incomplete_reason
    from life
    inner join period on life.period_type = period.period_type and period.period_number >= life.first_number

),

bridged as (

    select
        spine.*,
        {%- for movement in flows + stays %}
        coalesce(moved.{{ movement }}_count, 0) as {{ movement }}_count,
        coalesce(moved.{{ movement }}_amount, 0) as {{ movement }}_amount,
        {%- endfor %}
        coalesce(moved.amount_change_amount, 0) as amount_change_amount
    from spine
    left join moved
        on spine.period_number = moved.period_number and spine.pipeline = moved.pipeline
        and spine.scope = moved.scope and spine.scope_id = moved.scope_id

),

closed as (

    select
        *,
        created_count + reopened_count + transferred_in_count - transferred_out_count - won_count - lost_count - deleted_count as net_count,
        created_amount + reopened_amount + transferred_in_amount - transferred_out_amount - won_amount - lost_amount - deleted_amount
        + amount_change_amount as net_amount,
        sum(
            created_count + reopened_count + transferred_in_count - transferred_out_count - won_count - lost_count - deleted_count
        ) over by_period as closing_count,
        sum(
            created_amount + reopened_amount + transferred_in_amount - transferred_out_amount - won_amount - lost_amount - deleted_amount
            + amount_change_amount
        ) over by_period as closing_amount
    from bridged
    window by_period as (
        partition by period_type, pipeline, scope, scope_id order by period_number rows unbounded preceding
    )

)

select
    closed.period_type,
    closed.period_start,
    closed.period_end,
    closed.is_complete,
    closed.incomplete_reason,
    closed.pipeline,
    closed.scope,
    closed.scope_id,
    named_scope.scope_name,
    cast(closed.closing_count - closed.net_count as bigint) as opening_count,
    {%- for movement in flows %}
    cast(closed.{{ movement }}_count as bigint) as {{ movement }}_count,
    {%- endfor %}
    cast(closed.closing_count as bigint) as closing_count,
    cast(closed.closing_amount - closed.net_amount as {{ money_type() }}) as opening_amount,
    {%- for movement in flows %}
    cast(closed.{{ movement }}_amount as {{ money_type() }}) as {{ movement }}_amount,
    {%- endfor %}
    cast(closed.amount_change_amount as {{ money_type() }}) as amount_change_amount,
    cast(closed.closing_amount as {{ money_type() }}) as closing_amount,
    {%- for movement in stays %}
    {%- if movement in of_close_date %}
    case when known.known_since <= closed.period_start then cast(closed.{{ movement }}_count as bigint) end as {{ movement }}_count,
    case when known.known_since <= closed.period_start then cast(closed.{{ movement }}_amount as {{ money_type() }}) end as {{ movement }}_amount{{ ',' if not loop.last }}
    {%- else %}
    cast(closed.{{ movement }}_count as bigint) as {{ movement }}_count,
    cast(closed.{{ movement }}_amount as {{ money_type() }}) as {{ movement }}_amount{{ ',' if not loop.last }}
    {%- endif %}
    {%- endfor %}
from closed
cross join known
inner join named_scope
    on closed.scope = named_scope.scope and closed.scope_id = named_scope.scope_id
