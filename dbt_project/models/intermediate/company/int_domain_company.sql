-- One row per host that an account or a lead names: the company that its domain is, null for a domain that many share.
with account as (

    select * from {{ ref('int_account') }}

),

lead as (

    select * from {{ ref('int_lead') }}

),

shared_domain as (

    select * from {{ source('config', 'shared_domain') }}

),

name_suffix as (

    select * from {{ source('config', 'name_suffix') }}

),

named as (

    select {{ web_host('domain') }} as host from account
    union
    select {{ web_host('domain') }} from lead
    union
    select {{ web_host('email') }} from lead

),

registered as (

    select
        named.host,
        case
            when name_suffix.suffix is null then {{ last_labels('named.host', 2) }}
            when length(named.host) - length(replace(named.host, '.', '')) >= 2 then {{ last_labels('named.host', 3) }}
        end as domain
    from named
    left join name_suffix on {{ last_labels('named.host', 2) }} = name_suffix.suffix
    where named.host is not null

)

select
    registered.host,
    case when shared_domain.domain is null then registered.domain end as domain
from registered
left join shared_domain on shared_domain.domain in (registered.domain, registered.host)
qualify row_number() over (partition by registered.host order by shared_domain.domain nulls last) = 1
