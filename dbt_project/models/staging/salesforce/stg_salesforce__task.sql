-- One row per delivered row of Salesforce's Task: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'task') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as activity_id,
        lower(coalesce({{ text('task_subtype') }}, {{ text('type') }}, 'task')) as activity_type,
        coalesce({{ flag('is_closed') }}, false) as is_done,
        coalesce({{ moment('completed_date_time') }}, {{ moment('activity_date') }}, {{ moment('created_date') }}) as occurred_at,
        {{ moment('created_date') }} as created_at,
        {{ salesforce_id('owner_id') }} as user_id,
        {{ salesforce_id('who_id') }} as who_id,
        {{ salesforce_id('what_id') }} as what_id,
        {{ salesforce_id('account_id') }} as account_id,
        {{ text('call_disposition') }} as outcome,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            readable_moment('activity_date'),
            readable_moment('completed_date_time'),
            not_after_extract('completed_date_time'),
            readable_moment('created_date'),
            not_after_extract('created_date')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['activity_id', 'activity_type', 'is_done', 'occurred_at', 'created_at', 'user_id', 'who_id', 'what_id', 'account_id', 'outcome', 'updated_at', 'is_deleted'],
    key=['activity_id'], newest_by='updated_at'
) }}
