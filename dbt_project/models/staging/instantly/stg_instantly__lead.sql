-- One row per delivered row of Instantly's list of leads (a person contacted in one campaign): renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('instantly', 'lead') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('id') }} as lead_id,
        nullif(trim(concat_ws(' ', {{ text('first_name') }}, {{ text('last_name') }})), '') as name,
        {{ address('email') }} as email,
        {{ text('job_title') }} as title,
        {{ text('company_name') }} as company,
        lower(coalesce({{ text('company_domain') }}, {{ text('website') }})) as domain,
        {{ text('campaign') }} as campaign_id,
        case {{ text('status') }}
            when '1' then 'active' when '2' then 'paused' when '3' then 'completed' when '-1' then 'bounced' when '-2' then 'unsubscribed'
            when '-3' then 'skipped' else {{ text('status') }} end as status,
        {{ moment('timestamp_created') }} as created_at,
        {{ moment('timestamp_updated') }} as updated_at,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('timestamp_created'),
            readable_moment('timestamp_created'),
            not_after_extract('timestamp_created'),
            readable_moment('timestamp_updated')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['lead_id', 'name', 'email', 'title', 'company', 'domain', 'campaign_id', 'status', 'created_at', 'updated_at', 'extra'],
    key=['lead_id'], newest_by='updated_at'
) }}
