-- One row per target of the hand-kept sheet, as last delivered.
with newest_target as (

    select *
    from {{ ref('stg_generic__target') }}
    where row_disposition = 'loaded'
    qualify row_number() over (
        partition by scope, coalesce(scope_id, ''), metric, period_type, period_start order by _extracted_at desc
    ) = 1

)

select
    {{ canonical('target', ['scope', 'scope_id', 'metric', 'period_type', 'period_start', 'target_value', '_file', '_row'], {'known_by': "'sheet'"}) }}
from newest_target
