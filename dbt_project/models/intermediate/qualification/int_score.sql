-- One row per lead or account (subject) and score: its points, its tier, what gave the points and what is not known of it.
-- A lead of which an attribute is not known has that of its account. The score is null where none of its attributes is known.
with lead as (

    select * from {{ ref('int_lead') }} where not is_deleted

),

account as (

    select * from {{ ref('int_account') }} where not is_deleted

),

score_points as (

    select * from {{ ref('int_score_points') }}

),

score_rule as (

    select * from {{ source('config', 'score_rule') }}

),

score_tier as (

    select * from {{ source('config', 'score_tier') }}

),

score_attribute as (

    select * from {{ source('config', 'score_attribute') }}

),

lead_of_account as (

    select
        lead.source_system, lead.lead_id, lead.title, lead.source,
        coalesce(lead.industry, account.industry) as industry,
        coalesce(lead.employees, account.employees) as employees,
        coalesce(lead.country, account.country) as country,
        lead.extra,
        account.extra as account_extra
    from lead
    left join account on lead.source_system = account.source_system and lead.account_id = account.account_id

),

attribute as (

    select 'lead' as subject, source_system, lead_id as subject_id, 'industry' as attribute, lower(industry) as attribute_value
    from lead_of_account
    union all
    select 'lead', source_system, lead_id, 'employees', cast(employees as varchar) from lead_of_account
    union all
    select 'lead', source_system, lead_id, 'country', lower(country) from lead_of_account
    union all
    select 'lead', source_system, lead_id, 'title', lower(title) from lead_of_account
    union all
    select 'lead', source_system, lead_id, 'source', lower(source) from lead_of_account
    union all
    select
        'lead', lead_of_account.source_system, lead_of_account.lead_id, score_attribute.attribute,
        lower(coalesce(
            {{ json_text('lead_of_account.extra', 'score_attribute.attribute') }},
            {{ json_text('lead_of_account.account_extra', 'score_attribute.attribute') }}
        ))
    from lead_of_account
    cross join score_attribute
    union all
    select 'account', source_system, account_id, 'industry', lower(industry) from account
    union all
    select 'account', source_system, account_id, 'employees', cast(employees as varchar) from account
    union all
    select 'account', source_system, account_id, 'country', lower(country) from account
    union all
    select
        'account', account.source_system, account.account_id, score_attribute.attribute,
        lower({{ json_text('account.extra', 'score_attribute.attribute') }})
    from account
    cross join score_attribute

),

asked as (

    select distinct score, attribute from score_rule

),

-- What an attribute's value comes to, over the rules that ask for it.
value_points as (

    select
        score,
        attribute,
        attribute_value,
        sum(points) as points,
        min(case when is_met then attribute || ' ' || attribute_value end) as told
    from score_points
    group by score, attribute, attribute_value

),

scored as (

    select
        attribute.subject,
        attribute.source_system,
        attribute.subject_id,
        asked.score,
        sum(value_points.points) as points,
        sum(case when value_points.points is null then 1 else 0 end) as unknown_attributes,
        {{ joined_text(
            "case when value_points.points is null then asked.attribute || ' unknown'"
            ~ " when value_points.points <> 0 then value_points.told || ' ' || case when value_points.points > 0 then '+' else '' end"
            ~ " || cast(value_points.points as varchar) end", 'asked.attribute'
        ) }} as reason
    from attribute
    inner join asked on attribute.attribute = asked.attribute
    left join value_points
        on asked.score = value_points.score and attribute.attribute = value_points.attribute
        and attribute.attribute_value = value_points.attribute_value
    -- Who somebody is and where they came from is a lead's; an account has the score of its best lead (dim_account).
    where attribute.subject = 'lead' or asked.score = 'fit'
    group by attribute.subject, attribute.source_system, attribute.subject_id, asked.score

),

placed as (

    select
        scored.subject,
        scored.source_system,
        scored.subject_id,
        scored.score,
        scored.points,
        scored.unknown_attributes,
        scored.reason,
        min(score_tier.tier_order) as tier_order
    from scored
    left join score_tier
        on scored.score = score_tier.score and scored.points >= coalesce(score_tier.minimum, scored.points)
    group by
        scored.subject, scored.source_system, scored.subject_id, scored.score, scored.points, scored.unknown_attributes, scored.reason

)

select
    placed.subject,
    placed.source_system,
    placed.subject_id,
    placed.score,
    cast(placed.points as integer) as points,
    score_tier.tier,
    placed.tier_order,
    cast(placed.unknown_attributes as integer) as unknown_attributes,
    placed.reason
from placed
left join score_tier on placed.score = score_tier.score and placed.tier_order = score_tier.tier_order
