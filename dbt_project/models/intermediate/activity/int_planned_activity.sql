-- One row per activity that an extract told of before it was done or took place, as last delivered.
-- A system without any such row does not tell what is planned.
with planned_activity as (

    select * from {{ ref('canonical_planned_activity') }}

),

run as (

    select timezone, as_of, as_of_end from {{ source('config', 'run') }}

),

told as (

    select
        *,
        max(case when is_plan then 1 else 0 end) over by_activity as was_plan,
        row_number() over (partition by source_system, object, activity_id order by _extracted_at desc) as recency
    from planned_activity
    window by_activity as (partition by source_system, object, activity_id)

)

select
    told.source_system,
    told.activity_id,
    told.opportunity_id,
    {{ local_day('told.planned_at') }} as planned_on,
    -- After T: what is due on the as-of day itself was to be done by its end.
    told.is_still_on and told.planned_at >= run.as_of_end as is_ahead
from told
cross join run
where told.was_plan = 1 and told.recency = 1
