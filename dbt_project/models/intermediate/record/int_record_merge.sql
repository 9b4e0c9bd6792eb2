-- One row per record that its CRM has merged into another: the one that is left in the end, however many merges lie between.
-- Merges that go in a circle have no survivor: they are followed nowhere, and problem says so.
with merge as (

    select * from {{ ref('canonical_merge') }}

),

newest as (

    -- The last word counts: what was merged and restored names no master any more.
    select *
    from merge
    qualify row_number() over (partition by source_system, object, record_id order by _extracted_at desc) = 1

),

hop_0 as (

    select source_system, object, record_id, master_id as next_id from newest where master_id is not null

),

{% for hop in range(5) -%}
-- Each round doubles how far is seen: {{ 2 ** (hop + 1) }} merges.
hop_{{ hop + 1 }} as (

    select near.source_system, near.object, near.record_id, coalesce(far.next_id, near.next_id) as next_id
    from hop_{{ hop }} as near
    left join hop_{{ hop }} as far
        on near.source_system = far.source_system and near.object = far.object and near.next_id = far.record_id

),

{% endfor -%}
judged as (

    select found.source_system, found.object, found.record_id, found.next_id, further.record_id is not null as has_no_end
    from hop_5 as found
    left join hop_0 as further
        on found.source_system = further.source_system and found.object = further.object and found.next_id = further.record_id

)

select
    judged.source_system,
    judged.object,
    judged.record_id,
    case when not judged.has_no_end then judged.next_id end as survivor_id,
    case when judged.has_no_end then 'merged in a circle' end as problem,
    newest.master_id,
    newest._file,
    newest._row
from judged
inner join newest
    on judged.source_system = newest.source_system and judged.object = newest.object and judged.record_id = newest.record_id
