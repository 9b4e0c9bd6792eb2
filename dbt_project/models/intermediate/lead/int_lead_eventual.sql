-- One row per cohort month and segment of leads: which share of them will have become a won deal in the end. Unrounded.
-- Null where no deal of a lead was won or lost yet. A lead without a deal is not lost: it is still what it was.
with lead_outcome as (

    select * from {{ ref('int_lead_outcome') }}

),

lead_segment as (

    select * from {{ ref('int_lead_segment') }}

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

outcome as (

    select
        lead_outcome.source_system,
        lead_outcome.lead_id,
        cast({{ dbt.date_trunc('month', 'lead_outcome.created_on') }} as date) as cohort_month,
        lead_outcome.created_on,
        coalesce({{ local_day('lead_outcome.won_at') }}, {{ local_day('lead_outcome.lost_at') }}, run.as_of) as left_on,
        case when lead_outcome.won_at is not null then 1 else 0 end as interest,
        case when lead_outcome.won_at is null and lead_outcome.lost_at is not null then 1 else 0 end as competing
    from lead_outcome
    cross join run

),

by_segment as (

    select
        outcome.cohort_month, lead_segment.scope, lead_segment.scope_id,
        greatest({{ dbt.datediff('outcome.created_on', 'outcome.left_on', 'day') }}, 0) as days,
        sum(outcome.interest) as interest, sum(outcome.competing) as competing,
        sum(1 - outcome.interest - outcome.competing) as censored
    from outcome
    inner join lead_segment on outcome.source_system = lead_segment.source_system and outcome.lead_id = lead_segment.lead_id
    group by outcome.cohort_month, lead_segment.scope, lead_segment.scope_id, outcome.created_on, outcome.left_on

),

{{ with_earlier_cohorts('by_segment', 'by_segment', ['scope', 'scope_id']) }},

{{ aalen_johansen('counted', ['cohort_number']) }}

select
    cohort.cohort_month,
    cohort.scope,
    cohort.scope_id,
    aj_estimate.rate,
    aj_estimate.variance,
    aj_estimate.unresolved,
    aj_estimate.outcomes,
    {{ effective_size('aj_estimate.rate', 'aj_estimate.variance', 'aj_estimate.outcomes') }} as effective_size,
    {{ chance_size('aj_estimate.rate', 'aj_estimate.variance', 'aj_estimate.chance', 'aj_estimate.own') }} as chance_size
from aj_estimate
inner join cohort on aj_estimate.cohort_number = cohort.cohort_number
