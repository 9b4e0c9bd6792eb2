-- One row per subject (lead, account), score and tier: how well it converts, against the whole and against the next tier.
with lead as (

    select * from {{ ref('dim_lead') }}

),

account as (

    select * from {{ ref('dim_account') }} where not is_placeholder

),

opportunity as (

    select * from {{ ref('int_opportunity_now') }} where status <> 'deleted'

),

score_tier as (

    select * from {{ source('config', 'score_tier') }}

),

of_account as (

    select
        source_system, account_id,
        max(case when status = 'won' then 1 else 0 end) as is_won,
        max(case when status = 'lost' then 1 else 0 end) as is_lost
    from opportunity
    where account_id is not null
    group by source_system, account_id

),

outcome as (

    select
        'lead' as subject, lead.source_system, lead.lead_id as subject_id,
        -- By what it was itself delivered with: what came with its conversion would know the outcome.
        lead.fit_tier_before_conversion as fit_tier, lead.qualification_tier_before_conversion as qualification_tier,
        case when opportunity.opportunity_id is not null then 1 else 0 end as has_opportunity,
        case when opportunity.status = 'won' then 1 else 0 end as is_won,
        case when opportunity.status = 'lost' then 1 else 0 end as is_lost
    from lead
    left join opportunity
        on lead.source_system = opportunity.source_system and lead.opportunity_id = opportunity.opportunity_id

    union all

    select
        'account', account.source_system, account.account_id, account.fit_tier, account.qualification_tier,
        case when of_account.account_id is not null then 1 else 0 end,
        coalesce(of_account.is_won, 0),
        -- An account that bought once counts as won.
        case when of_account.is_won = 0 then of_account.is_lost else 0 end
    from account
    left join of_account on account.source_system = of_account.source_system and account.account_id = of_account.account_id

),

judged as (

    select subject, 'fit' as score, fit_tier as tier, has_opportunity, is_won, is_lost from outcome
    union all
    select subject, 'qualification', qualification_tier, has_opportunity, is_won, is_lost from outcome

),

counted as (

    select
        judged.subject,
        judged.score,
        coalesce(judged.tier, '(unknown)') as tier,
        coalesce(min(score_tier.tier_order), 1000) as tier_order,
        count(*) as subjects,
        sum(judged.has_opportunity) as with_opportunity,
        sum(judged.is_won) as won,
        sum(judged.is_lost) as lost
    from judged
    -- A score without rules has no tiers to judge.
    inner join (select distinct score from score_tier) as asked on judged.score = asked.score
    left join score_tier on judged.score = score_tier.score and judged.tier = score_tier.tier
    group by judged.subject, judged.score, coalesce(judged.tier, '(unknown)')

),

compared as (

    select
        counted.*,
        cast(sum(subjects) over whole as double) as all_subjects,
        cast(sum(won) over whole as double) as all_won,
        case when tier_order < 1000 then lead(subjects) over by_tier end as next_subjects,
        case when tier_order < 1000 then lead(won) over by_tier end as next_won
    from counted
    window
        whole as (partition by subject, score),
        by_tier as (partition by subject, score, case when tier_order < 1000 then 1 else 0 end order by tier_order)

),

-- The tier is part of the whole: its share of the whole's error is its own. By the delta method on the logarithm of the ratio
-- (Katz et al. 1978, for two groups of which one holds the other).
lifted as (

    select
        *,
        case when won > 0 then (won / cast(subjects as double)) / (all_won / all_subjects) end as lift,
        case when won > 0 then sqrt(greatest(0,
            (1 - won / cast(subjects as double)) / won
            + (
                won * (1 - won / cast(subjects as double))
                + case
                    when all_subjects > subjects
                        then (all_won - won) * (1 - (all_won - won) / (all_subjects - subjects))
                    else 0
                end
            ) / (all_won * all_won)
            - 2 * (1 - won / cast(subjects as double)) / all_won
        )) end as lift_error,
        case when next_subjects > 0 then won / cast(subjects as double) - next_won / cast(next_subjects as double) end as difference,
        case when next_subjects > 0 then {{ newcombe_low('won', 'subjects', 'next_won', 'next_subjects') }} end as difference_low,
        case when next_subjects > 0 then {{ newcombe_high('won', 'subjects', 'next_won', 'next_subjects') }} end as difference_high
    from compared

)

select
    subject,
    score,
    tier,
    case when tier_order < 1000 then cast(tier_order as integer) end as tier_order,
    cast(subjects as bigint) as subjects,
    cast(with_opportunity as bigint) as with_opportunity,
    cast(won as bigint) as won,
    cast(lost as bigint) as lost,
    {{ share('with_opportunity', 'subjects') }} as opportunity_rate,
    {{ wilson_low('with_opportunity', 'subjects') }} as opportunity_rate_low,
    {{ wilson_high('with_opportunity', 'subjects') }} as opportunity_rate_high,
    {{ share('won', 'subjects') }} as won_rate,
    {{ wilson_low('won', 'subjects') }} as won_rate_low,
    {{ wilson_high('won', 'subjects') }} as won_rate_high,
    {{ share('won', '(won + lost)') }} as win_rate,
    {{ wilson_low('won', '(won + lost)') }} as win_rate_low,
    {{ wilson_high('won', '(won + lost)') }} as win_rate_high,
    round(lift, 6) as lift,
    round(lift * exp(-1.959963984540054 * lift_error), 6) as lift_low,
    round(lift * exp(1.959963984540054 * lift_error), 6) as lift_high,
    round(difference, 6) as difference_to_next_tier,
    round(difference_low, 6) as difference_to_next_tier_low,
    round(difference_high, 6) as difference_to_next_tier_high,
    case
        when difference_low > 0 then 'holds'
        when difference_high < 0 then 'reversed'
        when difference is not null then 'not told apart'
    end as order_to_next_tier
from lifted
