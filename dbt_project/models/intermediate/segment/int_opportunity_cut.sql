-- One row per opportunity and time [valid_from, valid_to) in days: the values by which the tables are cut, and a key of their combination.
-- is_now marks the one row that tells it as of today (no bounds). The others tell what was so on each day, and are there only where the
-- config freezes the past: from what consecutive extracts show; the first stands for the time before.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

owner as (

    select * from {{ ref('int_opportunity_owner') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

rep as (

    select * from {{ ref('int_rep_scope') }}

),

motion as (

    select * from {{ source('config', 'motion') }}

),

segment_column as (

    select * from {{ source('config', 'segment_column') }}

),

definition as (

    select * from {{ source('config', 'definition') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

as_of_today as (

    select
        opportunity.source_system, opportunity.opportunity_id, opportunity.opportunity_key, true as is_now,
        cast('1970-01-01' as date) as valid_from, cast(null as date) as valid_to,
        opportunity.pipeline, owner.team, owner.pod, rep.scope_id as rep, rep.scope_name as rep_name, opportunity.product,
        opportunity.source, opportunity.motion, opportunity.segment, opportunity.extra
    from opportunity
    left join owner on opportunity.opportunity_key = owner.opportunity_key
    left join rep on opportunity.source_system = rep.source_system and opportunity.owner_id = rep.rep_id

),

dated_version as (

    select
        opportunity_version.*,
        case when opportunity_version.version_number = 1 then cast('1970-01-01' as date)
            else {{ local_day('opportunity_version.valid_from') }} end as first_day,
        {{ local_day('opportunity_version.valid_to') }} as next_day
    from opportunity_version
    cross join run
    cross join definition
    where definition.past_periods = 'frozen'

),

at_the_time as (

    -- A deal's version and its owner's: the time that both held. Two of one day: the later one is what the day's end showed.
    select
        dated_version.source_system, dated_version.opportunity_id, opportunity.opportunity_key, false as is_now,
        greatest(dated_version.first_day, coalesce(user_version.valid_from, dated_version.first_day)) as valid_from,
        case
            when dated_version.next_day is null then user_version.valid_to
            when user_version.valid_to is null then dated_version.next_day
            else least(dated_version.next_day, user_version.valid_to)
        end as valid_to,
        dated_version.pipeline, user_version.team, user_version.pod, rep.scope_id as rep,
        rep.scope_name as rep_name,
        coalesce(dated_version.product, opportunity.product) as product,
        coalesce(dated_version.source, opportunity.source) as source,
        motion.motion,
        dated_version.segment,
        dated_version.extra
    from dated_version
    inner join opportunity
        on dated_version.source_system = opportunity.source_system and dated_version.opportunity_id = opportunity.opportunity_id
    left join user_version
        on dated_version.source_system = user_version.source_system and dated_version.owner_id = user_version.user_id
        and (dated_version.next_day is null or user_version.valid_from < dated_version.next_day)
        and (user_version.valid_to is null or user_version.valid_to > dated_version.first_day)
    left join rep on dated_version.source_system = rep.source_system and dated_version.owner_id = rep.rep_id
    left join motion on lower(coalesce(dated_version.source, opportunity.source)) = lower(motion.source)

),

told as (

    select * from as_of_today
    union all
    select * from at_the_time where valid_to is null or valid_to > valid_from

),

valued as (

    -- The columns that the config names, as one text.
    select
        told.opportunity_key, told.is_now, told.valid_from, {{ dbt.listagg(
            "coalesce(" ~ json_text('told.extra', 'segment_column.column_name') ~ ", chr(30))", "chr(31)", "order by segment_column.scope"
        ) }} as extra_values
    from told
    inner join segment_column on true
    group by told.opportunity_key, told.is_now, told.valid_from

),

complete as (

    select told.*, valued.extra_values
    from told
    left join valued
        on told.opportunity_key = valued.opportunity_key
        and told.is_now = valued.is_now and told.valid_from = valued.valid_from

),

keyed as (

    select *, {{ segment_text() }} as combination from complete

),

-- A number joins and groups faster than a text, millions of times.
numbered as (

    select combination, cast(row_number() over (order by combination) as integer) as segment_key
    from (select distinct combination from keyed) as combination_found

)

select
    keyed.source_system,
    keyed.opportunity_id,
    keyed.opportunity_key,
    keyed.is_now,
    keyed.valid_from,
    keyed.valid_to,
    numbered.segment_key,
    {% for dimension in deal_scopes() %}keyed.{{ dimension }}, {% endfor %}
    keyed.rep_name,
    keyed.extra
from keyed
inner join numbered on keyed.combination = numbered.combination
