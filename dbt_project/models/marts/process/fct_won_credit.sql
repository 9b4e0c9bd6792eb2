-- One row per won deal, part (sourced, worked, closed) and person: their share of the credit for it. A deal's shares add up to 1 exactly.
with opportunity as (

    select * from {{ ref('int_opportunity_now') }} where status = 'won'

),

lead as (

    select * from {{ ref('int_lead') }}

),

owner_span as (

    select * from {{ ref('int_owner_span') }}

),

known_opportunity as (

    select opportunity_key, source_system, opportunity_id from {{ ref('int_opportunity') }}

),

user_role as (

    select * from {{ ref('int_user_role') }}

),

credit as (

    select * from {{ source('config', 'credit') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

-- The owners while it was open; one who took it at its very close has no time, and no share of the work unless nobody else has.
owned as (

    select
        opportunity.source_system,
        opportunity.opportunity_id,
        owner_span.owner_id,
        owner_span.span_number,
        owner_span.owned_from,
        {{ days_between('owner_span.owned_from', 'least(coalesce(owner_span.owned_to, opportunity.closed_at), opportunity.closed_at)') }} as days
    from opportunity
    inner join known_opportunity
        on opportunity.source_system = known_opportunity.source_system and opportunity.opportunity_id = known_opportunity.opportunity_id
    inner join owner_span
        on known_opportunity.opportunity_key = owner_span.opportunity_key
        and owner_span.owned_from <= opportunity.closed_at

),

first_owner as (

    select source_system, opportunity_id, owner_id from owned where span_number = 1

),

last_owner as (

    select source_system, opportunity_id, owner_id
    from owned
    qualify row_number() over (partition by source_system, opportunity_id order by span_number desc) = 1

),

-- To the second, so that the sums do not depend on the order of adding.
worked as (

    select source_system, opportunity_id, owner_id, cast(round(sum(days) * 86400, 0) as bigint) as seconds
    from owned
    group by source_system, opportunity_id, owner_id

),

of_part as (

    select opportunity.source_system, opportunity.opportunity_id, 'sourced' as part, coalesce(lead.owner_id, first_owner.owner_id) as rep_id,
        1 as measure
    from opportunity
    left join lead on opportunity.source_system = lead.source_system and opportunity.lead_id = lead.lead_id
    left join first_owner
        on opportunity.source_system = first_owner.source_system and opportunity.opportunity_id = first_owner.opportunity_id

    union all

    select opportunity.source_system, opportunity.opportunity_id, 'worked', worked.owner_id, coalesce(worked.seconds, 1)
    from opportunity
    left join worked on opportunity.source_system = worked.source_system and opportunity.opportunity_id = worked.opportunity_id

    union all

    select opportunity.source_system, opportunity.opportunity_id, 'closed', last_owner.owner_id, 1
    from opportunity
    left join last_owner
        on opportunity.source_system = last_owner.source_system and opportunity.opportunity_id = last_owner.opportunity_id

),

measured as (

    select
        of_part.*,
        credit.part_order,
        credit.weight,
        sum(of_part.measure) over of_one_part as part_measure,
        count(*) over of_one_part as part_people
    from of_part
    inner join credit on of_part.part = credit.part
    where credit.weight > 0
    window of_one_part as (partition by of_part.source_system, of_part.opportunity_id, of_part.part)

),

shared as (

    select
        measured.source_system,
        measured.opportunity_id,
        measured.part,
        measured.part_order,
        measured.rep_id,
        cast(round(
            measured.weight * case
                when measured.part_measure > 0 then measured.measure / cast(measured.part_measure as double)
                else 1 / cast(measured.part_people as double)
            end, 6
        ) as decimal(9, 6)) as share,
        row_number() over (
            partition by measured.source_system, measured.opportunity_id
            order by measured.part_order desc, measured.measure desc, measured.rep_id
        ) as place_from_end
    from measured

),

-- The first of the last part takes what rounding leaves: less than a millionth for each person.
settled as (

    select
        shared.source_system, shared.opportunity_id, shared.part, shared.part_order, shared.rep_id, shared.place_from_end,
        case
            when shared.place_from_end = 1
                then cast(shared.share + 1 - sum(shared.share) over (partition by shared.source_system, shared.opportunity_id) as decimal(9, 6))
            else shared.share
        end as share
    from shared

),

valued as (

    select
        settled.*,
        opportunity.name as opportunity_name,
        opportunity.closed_at,
        opportunity.closed_on,
        opportunity.amount,
        cast(round(opportunity.amount * settled.share, 2) as {{ money_type() }}) as rounded_amount
    from settled
    inner join opportunity
        on settled.source_system = opportunity.source_system and settled.opportunity_id = opportunity.opportunity_id

)

select
    valued.source_system,
    valued.opportunity_id,
    valued.opportunity_name,
    valued.part,
    valued.rep_id,
    user_role.name as rep_name,
    user_role.role,
    user_role.team,
    user_role.pod,
    valued.closed_on,
    valued.share,
    case
        when valued.place_from_end = 1 then cast(
            valued.rounded_amount + valued.amount
            - sum(valued.rounded_amount) over (partition by valued.source_system, valued.opportunity_id) as {{ money_type() }}
        )
        else valued.rounded_amount
    end as credited_amount
from valued
left join user_role
    on valued.source_system = user_role.source_system and valued.rep_id = user_role.user_id
    and valued.closed_on >= user_role.valid_from
    and (user_role.valid_to is null or valued.closed_on < user_role.valid_to)
