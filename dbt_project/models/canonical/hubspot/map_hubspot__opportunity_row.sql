-- One row per delivered row of a HubSpot deal in an extract of the whole table, whatever became of it; what a corrected file replaced is left out.
select
    {{ canonical('opportunity_row', ['row_disposition', '_object'], {'opportunity_id': 'deal_id'}) }}
from {{ ref('stg_hubspot__deal') }}
where _delivery = 'full' and not _is_superseded
