-- One row per activity of a rep that has happened by T: call, meeting, task or logged e-mail. Booked meetings know when they were booked.
with generic_activity as (

    select * from {{ ref('stg_generic__activity') }}

),

{% if uses('salesforce') -%}
salesforce_task as (

    select * from {{ ref('stg_salesforce__task') }}

),

salesforce_event as (

    select * from {{ ref('stg_salesforce__event') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_activity as (

    select * from {{ ref('int_hubspot_activity') }}

),

{% endif -%}
run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

{% if uses('salesforce') -%}
newest_task as (

    select *
    from salesforce_task
    where row_disposition = 'loaded'
    qualify row_number() over (partition by activity_id order by _extracted_at desc) = 1

),

newest_event as (

    select *
    from salesforce_event
    where row_disposition = 'loaded'
    qualify row_number() over (partition by activity_id order by _extracted_at desc) = 1

),

{% endif -%}
newest_generic as (

    select *
    from generic_activity
    where row_disposition = 'loaded'
    qualify row_number() over (partition by activity_id order by _extracted_at desc) = 1

),

unified as (

    select
        _system as source_system, activity_id, activity_type, occurred_at, occurred_at as booked_at, user_id as rep_id, lead_id,
        cast(null as varchar) as contact_id, account_id, opportunity_id, outcome
    from newest_generic

    {% if uses('salesforce') -%}
    union all

    -- The first characters of a Salesforce id name its object: 00Q a lead, 006 an opportunity, 001 an account.
    select
        _system, activity_id, activity_type, occurred_at, cast(null as timestamp), user_id,
        case when who_id like '00Q%' then who_id end,
        case when who_id like '003%' then who_id end,
        case when what_id like '001%' then what_id else account_id end,
        case when what_id like '006%' then what_id end,
        outcome
    from newest_task
    where is_done and not is_deleted

    union all

    select
        _system, activity_id, case when event_kind = 'call' then 'call' else 'meeting' end, occurred_at, created_at, user_id,
        case when who_id like '00Q%' then who_id end,
        case when who_id like '003%' then who_id end,
        case when what_id like '001%' then what_id else account_id end,
        case when what_id like '006%' then what_id end,
        outcome
    from newest_event
    where not is_deleted
    {%- endif %}

    {% if uses('hubspot') -%}
    union all

    select
        source_system, activity_id, activity_type, occurred_at, booked_at, rep_id, lead_id, cast(null as varchar), account_id, opportunity_id,
        outcome
    from hubspot_activity
    {%- endif %}

)

select
    unified.source_system,
    unified.activity_id,
    unified.activity_type,
    unified.occurred_at,
    {{ local_day('unified.occurred_at') }} as occurred_on,
    {{ local_day('unified.booked_at') }} as booked_on,
    unified.rep_id,
    unified.lead_id,
    unified.contact_id,
    unified.account_id,
    unified.opportunity_id,
    unified.outcome,
    unified.occurred_at < run.as_of_end as has_occurred,
    -- Meetings that are over count as held unless their outcome says otherwise.
    unified.activity_type = 'meeting' and unified.occurred_at < run.as_of_end
        and coalesce(unified.outcome, 'held') not in ('no show', 'no-show', 'no_show', 'canceled', 'cancelled', 'rescheduled') as is_held
from unified
cross join run
where unified.occurred_at < run.as_of_end or unified.booked_at < run.as_of_end
