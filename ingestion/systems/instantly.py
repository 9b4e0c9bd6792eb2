"""Instantly (cold e-mail): the lists of its API v2, and its webhook events as JSON Lines.

Found in Instantly's public documentation (developer.instantly.ai, guides "Webhook events" and the API reference of API v2):
lists come as page objects `{"items": [...], "next_starting_after": ...}`, step analytics as a plain array; a lead has `id`,
`email`, `company_domain`, `campaign`, numeric `status` and `lt_interest_status`; a webhook event always has `timestamp`,
`event_type`, `workspace`, `campaign_id`, `campaign_name`, and, depending on its type, `lead_email`, `email_account`, `step` and
`variant` (from 1), `is_first`, `email_id`. It has no id of its own and no signature, and a delivery that failed is sent again.
Found in public code that uses the API, as of 2026: `ue_type` of an e-mail (1 sent by a campaign, 2 received, 3 sent by hand,
4 scheduled), and that clicks were called `link_clicked` before `email_link_clicked`.

Assumed: webhook events are kept one per line, as received; a pull of leads is of those that changed, or of all (a lead that is
not in it is not taken for deleted); `email_id` of an event is the `id` of the e-mail in the API's list. The step of step
analytics is described as a number from 0 and shown as "1": it is kept as delivered, and not joined to the events' steps.
"""

from ingestion.systems.declaration import declare, system

INSTANTLY = system(
    "instantly",
    [
        declare(
            "campaign",
            "full",
            required="id name",
            optional="status timestamp_created:time timestamp_updated:time",
        ),
        declare(
            "lead",
            "delta",
            required="id timestamp_created:time",
            optional="email first_name last_name job_title company_name company_domain+ website+ campaign status "
            "timestamp_updated:time+",
        ),
        declare(
            "email",
            "delta",
            required="id ue_type",
            optional="timestamp_email:time timestamp_created:time eaccount from_address_email to_address_email_list lead campaign_id "
            "is_auto_reply",
        ),
        declare(
            "event",
            "events",
            required="timestamp:time event_type",
            optional="campaign_id campaign_name lead_email email_account step variant email_id",
        ),
        declare(
            "campaign_step_analytics",
            "full",
            required="sent:number",
            optional="campaign_id step variant opened:number unique_opened:number replies:number unique_replies:number clicks:number "
            "unique_clicks:number",
        ),
    ],
)
