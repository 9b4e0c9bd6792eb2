-- One row per delivered row of Salesforce's Event (a meeting): renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'event') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as activity_id,
        lower(coalesce({{ text('type') }}, {{ text('event_subtype') }}, 'meeting')) as event_kind,
        coalesce({{ moment('start_date_time') }}, {{ moment('activity_date_time') }}, {{ moment('activity_date') }}) as occurred_at,
        {{ moment('created_date') }} as created_at,
        {{ salesforce_id('owner_id') }} as user_id,
        {{ salesforce_id('who_id') }} as who_id,
        {{ salesforce_id('what_id') }} as what_id,
        {{ salesforce_id('account_id') }} as account_id,
        case when {{ flag('no_show_c') }} then 'no show' else lower({{ text('outcome__c') }}) end as outcome,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            readable_moment('start_date_time'),
            readable_moment('created_date'),
            not_after_extract('created_date')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['activity_id', 'event_kind', 'occurred_at', 'created_at', 'user_id', 'who_id', 'what_id', 'account_id', 'outcome', 'updated_at', 'is_deleted'],
    key=['activity_id'], newest_by='updated_at'
) }}
