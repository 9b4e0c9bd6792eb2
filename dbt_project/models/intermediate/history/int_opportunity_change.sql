-- One row per opportunity and moment at which its stage, amount or expected close date is known to have changed: its state from then on.
-- The CRM's own history speaks where there is one; consecutive extracts speak where there is none, before its first word and after its last
-- (int_change_in_order). Opportunity and stage are known by their numbers (int_opportunity, int_stage): millions of rows are sorted and joined by them.
with change as (

    select * from {{ ref('int_change_in_order') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

definition as (

    select * from {{ source('config', 'definition') }}

),

last_visit as (

    select opportunity_key, change_number, stage_key, changed_at
    from change
    where change_number = 1 or stage_key is distinct from previous_stage_key
    qualify row_number() over (partition by opportunity_key order by change_number desc) = 1

),

-- Where the company's definition is the CRM's close date: deals that are closed, and by it on another day, which can be.
recorded_close as (

    select last_visit.opportunity_key, last_visit.change_number, greatest(opportunity.recorded_closed_at, opportunity.created_at) as closed_at
    from last_visit
    cross join run
    cross join definition
    inner join stage on last_visit.stage_key = stage.stage_key and not stage.is_open
    inner join opportunity on last_visit.opportunity_key = opportunity.opportunity_key
    where definition.closed_on = 'close_date'
        and opportunity.recorded_closed_at < run.as_of_end
        and {{ local_day('opportunity.recorded_closed_at') }} >= {{ local_day('opportunity.created_at') }}
        and {{ local_day('opportunity.recorded_closed_at') }} <> {{ local_day('last_visit.changed_at') }}

),

-- What came before the close came before its date, and what came after it after that.
redated as (

    select
        change.*,
        case
            when recorded_close.opportunity_key is null then change.changed_at
            when change.change_number < recorded_close.change_number then least(change.changed_at, recorded_close.closed_at)
            when change.change_number = recorded_close.change_number then recorded_close.closed_at
            else greatest(change.changed_at, recorded_close.closed_at)
        end as dated_at
    from change
    left join recorded_close on change.opportunity_key = recorded_close.opportunity_key

)

select
    redated.opportunity_key,
    cast(redated.change_number as integer) as change_number,
    redated.dated_at as changed_at,
    -- The company's day: worked out once, for all that ask for it.
    {{ local_day('redated.dated_at') }} as changed_on,
    lead(redated.dated_at) over (partition by redated.opportunity_key order by redated.change_number) as next_changed_at,
    -- When the history, an extract or the creation says that it was: another moment only where the CRM's close date stands for that.
    redated.changed_at as stage_changed_at,
    redated.stage_key,
    redated.amount,
    redated.expected_close_on,
    -- False: borrowed from the deal as last delivered, and not known before.
    redated.is_amount_told,
    redated.is_expected_close_told,
    -- When what this row says was first told: later than it happened where only an extract shows it.
    redated.told_at,
    case when redated.dated_at = redated.changed_at then redated.evidence else 'record' end as evidence,
    -- Of the same name in another pipeline, it is the same stage: who was won stays won since then.
    stage.stage is distinct from previous_stage.stage as enters_stage,
    -- What changed during a visit (amount, expected close) began none.
    redated.change_number = 1 or redated.stage_key is distinct from redated.previous_stage_key as begins_visit
from redated
cross join run
left join stage on redated.stage_key = stage.stage_key
left join stage as previous_stage on redated.previous_stage_key = previous_stage.stage_key
