-- One row per change that a CRM's own history tells, and why it cannot be used (problem; null where it can).
with generic_history as (

    select * from {{ ref('stg_generic__stage_history') }}

),

{% if uses('salesforce') -%}
salesforce_history as (

    select * from {{ ref('stg_salesforce__opportunity_history') }}

),

field_history_state as (

    select * from {{ ref('int_field_history_state') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_history as (

    select * from {{ ref('int_hubspot_deal_history') }}

),

{% endif -%}
opportunity as (

    select * from {{ ref('int_opportunity') }}

),

stage_label as (

    select * from {{ ref('int_stage_label') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

told as (

    select
        _system as source_system, _object, opportunity_id, cast(null as varchar) as pipeline, stage_label, entered_at as changed_at, amount,
        expected_close_on, true as is_close_date_of_today, _file, _row
    from generic_history
    where row_disposition = 'loaded'

    {% if uses('salesforce') -%}
    union all

    select _system, _object, opportunity_id, cast(null as varchar), stage_label, entered_at, amount, expected_close_on, true, _file, _row
    from salesforce_history
    where row_disposition = 'loaded'

    union all

    -- The history of single fields speaks where OpportunityHistory says nothing of the deal (ops_field_history_difference compares them).
    select
        'salesforce', _object, opportunity_id, cast(null as varchar), stage_label, changed_at, amount, expected_close_on, true, _file, _row
    from field_history_state
    where opportunity_id not in (
        select opportunity_id from salesforce_history where row_disposition = 'loaded' and opportunity_id is not null
    )
    {%- endif %}

    {% if uses('hubspot') -%}
    union all

    -- HubSpot keeps no history of the close date unless asked to: then what was expected then is not known.
    select source_system, _object, opportunity_id, pipeline, stage_label, changed_at, amount, expected_close_on, false, _file, _row
    from hubspot_history
    {%- endif %}

),

judged as (

    select
        told.*,
        opportunity.opportunity_key,
        opportunity.pipeline as pipeline_of_opportunity,
        case
            when opportunity.opportunity_id is null then 'no such opportunity was delivered'
            when told.changed_at >= run.as_of_end then 'later than the as-of day'
            -- Few changes come before the deal: only of those is the day asked for.
            when not opportunity.is_created_at_inferred and told.changed_at < opportunity.created_at then case
                when {{ local_day('told.changed_at') }} < {{ local_day('opportunity.created_at') }}
                    then 'before the day on which the opportunity was created'
            end
        end as problem
    from told
    cross join run
    left join opportunity on told.source_system = opportunity.source_system and told.opportunity_id = opportunity.opportunity_id

)

select
    judged.source_system,
    judged.opportunity_key,
    stage_label.stage_key,
    judged.changed_at,
    judged.amount,
    judged.expected_close_on,
    -- Where a history without close dates may borrow the date last delivered.
    judged.is_close_date_of_today,
    judged.problem,
    -- Of what cannot be used: its own word for the deal, which may be unknown.
    case when judged.problem is not null then judged.opportunity_id end as opportunity_id,
    judged._object,
    judged._file,
    judged._row
from judged
-- Where the history names the pipeline of its stages, in that; else in that of the deal.
left join stage_label
    on judged.source_system = stage_label.source_system
    and coalesce(judged.pipeline, judged.pipeline_of_opportunity) = stage_label.pipeline
    and lower(judged.stage_label) = stage_label.label_key
