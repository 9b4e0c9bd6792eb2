-- One row per delivered file, and per file in the landing folder that was not read: its outcome, and what became of its rows.
with delivered_file as (

    select * from {{ source('accounting', 'delivered_file') }}

),

row_accounting as (

    select * from {{ ref('int_row_accounting') }}

),

-- A file delivered again under its own name has rows of all its deliveries; they are told with the newest.
newest as (

    select
        *,
        row_number() over (partition by system, object, file order by sequence desc nulls last) as recency
    from delivered_file

)

select
    newest.system,
    newest.object,
    newest.file,
    newest.extracted_at,
    newest.sha256,
    newest.format,
    newest.outcome,
    newest.reason,
    newest.rows_delivered,
    newest.rows_loaded,
    newest.rows_quarantined,
    row_accounting.rows_loaded as rows_staged,
    row_accounting.rows_duplicate,
    row_accounting.rows_set_aside
from newest
left join row_accounting
    on newest.system = row_accounting.system and newest.object = row_accounting.object and newest.file = row_accounting.file
    and newest.recency = 1 and newest.sha256 is not null
