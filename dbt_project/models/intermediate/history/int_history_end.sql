-- One row per opportunity with a history that can be used: when that speaks last, and what it tracks.
select
    opportunity_key,
    max(changed_at) as last_told_at,
    -- A history without amounts or dates does not track them: then they are as last delivered, not missing.
    count(amount) > 0 as tracks_amount,
    count(expected_close_on) > 0 as tracks_expected_close,
    -- Of some CRMs it is known that what they do not tell was different then: the date is unknown before the first extract.
    min(case when not is_close_date_of_today then 0 else 1 end) = 1 as borrows_expected_close
from {{ ref('int_stage_history') }}
where problem is null
group by opportunity_key
