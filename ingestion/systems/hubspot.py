"""HubSpot, by the names of its properties as warehouse replicas write them.

Behind bars stands what HubSpot's own CSV exports and its API call the same thing (`Record ID`, `hs_object_id`, `dealstage`).
Objects are those of its API and of a replica: an object, its associations (`deal_contact`), the logs that it keeps.
"""

from ingestion.systems.declaration import declare, system

_GONE = "is_deleted _fivetran_deleted archived"
_CHANGED = "hs_lastmodifieddate|lastmodifieddate|updated_at:time"
# Of the objects that have a row of their own in the published tables.
_CHANGED_ASIDE = f"{_CHANGED}+"
_ENGAGEMENT = (
    "type hs_timestamp|timestamp|activity_date:time hs_createdate|createdate|created_at:time "
    f"hubspot_owner_id|owner_id|activity_assigned_to {_CHANGED} {_GONE}"
)
_ID_OF_ENGAGEMENT = "engagement_id|id|hs_object_id|record_id"
_READER = "browser ip_address location user_agent"

HUBSPOT = system(
    "hubspot",
    [
        declare(
            "company",
            "delta",
            required="id|company_id|hs_object_id|record_id",
            optional="name|company_name domain|company_domain_name website|website_url+ industry "
            "numberofemployees:number country|country_region createdate|created_at:time "
            f"hs_merged_object_ids|merged_company_ids+ {_CHANGED_ASIDE} {_GONE}",
        ),
        # A contact is also our lead, if its lifecycle stage has ever been that of one (stg_hubspot__contact).
        declare(
            "contact",
            "delta",
            required="id|contact_id|hs_object_id|vid|record_id createdate|created_at:time+",
            optional="email firstname lastname company|company_name jobtitle industry "
            "numberofemployees|numemployees:number country|country_region "
            "hs_analytics_source|original_source|original_traffic_source|original_source_type "
            "hubspot_owner_id|owner_id|contact_owner hs_lead_status|lead_status lifecyclestage+ "
            "associatedcompanyid|primary_associated_company_id "
            "hs_lifecyclestage_lead_date|became_a_lead_date:time+ "
            "hs_lifecyclestage_marketingqualifiedlead_date|became_a_marketing_qualified_lead_date:time+ "
            "hs_lifecyclestage_salesqualifiedlead_date|became_a_sales_qualified_lead_date:time+ "
            "hs_lifecyclestage_opportunity_date|became_an_opportunity_date:time+ "
            "hs_lifecyclestage_customer_date|became_a_customer_date:time+ "
            f"hs_merged_object_ids|merged_contact_ids|hs_calculated_merged_vids+ {_CHANGED_ASIDE} {_GONE}",
        ),
        declare(
            "deal",
            "delta",
            required="deal_id|id|hs_object_id|record_id",
            optional="deal_pipeline_stage_id|dealstage+ deal_pipeline_id|pipeline+ dealname dealtype "
            "hs_deal_stage_probability|deal_probability:number hs_next_step|next_step "
            "owner_id|hubspot_owner_id|deal_owner amount:number deal_currency_code|currency closedate:time "
            "createdate|created_at:time hs_analytics_source|original_source|original_traffic_source|original_source_type "
            "hs_manual_forecast_category|forecast_category segment closed_lost_reason "
            "hs_primary_associated_company|primary_associated_company_id|associated_company_ids|associated_company_id+ "
            f"associated_contact_ids|associated_contact_id+ hs_merged_object_ids|merged_deal_ids+ {_CHANGED_ASIDE} {_GONE}",
        ),
        # When a deal entered each of its stages.
        declare(
            "deal_stage",
            "events",
            required="deal_id|record_id value|dealstage date_entered|timestamp|_fivetran_start:time",
            optional="source source_id _fivetran_active _fivetran_end:time",
        ),
        declare(
            "deal_property_history",
            "events",
            required="deal_id|record_id|object_id name changed_at|timestamp|change_date:time",
            optional="value source source_id",
        ),
        declare(
            "deal_pipeline",
            "full",
            required="pipeline_id|id",
            optional=f"label display_order:number active created_at:time updated_at:time {_GONE}",
        ),
        # The API says of a stage in its `metadata` whether it is closed, and how probable a win is.
        declare(
            "deal_pipeline_stage",
            "full",
            required="stage_id|id pipeline_id",
            optional="label display_order:number probability:number is_closed closed_won metadata active created_at:time "
            f"updated_at:time {_GONE}",
        ),
        declare("merged_deal", "delta", required="deal_id merged_deal_id"),
        declare("deal_company", "full", required="deal_id company_id", optional="type_id category"),
        declare("deal_contact", "full", required="deal_id contact_id", optional="type_id category"),
        declare(
            "owner",
            "full",
            required="owner_id|id",
            optional="email first_name last_name type+ active_user_id|user_id+ is_active teams+ created_at|createdate:time "
            f"updated_at:time+ {_GONE}",
        ),
        declare("team", "full", required="id|team_id name", optional=_GONE),
        declare("owner_team", "full", required="owner_id team_id", optional="is_team_primary|primary"),
        declare("user", "full", required="id|user_id", optional="email first_name last_name primary_team_id role_id"),
        declare("role", "full", required="id|role_id name", optional=_GONE),
        # The head of every engagement; what kind it is has its own object.
        declare(
            "engagement",
            "delta",
            required="id|engagement_id type|engagement_type",
            optional="occurred_at|timestamp|activity_date:time created_at|createdate:time last_updated|updated_at:time owner_id "
            f"active {_GONE}",
        ),
        declare(
            "engagement_email",
            "delta",
            required=_ID_OF_ENGAGEMENT,
            optional=f"hs_email_direction|direction|email_direction hs_email_status|status {_ENGAGEMENT}",
        ),
        declare(
            "engagement_call",
            "delta",
            required=_ID_OF_ENGAGEMENT,
            optional="hs_call_disposition|disposition|call_outcome hs_call_status|status hs_call_direction|call_direction "
            f"hs_call_duration|duration_milliseconds|call_duration {_ENGAGEMENT}",
        ),
        declare(
            "engagement_meeting",
            "delta",
            required=_ID_OF_ENGAGEMENT,
            optional="hs_meeting_start_time|start_time|meeting_start_time:time hs_meeting_end_time|end_time|meeting_end_time:time "
            f"hs_meeting_outcome|meeting_outcome {_ENGAGEMENT}",
        ),
        declare(
            "engagement_task",
            "delta",
            required=_ID_OF_ENGAGEMENT,
            optional="hs_task_status|status|task_status hs_task_completion_date|completion_date|completed_at:time "
            f"hs_task_type|task_type {_ENGAGEMENT}",
        ),
        declare("engagement_deal", "full", required="engagement_id deal_id", optional="engagement_type type_id category"),
        declare(
            "engagement_contact", "full", required="engagement_id contact_id", optional="engagement_type type_id category"
        ),
        declare(
            "engagement_company", "full", required="engagement_id company_id", optional="engagement_type type_id category"
        ),
        declare(
            "email_campaign",
            "full",
            required="id|email_campaign_id",
            optional="name subject type sub_type app_id app_name content_id num_included:number num_queued:number",
        ),
        # One event of one mail; the objects below say more of the events of each type, under the event's id.
        declare(
            "email_event",
            "events",
            required="id type created:time",
            optional="recipient email_campaign_id sent_by_id sent_by caused_by_id filtered_event from_address|from app_id "
            "portal_subscription_status",
        ),
        declare("email_event_sent", "events", required="id", optional="from_address|from reply_to subject cc bcc"),
        declare("email_event_delivered", "events", required="id", optional="response smtp_id"),
        declare("email_event_deferred", "events", required="id", optional="response attempt:number"),
        declare("email_event_bounce", "events", required="id", optional="category response status"),
        declare(
            "email_event_dropped",
            "events",
            required="id",
            optional="drop_reason drop_message from_address|from reply_to subject cc bcc",
        ),
        declare("email_event_open", "events", required="id", optional=f"duration:number {_READER}"),
        declare("email_event_click", "events", required="id", optional=f"url referer {_READER}"),
        declare("email_event_forward", "events", required="id", optional=_READER),
        declare("email_event_print", "events", required="id", optional=_READER),
        declare("email_event_spam_report", "events", required="id", optional="ip_address user_agent"),
        declare(
            "email_event_status_change",
            "events",
            required="id",
            optional="portal_subscription_status bounced requested_by source subscriptions",
        ),
        declare(
            "product",
            "full",
            required="id|hs_object_id|record_id name",
            optional=f"price|unit_price:number hs_sku {_CHANGED} {_GONE}",
        ),
        declare(
            "line_item",
            "delta",
            required="id|line_item_id|hs_object_id|record_id",
            optional="product_id|hs_product_id deal_id|associated_deal_ids quantity:number price|unit_price:number "
            f"amount|net_price:number {_CHANGED} {_GONE}",
        ),
        declare("line_item_deal", "full", required="line_item_id deal_id", optional="type_id category"),
    ],
)
