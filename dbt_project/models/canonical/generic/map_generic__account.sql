-- One row per account of the generic extracts and extract that said something new of it.
select
    {{ canonical('account', ['account_id', 'name', 'domain', 'industry', 'employees', 'country', 'created_at', 'extra'], {'is_deleted': 'false'}) }}
from {{ ref('stg_generic__account') }}
where row_disposition = 'loaded'
