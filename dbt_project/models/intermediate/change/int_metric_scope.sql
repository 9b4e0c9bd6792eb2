-- One row per metric and way of cutting the company that is told of it: one that has only one value says what the company's row says.
with metric_sums as (

    select * from {{ ref('int_metric_sums') }}

)

select metric, scope
from metric_sums
group by metric, scope
having scope = 'company' or count(distinct scope_id) > 1
