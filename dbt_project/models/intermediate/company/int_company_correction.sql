-- One row per row of the newest hand-kept sheet of companies: what it joins or splits, and why it cannot be used (problem; null where it can).
-- A domain as the company joins the account to whoever has that domain; any other word is a company of that name.
with sheet as (

    select * from {{ ref('stg_generic__company_match') }}

),

record as (

    select source_system, 'account' as object, account_id as record_id from {{ ref('int_account') }}

),

{{ sheet_corrections(subject='company', alias='domain', alias_key=web_host, not_an_alias='not a domain') }}
