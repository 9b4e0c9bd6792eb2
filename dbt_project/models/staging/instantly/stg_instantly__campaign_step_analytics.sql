-- One row per delivered row of Instantly's own counts per step and variant of a campaign: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('instantly', 'campaign_step_analytics') }}

),

typed as (

    select
        {{ text('campaign_id') }} as campaign_id,
        {{ text('step') }} as step,
        {{ text('variant') }} as variant,
        {{ plain_number('sent', 'bigint') }} as emails_sent,
        {{ plain_number('opened', 'bigint') }} as opens,
        {{ plain_number('unique_opened', 'bigint') }} as leads_opened,
        {{ plain_number('replies', 'bigint') }} as replies,
        {{ plain_number('unique_replies', 'bigint') }} as leads_replied,
        {{ plain_number('clicks', 'bigint') }} as clicks,
        {{ plain_number('unique_clicks', 'bigint') }} as leads_clicked,
        {{ delivery_columns() }},
        {{ problem([
            required('sent'),
            readable_number('sent', 'bigint'),
            readable_number('opened', 'bigint'),
            readable_number('unique_opened', 'bigint'),
            readable_number('replies', 'bigint'),
            readable_number('unique_replies', 'bigint'),
            readable_number('clicks', 'bigint'),
            readable_number('unique_clicks', 'bigint')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['campaign_id', 'step', 'variant', 'emails_sent', 'opens', 'leads_opened', 'replies', 'leads_replied', 'clicks', 'leads_clicked'],
    key=["coalesce(campaign_id, '')", "coalesce(step, '')", "coalesce(variant, '')"], newest_by='cast(null as timestamp)'
) }}
