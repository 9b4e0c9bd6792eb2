-- One row per opportunity and extract that shows it in a stage which the CRM's own history does not tell of that day.
with comparison as (

    select * from {{ ref('int_history_comparison') }}

)

select
    source_system,
    opportunity_id,
    shown_at,
    extract_stage,
    history_stage
from comparison
where not is_agreed
