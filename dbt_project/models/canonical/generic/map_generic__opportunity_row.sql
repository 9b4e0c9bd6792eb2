-- One row per delivered row of a deal of a whole generic extract, whatever became of it; what a corrected file replaced is left out.
select
    {{ canonical('opportunity_row', ['opportunity_id', 'row_disposition', '_object']) }}
from {{ ref('stg_generic__opportunity') }}
where _delivery = 'full' and not _is_superseded
