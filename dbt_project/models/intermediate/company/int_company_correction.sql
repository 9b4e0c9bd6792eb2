-- One row per row of the newest hand-kept sheet of companies: what it joins or splits, and why it cannot be used (problem; null where it can).
-- A domain as the company joins the account to whoever has that domain; any other word is a company of that name.
with sheet as (

    select * from {{ ref('stg_generic__company_match') }}

),

account as (

    select * from {{ ref('int_account') }}

),

current_row as (

    select *
    from sheet
    where row_disposition <> 'set_aside' and not _is_superseded and _extracted_at = (select max(_extracted_at) from sheet)
    qualify row_number() over (
        partition by coalesce(system, ''), coalesce(object, ''), record_id order by decided_on desc nulls last, _file desc, _row desc
    ) = 1

),

read as (

    select
        current_row.*,
        case when {{ web_host('company') }} is not null then 'domain:' || {{ web_host('company') }}
            else 'name:' || lower(trim(company)) end as company_key,
        case when object = 'domain' then 'domain:' || {{ web_host('record_id') }} end as alias_key
    from current_row

),

named as (

    select read._file, read._row, count(account.account_id) as records
    from read
    left join account
        on read.record_id = account.account_id
        and (read.system is null or read.system = account.source_system)
        and coalesce(read.object, 'account') = 'account'
    group by read._file, read._row

)

select
    read.system,
    read.record_id,
    read.alias_key,
    read.company_key,
    case
        when read.object = 'domain' and read.alias_key is null then 'not a domain'
        when coalesce(read.object, '') <> 'domain' and named.records = 0 then 'no such record was delivered'
        when coalesce(read.object, '') <> 'domain' and named.records > 1 then 'several records have this id: give system and object'
        when further.alias_key is not null then 'the sheet joins its company to yet another: name that one'
    end as problem,
    read._object,
    read._file,
    read._row
from read
inner join named on read._file = named._file and read._row = named._row
left join read as further on read.company_key = further.alias_key and read.company_key <> coalesce(read.alias_key, '')
