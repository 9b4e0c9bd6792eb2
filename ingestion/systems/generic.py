"""The generic extracts: the contract that any other CRM is mapped to by the config (design, section 4)."""

from ingestion.systems.declaration import declare, system

GENERIC = system(
    "generic",
    [
        declare(
            "user",
            "full",
            required="user_id name",
            optional="email role team pod manager_id is_active started_on:time ended_on:time",
        ),
        declare(
            "account",
            "full",
            required="account_id",
            optional="name domain industry employees:number country created_at:time",
        ),
        declare(
            "lead",
            "full",
            required="lead_id created_at:time",
            optional="name email title company industry employees:number country source owner_id status qualified_at:time "
            "converted_at:time opportunity_id account_id",
        ),
        declare(
            "opportunity",
            "full",
            required="opportunity_id stage",
            optional="created_at:time name account_id owner_id pipeline product amount:number currency source segment "
            "forecast_category expected_close_on:time closed_at:time lost_reason lead_id opportunity_type probability:number "
            "next_step updated_at:time+ is_deleted",
        ),
        declare("opportunity_line", "full", required="opportunity_id product_id", optional="quantity:number amount:number"),
        declare("product", "full", required="product_id name", optional="family list_price:number currency"),
        declare(
            "stage_history",
            "events",
            required="opportunity_id stage entered_at:time",
            optional="amount:number expected_close_on:time owner_id",
        ),
        declare(
            "activity",
            "events",
            required="activity_id type occurred_at:time",
            optional="user_id lead_id account_id opportunity_id outcome",
        ),
        declare(
            "email_event",
            "events",
            required="event_id event_type occurred_at:time",
            optional="message_id user_id sender_email recipient_email lead_id sequence_id step variant",
        ),
        declare("target", "full", required="scope metric period period_start:time value:number", optional="scope_id"),
        # Hand-kept sheets: which records are the same person or company, where the e-mail or the domain cannot tell.
        declare("person_match", "full", required="record_id person", optional="system object reason decided_on:time"),
        declare("company_match", "full", required="record_id company", optional="system object reason decided_on:time"),
        declare("fx_rate", "delta", required="currency date:time rate:number"),
    ],
)
