-- One row per Salesforce account, contact or lead and extract that said something new of it: the record that it was merged into, if any.
{%- for object in ['account', 'contact', 'lead'] %}
{{ 'union all' if not loop.first }}
select
    {{ canonical('merge', ['master_id', '_file', '_row'], {'object': '_object', 'record_id': object ~ '_id'}) }}
from {{ ref('stg_salesforce__' ~ object) }}
where row_disposition = 'loaded'
{%- endfor %}
