-- One row per activity of the generic extracts, as last delivered. A meeting counts as booked when it takes place: nothing says when it was.
with newest_activity as (

    {{ newest_telling(ref('stg_generic__activity'), ['activity_id']) }}

)

select
    {{ canonical('activity', ['activity_id', 'activity_type', 'occurred_at', 'user_id', 'lead_id', 'account_id', 'opportunity_id', 'outcome'], {
        'known_from': "'generic.activity'",
        'booked_at': 'occurred_at',
        'may_repeat': 'false'
    }) }}
from newest_activity
