-- One row per Salesforce Task that is done and Event that is not deleted, as last delivered.
-- The first characters of a Salesforce id name its object: 00Q a lead, 003 a contact, 006 an opportunity, 001 an account.
with newest_task as (

    {{ newest_telling(ref('stg_salesforce__task'), ['activity_id']) }}

),

newest_event as (

    {{ newest_telling(ref('stg_salesforce__event'), ['activity_id']) }}

)

select
    {{ canonical('activity', ['activity_id', 'activity_type', 'occurred_at', 'user_id', 'outcome'], {
        'known_from': "'salesforce.task'",
        'lead_id': "case when who_id like '00Q%' then who_id end",
        'contact_id': "case when who_id like '003%' then who_id end",
        'account_id': "case when what_id like '001%' then what_id else account_id end",
        'opportunity_id': "case when what_id like '006%' then what_id end",
        'may_repeat': 'false'
    }) }}
from newest_task
where is_done and not is_deleted

union all

select
    {{ canonical('activity', ['activity_id', 'occurred_at', 'user_id', 'outcome'], {
        'known_from': "'salesforce.event'",
        'activity_type': "case when event_kind = 'call' then 'call' else 'meeting' end",
        'booked_at': 'created_at',
        'lead_id': "case when who_id like '00Q%' then who_id end",
        'contact_id': "case when who_id like '003%' then who_id end",
        'account_id': "case when what_id like '001%' then what_id else account_id end",
        'opportunity_id': "case when what_id like '006%' then what_id end",
        'may_repeat': 'false'
    }) }}
from newest_event
where not is_deleted
