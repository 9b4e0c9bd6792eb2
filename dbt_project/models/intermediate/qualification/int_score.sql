-- One row per lead, lead as it was before its conversion, or account (subject), and score: its points, its tier, what gave the points and what is not known of it.
-- A lead of which an attribute is not known has that of its account. The score is null where none of its attributes is known.
-- lead_before_conversion is the lead by what it was itself delivered with before it became anything: mostly it is the conversion that gives
-- a lead its account, and what only converted leads have would tell who converted.
{%- set built_in = ['country', 'employees', 'industry', 'source', 'title'] %}
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

asked as (

    select
        score
        {%- for attribute in built_in %},
        max(case when attribute = '{{ attribute }}' then 1 else 0 end) as asks_{{ attribute }}
        {%- endfor %}
    from score_rule
    group by score

),

-- Who somebody is and where they came from is a lead's; an account has the qualification of its best lead (dim_account).
subject as (

    select
        'lead' as subject, asked.*, lead.source_system, lead.lead_id as subject_id,
        lower(coalesce(lead.country, account.country)) as country,
        cast(coalesce(lead.employees, account.employees) as varchar) as employees,
        lower(coalesce(lead.industry, account.industry)) as industry,
        lower(lead.source) as source,
        lower(lead.title) as title,
        lead.extra,
        account.extra as account_extra
    from lead
    cross join asked
    left join account on lead.source_system = account.source_system and lead.account_id = account.account_id

    union all

    select
        'lead_before_conversion', asked.*, lead.source_system, lead.lead_id, lower(lead.country_before), cast(lead.employees_before as varchar),
        lower(lead.industry_before), lower(lead.source_before), lower(lead.title_before), lead.extra_before, cast(null as varchar)
    from lead
    cross join asked

    union all

    select
        'account', asked.*, account.source_system, account.account_id, lower(account.country), cast(account.employees as varchar),
        lower(account.industry), cast(null as varchar), cast(null as varchar), account.extra, cast(null as varchar)
    from account
    cross join asked
    where asked.score = 'fit'

),

-- What an attribute's value comes to, over the rules that ask for it.
value_points as (

    select
        score,
        attribute,
        attribute_value,
        sum(points) as points,
        case when sum(points) <> 0 then
            attribute || ' ' || attribute_value || ' ' || case when sum(points) > 0 then '+' else '' end || cast(sum(points) as varchar)
        end as told
    from score_points
    group by score, attribute, attribute_value

),

-- The columns that only some companies have; without a rule on one there is nothing here.
extra_points as (

    select
        subject.subject, subject.source_system, subject.subject_id, subject.score,
        sum(value_points.points) as points,
        sum(case when value_points.points is null then 1 else 0 end) as unknown_attributes,
        {{ joined_text(
            "case when value_points.points is null then extra_rule.attribute || ' unknown' else value_points.told end", 'extra_rule.attribute'
        ) }} as told
    from subject
    inner join (
        select distinct score_rule.score, score_rule.attribute
        from score_rule
        inner join score_attribute on score_rule.attribute = score_attribute.attribute
    ) as extra_rule on subject.score = extra_rule.score
    left join value_points
        on extra_rule.score = value_points.score and extra_rule.attribute = value_points.attribute
        and lower(coalesce(
            {{ json_text('subject.extra', 'extra_rule.attribute') }}, {{ json_text('subject.account_extra', 'extra_rule.attribute') }}
        )) = value_points.attribute_value
    group by subject.subject, subject.source_system, subject.subject_id, subject.score

),

scored as (

    select
        subject.subject,
        subject.source_system,
        subject.subject_id,
        subject.score,
        case
            when coalesce({% for attribute in built_in %}of_{{ attribute }}.points, {% endfor %}extra_points.points) is not null
                then {% for attribute in built_in %}coalesce(of_{{ attribute }}.points, 0) + {% endfor %}coalesce(extra_points.points, 0)
        end as points,
        {% for attribute in built_in -%}
        case when subject.asks_{{ attribute }} = 1 and of_{{ attribute }}.points is null then 1 else 0 end +
        {% endfor -%}
        coalesce(extra_points.unknown_attributes, 0) as unknown_attributes,
        nullif(concat_ws(
            '; ',
            {% for attribute in built_in -%}
            case
                when subject.asks_{{ attribute }} = 1 and of_{{ attribute }}.points is null then '{{ attribute }} unknown'
                else of_{{ attribute }}.told
            end,
            {% endfor -%}
            extra_points.told
        ), '') as reason
    from subject
    {% for attribute in built_in -%}
    left join value_points as of_{{ attribute }}
        on subject.score = of_{{ attribute }}.score and of_{{ attribute }}.attribute = '{{ attribute }}'
        and subject.{{ attribute }} = of_{{ attribute }}.attribute_value
    {% endfor -%}
    left join extra_points
        on subject.subject = extra_points.subject and subject.source_system = extra_points.source_system
        and subject.subject_id = extra_points.subject_id and subject.score = extra_points.score

),

-- A tier reaches from its own number of points to below the next higher one's.
tier_band as (

    select
        score, tier, tier_order, minimum,
        lag(minimum) over (partition by score order by tier_order) as below
    from score_tier

)

select
    scored.subject,
    scored.source_system,
    scored.subject_id,
    scored.score,
    cast(scored.points as integer) as points,
    tier_band.tier,
    tier_band.tier_order,
    cast(scored.unknown_attributes as integer) as unknown_attributes,
    scored.reason
from scored
left join tier_band
    on scored.score = tier_band.score and scored.points >= coalesce(tier_band.minimum, scored.points)
    and (tier_band.below is null or scored.points < tier_band.below)
