-- One row per opportunity and extract that shows it in a stage which the CRM's own history does not tell of that day.
with comparison as (

    select * from {{ ref('int_history_comparison') }}

),

opportunity as (

    select source_system, opportunity_id, name from {{ ref('int_opportunity') }}

)

select
    comparison.source_system,
    comparison.opportunity_id,
    opportunity.name as opportunity_name,
    comparison.shown_at,
    comparison.extract_stage,
    comparison.history_stage
from comparison
left join opportunity
    on comparison.source_system = opportunity.source_system and comparison.opportunity_id = opportunity.opportunity_id
where not comparison.is_agreed
