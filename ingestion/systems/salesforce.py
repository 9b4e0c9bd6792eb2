"""Salesforce, by the API names of its objects and fields in snake case (object reference of the platform's API).

Data Loader exports (`StageName`), report exports (`Stage Name`) and warehouse replicas (`stage_name`) all match.
"""

from ingestion.systems.declaration import declare, system

_STAMPS = "created_date:time last_modified_date:time system_modstamp:time is_deleted"
# Of the objects that have a row of their own in the published tables.
_CHANGED = "last_modified_date:time+ system_modstamp:time+"

SALESFORCE = system(
    "salesforce",
    [
        declare(
            "account",
            "delta",
            required="id",
            optional="name website industry number_of_employees:number billing_country owner_id+ type+ parent_id+ "
            f"master_record_id+ created_date:time {_CHANGED} is_deleted",
        ),
        declare(
            "contact",
            "delta",
            required="id",
            optional="account_id+ name+ first_name+ last_name+ email+ title+ lead_source+ owner_id+ master_record_id+ "
            f"created_date:time+ {_CHANGED} is_deleted",
        ),
        declare(
            "lead",
            "delta",
            required="id created_date:time",
            optional="name first_name last_name email title company industry number_of_employees:number country "
            "lead_source status owner_id is_converted+ converted_date:time converted_opportunity_id converted_account_id "
            f"converted_contact_id+ master_record_id+ {_CHANGED} is_deleted",
        ),
        declare(
            "opportunity",
            "delta",
            required="id stage_name",
            optional="account_id name amount:number currency_iso_code probability:number close_date:time type lead_source "
            "next_step is_closed+ is_won+ forecast_category+ forecast_category_name owner_id record_type_id+ campaign_id+ segment "
            f"loss_reason__c created_date:time {_CHANGED} is_deleted",
        ),
        # One row per change of one tracked field; values as text.
        declare(
            "opportunity_field_history",
            "events",
            required="id opportunity_id field created_date:time",
            optional="old_value new_value is_deleted",
        ),
        # Two shapes: Salesforce's own OpportunityHistory (opportunity_id, created_date), and a warehouse's history mode
        # of the opportunity itself (id is the opportunity's, _fivetran_start says from when).
        declare(
            "opportunity_history",
            "events",
            required="id stage_name",
            optional="opportunity_id created_date:time amount:number close_date:time probability:number "
            "forecast_category|forecast_category_name owner_id _fivetran_start:time is_deleted",
        ),
        declare(
            "opportunity_stage",
            "full",
            required="master_label",
            optional="id api_name is_active sort_order:number is_closed is_won default_probability:number forecast_category_name",
        ),
        declare(
            "user",
            "full",
            required="id",
            optional="name first_name last_name email is_active user_role_id+ manager_id title+ department+ team start_date__c:time "
            f"created_date:time+ {_CHANGED}",
        ),
        declare("user_role", "full", required="id name", optional="parent_role_id developer_name"),
        declare(
            "task",
            "delta",
            required="id",
            optional="who_id what_id account_id owner_id subject type task_subtype status is_closed activity_date:time "
            f"completed_date_time:time call_disposition {_STAMPS}",
        ),
        declare(
            "event",
            "delta",
            required="id",
            optional="who_id what_id account_id owner_id subject type event_subtype start_date_time:time "
            "activity_date:time activity_date_time:time end_date_time:time outcome__c no_show_c "
            f"{_STAMPS}",
        ),
        declare(
            "campaign",
            "delta",
            required="id name",
            optional=f"type start_date:time {_STAMPS}",
        ),
        declare(
            "campaign_member",
            "delta",
            required="id campaign_id",
            optional=f"lead_id contact_id status has_responded {_STAMPS}",
        ),
        declare(
            "product2",
            "full",
            required="id name",
            optional=f"family is_active product_code {_STAMPS}",
        ),
        declare(
            "opportunity_line_item",
            "delta",
            required="id opportunity_id",
            optional=f"product2_id quantity:number unit_price:number total_price:number {_STAMPS}",
        ),
        declare(
            "forecasting_quota",
            "delta",
            required="id quota_owner_id start_date:time",
            optional="quota_amount:number quota_quantity:number is_amount is_quantity forecasting_type_id "
            "last_modified_date:time system_modstamp:time created_date:time",
        ),
    ],
)
