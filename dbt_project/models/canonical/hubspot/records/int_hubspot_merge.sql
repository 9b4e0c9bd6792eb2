-- One row per HubSpot deal, contact or company that was merged into another: the one that lives on and carries both histories.
-- A record whose survivor was never delivered stays itself: nothing would tell of it otherwise.
with recursive merged_deal as (

    select * from {{ ref('stg_hubspot__merged_deal') }}

),

deal as (

    select * from {{ ref('stg_hubspot__deal') }}

),

contact as (

    select * from {{ ref('stg_hubspot__contact') }}

),

company as (

    select * from {{ ref('stg_hubspot__company') }}

),

listed as (

    select 'deal' as object, deal_id as survivor_id, {{ each_word('merged_ids', ';') }} as word from deal where row_disposition = 'loaded'
    union
    select 'contact', contact_id, {{ each_word('merged_ids', ';') }} from contact where row_disposition = 'loaded'
    union
    select 'company', company_id, {{ each_word('merged_ids', ';') }} from company where row_disposition = 'loaded'
    union
    select 'deal', deal_id, merged_deal_id from merged_deal where row_disposition = 'loaded'

),

delivered as (

    select 'deal' as object, deal_id as record_id from deal where row_disposition = 'loaded'
    union
    select 'contact', contact_id from contact where row_disposition = 'loaded'
    union
    select 'company', company_id from company where row_disposition = 'loaded'

),

-- Some lists give each id the time of its merge: `id:time`.
told as (

    select distinct object, {{ dbt.split_part('word', "':'", 1) }} as merged_id, survivor_id
    from listed
    where {{ dbt.split_part('word', "':'", 1) }} not in ('', survivor_id)

),

-- What was merged may have taken in others before.
reached as (

    select object, merged_id, survivor_id from told
    union
    select reached.object, reached.merged_id, told.survivor_id
    from reached
    inner join told on reached.object = told.object and reached.survivor_id = told.merged_id
    where told.survivor_id <> reached.merged_id

),

known as (

    select reached.object, reached.merged_id, reached.survivor_id
    from reached
    inner join delivered on reached.object = delivered.object and reached.survivor_id = delivered.record_id

)

select
    known.object,
    known.merged_id,
    min(known.survivor_id) as survivor_id
from known
left join known as merged_again on known.object = merged_again.object and known.survivor_id = merged_again.merged_id
where merged_again.merged_id is null
group by known.object, known.merged_id
