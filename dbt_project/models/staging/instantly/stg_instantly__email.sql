-- One row per delivered row of Instantly's list of e-mails (sent by a campaign or by hand, received, or scheduled): renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('instantly', 'email') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('id') }} as email_id,
        case {{ text('ue_type') }}
            when '1' then 'sent' when '3' then 'sent'
            when '2' then case when {{ flag('is_auto_reply') }} then 'auto_replied' else 'replied' end
            when '4' then 'scheduled' end as event_type,
        coalesce({{ moment('timestamp_email') }}, {{ moment('timestamp_created') }}) as occurred_at,
        coalesce({{ address('eaccount') }}, case when {{ text('ue_type') }} <> '2' then {{ address('from_address_email') }} end) as sender_email,
        coalesce(
            {{ address('lead') }},
            case when {{ text('ue_type') }} = '2' then {{ address('from_address_email') }} else {{ dbt.split_part(address('to_address_email_list'), "','", 1) }} end
        ) as lead_email,
        {{ text('campaign_id') }} as campaign_id,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('ue_type'),
            known_value('ue_type', ['1', '2', '3', '4']),
            {'column': 'timestamp_email', 'reason': 'missing', 'broken': text('timestamp_email') ~ ' is null and ' ~ text('timestamp_created') ~ ' is null'},
            readable_moment('timestamp_email'),
            readable_moment('timestamp_created')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['email_id', 'event_type', 'occurred_at', 'sender_email', 'lead_email', 'campaign_id'],
    key=['email_id'], newest_by='cast(null as timestamp)'
) }}
