-- One row per source system with opportunities: what their histories are made of, and how often its two tellings differ.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

stage_history as (

    select * from {{ ref('int_stage_history') }}

),

comparison as (

    select * from {{ ref('int_history_comparison') }}

),

known as (

    select source_system, count(*) as opportunities
    from opportunity
    group by source_system

),

changed as (

    select
        opportunity.source_system,
        count(distinct case when opportunity_change.evidence in ('history', 'record') then opportunity.opportunity_key end) as opportunities_with_history,
        sum(case when opportunity_change.evidence = 'history' then 1 else 0 end) as changes_from_history,
        sum(case when opportunity_change.evidence = 'created' then 1 else 0 end) as changes_from_creation,
        sum(case when opportunity_change.evidence = 'record' then 1 else 0 end) as changes_from_records,
        sum(case when opportunity_change.evidence = 'extract' then 1 else 0 end) as changes_from_extracts
    from opportunity_change
    inner join opportunity on opportunity_change.opportunity_key = opportunity.opportunity_key
    group by opportunity.source_system

),

contradicted as (

    select source_system, count(*) as history_rows_set_aside
    from stage_history
    where problem is not null
    group by source_system

),

compared as (

    select
        source_system,
        count(*) as states_compared,
        sum(case when is_agreed then 0 else 1 end) as states_that_differ
    from comparison
    group by source_system

)

select
    known.source_system,
    cast(known.opportunities as bigint) as opportunities,
    cast(coalesce(changed.opportunities_with_history, 0) as bigint) as opportunities_with_history,
    cast(coalesce(changed.changes_from_history, 0) as bigint) as changes_from_history,
    cast(coalesce(changed.changes_from_creation, 0) as bigint) as changes_from_creation,
    cast(coalesce(changed.changes_from_records, 0) as bigint) as changes_from_records,
    cast(coalesce(changed.changes_from_extracts, 0) as bigint) as changes_from_extracts,
    cast(coalesce(contradicted.history_rows_set_aside, 0) as bigint) as history_rows_set_aside,
    cast(coalesce(compared.states_compared, 0) as bigint) as states_compared,
    cast(coalesce(compared.states_that_differ, 0) as bigint) as states_that_differ
from known
left join changed on known.source_system = changed.source_system
left join contradicted on known.source_system = contradicted.source_system
left join compared on known.source_system = compared.source_system
