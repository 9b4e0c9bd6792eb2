-- One row per delivered row of Instantly's webhook events: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('instantly', 'event') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        -- A webhook has no id of its own: the same event, sent again, is the same in all of these.
        {{ text_digest("concat_ws('|', "
            ~ "lower(coalesce(event_type, '')), coalesce(timestamp, ''), coalesce(campaign_id, ''), lower(coalesce(lead_email, '')), "
            ~ "lower(coalesce(email_account, '')), coalesce(step, ''), coalesce(variant, ''), coalesce(email_id, ''))") }} as event_id,
        lower({{ text('event_type') }}) as event_type,
        {{ moment('timestamp') }} as occurred_at,
        {{ text('campaign_id') }} as campaign_id,
        {{ text('campaign_name') }} as campaign_name,
        {{ address('lead_email') }} as lead_email,
        {{ address('email_account') }} as sender_email,
        {{ text('step') }} as step,
        {{ text('variant') }} as variant,
        {{ text('email_id') }} as email_id,
        {{ delivery_columns() }},
        {{ problem([
            required('timestamp'),
            readable_moment('timestamp'),
            not_after_extract('timestamp'),
            required('event_type'),
            known_value('event_type', [
                'email_sent', 'email_opened', 'email_link_clicked', 'link_clicked', 'reply_received',
                'auto_reply_received', 'email_bounced', 'spam_complaint', 'lead_unsubscribed', 'do_not_contact',
                'lead_neutral', 'lead_interested', 'lead_not_interested', 'lead_out_of_office', 'lead_wrong_person',
                'lead_meeting_booked', 'lead_meeting_completed', 'lead_no_show', 'lead_closed', 'campaign_completed',
                'account_error'
            ])
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['event_id', 'event_type', 'occurred_at', 'campaign_id', 'campaign_name', 'lead_email', 'sender_email', 'step', 'variant', 'email_id'],
    key=['event_id'], newest_by='cast(null as timestamp)'
) }}
