-- One row per score, rule and value that an attribute has somewhere: whether the rule holds of it, and the points it gives.
-- Rules are judged once per value, not once per lead.
with lead as (

    select * from {{ ref('int_lead') }}

),

account as (

    select * from {{ ref('int_account') }}

),

score_rule as (

    select * from {{ source('config', 'score_rule') }}

),

score_attribute as (

    select * from {{ source('config', 'score_attribute') }}

),

found as (

    select 'industry' as attribute, lower(industry) as attribute_value from lead
    union
    select 'industry', lower(industry) from account
    union
    select 'employees', cast(employees as varchar) from lead
    union
    select 'employees', cast(employees as varchar) from account
    union
    select 'country', lower(country) from lead
    union
    select 'country', lower(country) from account
    union
    select 'title', lower(title) from lead
    union
    select 'source', lower(source) from lead
    union
    select 'industry', lower(industry_before) from lead
    union
    select 'employees', cast(employees_before as varchar) from lead
    union
    select 'country', lower(country_before) from lead
    union
    select 'title', lower(title_before) from lead
    union
    select 'source', lower(source_before) from lead
    union
    select score_attribute.attribute, lower({{ json_text('lead.extra_before', 'score_attribute.attribute') }})
    from lead
    cross join score_attribute
    union
    select score_attribute.attribute, lower({{ json_text('lead.extra', 'score_attribute.attribute') }})
    from lead
    cross join score_attribute
    union
    select score_attribute.attribute, lower({{ json_text('account.extra', 'score_attribute.attribute') }})
    from account
    cross join score_attribute

),

known as (

    select attribute, attribute_value, {{ plain_number('attribute_value', 'double') }} as number_value
    from found
    where attribute_value is not null and trim(attribute_value) <> ''

),

judged as (

    select
        score_rule.score,
        score_rule.rule_number,
        score_rule.attribute,
        score_rule.operator,
        score_rule.points,
        known.attribute_value,
        max(case
            when score_rule.operator in ('one_of', 'not_one_of') and known.attribute_value = score_rule.listed then 1
            when score_rule.operator = 'contains' and {{ dbt.position('score_rule.listed', 'known.attribute_value') }} > 0 then 1
            when score_rule.operator in ('at_least', 'at_most', 'between')
                and known.number_value >= coalesce(score_rule.low, known.number_value)
                and known.number_value <= coalesce(score_rule.high, known.number_value) then 1
            when score_rule.operator = 'known' then 1
            else 0
        end) as is_met,
        -- A rule about a number cannot be asked of a text.
        max(case when score_rule.operator in ('at_least', 'at_most', 'between') and known.number_value is null then 1 else 0 end)
            as is_unreadable
    from known
    inner join score_rule on known.attribute = score_rule.attribute
    group by
        score_rule.score, score_rule.rule_number, score_rule.attribute, score_rule.operator, score_rule.points, known.attribute_value

)

select
    score,
    rule_number,
    attribute,
    attribute_value,
    case
        when operator = 'not_one_of' then is_met = 0
        else is_met = 1
    end as is_met,
    case
        when operator = 'not_one_of' and is_met = 0 then points
        when operator <> 'not_one_of' and is_met = 1 then points
        else 0
    end as points
from judged
where is_unreadable = 0
