-- One row per opportunity that the newest whole-table extract does not tell of in a readable row, and that is not known to be deleted:
-- its row was set aside, or may be among the unreadable lines. Its values stay those of an earlier extract.
-- A view: one model reads it, once.
{{ config(materialized='view') }}
with opportunity_row as (

    select * from {{ ref('canonical_opportunity_row') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

newest_extract as (

    select source_system, max(_extracted_at) as extracted_at
    from opportunity_row
    group by source_system

),

-- A row that repeats what was known tells of the deal as well as a new one.
last_read as (

    select source_system, opportunity_id, max(_extracted_at) as last_read_at
    from opportunity_row
    where row_disposition <> 'set_aside'
    group by source_system, opportunity_id

)

select
    opportunity.source_system,
    opportunity.opportunity_id,
    last_read.last_read_at
from opportunity
inner join newest_extract on opportunity.source_system = newest_extract.source_system
inner join last_read
    on opportunity.source_system = last_read.source_system and opportunity.opportunity_id = last_read.opportunity_id
where last_read.last_read_at < newest_extract.extracted_at and opportunity.deleted_at is null
