-- One row per HubSpot deal and version that an extract told, in the words of our tables; deals that were merged away are in the one that lives on.
with deal as (

    select * from {{ ref('stg_hubspot__deal') }}

),

deal_stage as (

    select * from {{ ref('stg_hubspot__deal_stage') }}

),

deal_company as (

    select * from {{ ref('stg_hubspot__deal_company') }}

),

deal_contact as (

    select * from {{ ref('stg_hubspot__deal_contact') }}

),

contact as (

    select * from {{ ref('stg_hubspot__contact') }}

),

merged as (

    select * from {{ ref('int_hubspot_merge') }}

),

pipeline as (

    select * from {{ ref('int_hubspot_pipeline') }}

),

stage_name as (

    select * from {{ ref('int_hubspot_stage_name') }}

),

owner_name as (

    select * from {{ ref('int_hubspot_owner_name') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

merged_deal as (

    select merged_id, survivor_id from merged where object = 'deal'

),

loaded as (

    select * from deal where row_disposition = 'loaded'

),

surviving as (

    select loaded.*
    from loaded
    left join merged_deal on loaded.deal_id = merged_deal.merged_id
    where merged_deal.merged_id is null

),

-- A merged deal is as old as the oldest of those it was made of, of which only their history may be told.
part as (

    select merged_deal.survivor_id, loaded.created_at
    from merged_deal
    inner join loaded on merged_deal.merged_id = loaded.deal_id
    union all
    select merged_deal.survivor_id, deal_stage.entered_at
    from merged_deal
    inner join deal_stage on merged_deal.merged_id = deal_stage.deal_id
    where deal_stage.row_disposition = 'loaded'

),

oldest_part as (

    select survivor_id as deal_id, min(created_at) as created_at from part group by survivor_id

),

-- A replica may keep the stage of a deal in its history alone: then it is where the history had left it by the time of the extract.
last_told as (

    select surviving.deal_id, surviving._extracted_at, told.stage_word
    from surviving
    inner join deal_stage as told on surviving.deal_id = told.deal_id and told.entered_at < {{ dbt.dateadd('day', 1, 'surviving._extracted_at') }}
    where surviving.stage_word is null and told.row_disposition = 'loaded'
    qualify row_number() over (
        partition by surviving.deal_id, surviving._extracted_at order by told.entered_at desc, told.is_current desc nulls last, told.stage_word
    ) = 1

),

said as (

    select
        surviving.*,
        coalesce(surviving.stage_word, last_told.stage_word) as said_stage
    from surviving
    left join last_told on surviving.deal_id = last_told.deal_id and surviving._extracted_at = last_told._extracted_at

),

placed as (

    -- A deal that names no pipeline is in that of its stage, where only one pipeline has such a stage.
    select
        said.*,
        coalesce(by_id.pipeline_id, by_label.pipeline_id, only_pipeline.pipeline_id) as pipeline_id,
        coalesce(by_id.pipeline_word, by_label.pipeline_word, said.pipeline_word, only_pipeline.pipeline_word) as known_pipeline_word
    from said
    left join pipeline as by_id on lower(said.pipeline_word) = lower(by_id.pipeline_id)
    left join pipeline as by_label on lower(said.pipeline_word) = lower(by_label.label) and by_label.owns_its_label
    left join stage_name as only_pipeline
        on said.pipeline_word is null and lower(said.said_stage) = only_pipeline.name_key and only_pipeline.is_in_one_pipeline

),

company_link as (

    {{ holding_now('deal_company', ['deal_id', 'company_id', 'type_id']) }}

),

contact_link as (

    {{ holding_now('deal_contact', ['deal_id', 'contact_id', 'type_id']) }}

),

newest_contact as (

    {{ newest_telling('contact', ['contact_id']) }}

),

-- HubSpot's type 5 says which company is the first of several; else the one with the lowest id stands for all.
account as (

    select
        coalesce(merged_deal.survivor_id, company_link.deal_id) as deal_id,
        coalesce(merged_company.survivor_id, company_link.company_id) as account_id
    from company_link
    left join merged_deal on company_link.deal_id = merged_deal.merged_id
    left join merged as merged_company on merged_company.object = 'company' and company_link.company_id = merged_company.merged_id
    qualify row_number() over (
        partition by coalesce(merged_deal.survivor_id, company_link.deal_id)
        order by case when company_link.type_id = '5' then 0 else 1 end, length(company_link.company_id), company_link.company_id
    ) = 1

),

-- Of several contacts the one that was known first is the lead.
lead as (

    select
        coalesce(merged_deal.survivor_id, contact_link.deal_id) as deal_id,
        coalesce(merged_contact.survivor_id, contact_link.contact_id) as lead_id
    from contact_link
    left join merged_deal on contact_link.deal_id = merged_deal.merged_id
    left join merged as merged_contact on merged_contact.object = 'contact' and contact_link.contact_id = merged_contact.merged_id
    left join newest_contact on contact_link.contact_id = newest_contact.contact_id
    qualify row_number() over (
        partition by coalesce(merged_deal.survivor_id, contact_link.deal_id)
        order by newest_contact.created_at nulls last, length(contact_link.contact_id), contact_link.contact_id
    ) = 1

)

select
    placed._system as source_system,
    placed.deal_id as opportunity_id,
    -- Without any stage the deal is told as such: the gate names it, and the config can say what it means.
    coalesce(stage_name.stage_word, placed.said_stage, '(none)') as stage_label,
    coalesce(placed.known_pipeline_word, '(none)') as pipeline_label,
    case when placed.created_at is not null then least(placed.created_at, coalesce(oldest_part.created_at, placed.created_at)) end as created_at,
    placed.name,
    coalesce(account.account_id, nullif(trim({{ dbt.split_part('placed.company_ids', "';'", 1) }}), '')) as account_id,
    coalesce(owner_name.owner_id, placed.owner_word) as owner_id,
    placed.amount,
    placed.currency,
    placed.opportunity_type,
    placed.probability,
    placed.next_step,
    placed.source,
    placed.segment,
    placed.forecast_category,
    -- HubSpot has one close date: the expected one while the deal is open, the actual one afterwards.
    {{ local_day('placed.closes_at') }} as expected_close_on,
    placed.closes_at as closed_at,
    placed.lost_reason,
    coalesce(lead.lead_id, nullif(trim({{ dbt.split_part('placed.contact_ids', "';'", 1) }}), '')) as lead_id,
    placed.is_deleted,
    placed.updated_at,
    placed.extra,
    placed._extracted_at
from placed
cross join run
left join oldest_part on placed.deal_id = oldest_part.deal_id
left join stage_name on placed.pipeline_id = stage_name.pipeline_id and lower(placed.said_stage) = stage_name.name_key
left join account on placed.deal_id = account.deal_id
left join lead on placed.deal_id = lead.deal_id
left join owner_name on lower(placed.owner_word) = owner_name.word
