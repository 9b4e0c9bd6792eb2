{#-
    The share that an event of interest will have taken in the end, where another event may come first (Aalen and Johansen 1978), with its
    variance by the delta method on Greenwood's terms (Marubini and Valsecchi 1995; lifelines and SAS compute the same).

    counts: a CTE of counts by whole days, with the columns of `keys` and
        days        time from entering until the event, or until it was last seen open
        interest    how many had the event of interest then; competing: the other one; censored: neither, and are seen no longer
        late_entry  null: at risk from the start. Otherwise: at risk only after this many days (delayed entry, left truncation);
                    one value per key. Counts of late entries are of those still at risk then (days > late_entry).
    Days are tied by nature: of those at risk on a day, both events are taken at once, and what is censored that day was at risk.

    Writes the CTEs aj_day … aj_estimate; the last has the keys and
        rate, variance   null where neither event was ever seen; the variance is the estimate's, about the rate that it estimates
        chance           what is to be added to the variance where the share of the key's own cases is asked (see effective_size)
        own              how many cases the key has of its own; null where no others stand in for it
        unresolved       the share that neither event has taken by the longest time anyone was followed
        outcomes         events of both kinds that the estimate rests on
-#}
{% macro aalen_johansen(counts, keys) -%}
    {%- set key = keys | join(', ') -%}
    aj_day as (

        select
            {{ key }}, days,
            sum(interest) as interest,
            sum(competing) as competing,
            sum(case when late_entry is null then interest + competing + censored else 0 end) as own,
            sum(case when late_entry is null then 0 else interest + competing + censored end) as late,
            max(late_entry) as late_entry
        from {{ counts }}
        group by {{ key }}, days

    ),

    aj_followed as (

        select
            *,
            sum(own) over later as own_at_risk,
            sum(late) over later as late_at_risk,
            max(late_entry) over (partition by {{ key }}) as late_from,
            sum(own) over (partition by {{ key }}) as own_cases
        from aj_day
        window later as (partition by {{ key }} order by days desc rows unbounded preceding)

    ),

    -- Days on which nothing but censoring happened change nothing.
    aj_risk as (

        select
            {{ key }}, days, interest, competing, own_at_risk, own_cases,
            cast(own_at_risk + case when days > late_from then late_at_risk else 0 end as double) as at_risk
        from aj_followed
        where interest + competing > 0

    ),

    -- The product of what each day left, as a sum of logarithms; once a day took all that were at risk, nothing is left for later ones.
    aj_survival as (

        select
            *,
            case
                when coalesce(max(case when interest + competing = at_risk then 1 else 0 end) over before_it, 0) = 1 then 0
                else exp(coalesce(
                    sum(case when interest + competing < at_risk then ln(1 - (interest + competing) / at_risk) end) over before_it, 0
                ))
            end as survival_before
        from aj_risk
        window before_it as (partition by {{ key }} order by days rows between unbounded preceding and 1 preceding)

    ),

    aj_incidence as (

        select
            *,
            sum(survival_before * interest / at_risk) over until_it as incidence,
            sum(survival_before * competing / at_risk) over until_it as competing_incidence
        from aj_survival
        window until_it as (partition by {{ key }} order by days rows unbounded preceding)

    ),

    aj_last as (

        select {{ key }}, {{ first_by('incidence', '-days') }} as rate, {{ first_by('1 - incidence - competing_incidence', '-days') }} as unresolved
        from aj_incidence
        group by {{ key }}

    ),

    -- What each day adds to the variance: Greenwood's term, where the day did not take all (nothing comes after it then), the event's own,
    -- and what the two have in common.
    aj_doubt as (

        select
            {% for name in keys %}aj_incidence.{{ name }}, {% endfor %}aj_last.rate, aj_last.unresolved,
            aj_incidence.interest + aj_incidence.competing as outcomes,
            aj_incidence.at_risk, aj_incidence.own_at_risk, aj_incidence.own_cases, aj_incidence.survival_before,
            case when aj_incidence.interest + aj_incidence.competing < aj_incidence.at_risk then
                (aj_last.rate - aj_incidence.incidence) * (aj_last.rate - aj_incidence.incidence)
                * (aj_incidence.interest + aj_incidence.competing)
                / (aj_incidence.at_risk * (aj_incidence.at_risk - aj_incidence.interest - aj_incidence.competing))
            else 0 end
            + aj_incidence.survival_before * aj_incidence.survival_before
            * aj_incidence.interest * (aj_incidence.at_risk - aj_incidence.interest)
            / (aj_incidence.at_risk * aj_incidence.at_risk * aj_incidence.at_risk)
            - 2 * (aj_last.rate - aj_incidence.incidence) * aj_incidence.survival_before
            * aj_incidence.interest / (aj_incidence.at_risk * aj_incidence.at_risk) as variance
        from aj_incidence
        inner join aj_last on {% for name in keys %}aj_incidence.{{ name }} = aj_last.{{ name }}{% if not loop.last %} and {% endif %}{% endfor %}


    ),

    aj_estimate as (

        select
            {{ key }},
            -- The last digits depend on how the sums happened to be added up: a rate of 1 would be 0.9999999999999998 now and then, and the
            -- interval around it made of that error.
            round(max(rate), 12) as rate,
            -- Of 0 and -0 either may be the greater: a digest would tell them apart.
            case when round(max(unresolved), 12) > 0 then round(max(unresolved), 12) else 0 end as unresolved,
            sum(outcomes) as outcomes,
            sum(variance) as variance,
            -- A day that took all before leaves none of whom to doubt.
            sum(case when survival_before > 0 then variance * (at_risk - own_at_risk) / (own_cases * survival_before) else 0 end) as chance,
            max(case when at_risk > own_at_risk then own_cases end) as own
        from aj_doubt
        group by {{ key }}

    )
{%- endmacro %}

{#-
    The size of a simple sample that would be as sure of a rate: a Wilson interval of it lies within 0 and 1, is that of the plain rate
    where every case is finished, and holds at small sizes where a symmetric one does not (Korn and Graubard 1998; Wilson 1927).
    A rate of 0 or 1 has no variance of its own: it is as sure as the outcomes it rests on.

    That is how sure the rate is which lies behind the cases. What will have become of the key's own ones is less sure: of days that they have
    not been watched for, others tell the rate, and chance does the rest. Take R, the share of the own n if all were watched to the end. With
    v(s) the variance's part of day s, Y(s) those at risk then, y(s) the own ones among them, and S(s) the share that is left before it, by the
    martingales that both are sums of:
        Var(R)       = sum of v(s) Y(s) / (n S(s))      which is rate (1 - rate) / n
        Cov(rate, R) = sum of v(s) y(s) / (n S(s))      what the estimate and the share have in common
        chance       = Var(R) - Cov(rate, R) = sum of v(s) (Y(s) - y(s)) / (n S(s))
    variance + chance is at least Var(rate - R) and at least the variance. It is the variance where nobody else stands in (and so Wilson's
    where all is finished), variance + rate (1 - rate) / n where the own have seen nothing yet, and never less than if all were finished.
-#}
{% macro effective_size(rate, variance, outcomes) -%}
    case when {{ rate }} > 0 and {{ rate }} < 1 and {{ variance }} > 0 then {{ rate }} * (1 - {{ rate }}) / {{ variance }} else {{ outcomes }} end
{%- endmacro %}

{#- The size of a simple sample of which chance makes as much; null where it makes nothing. At a rate of 0 or 1, all that are the key's own. -#}
{% macro chance_size(rate, variance, chance, own) -%}
    case
        when {{ rate }} > 0 and {{ rate }} < 1 and {{ variance }} > 0
            -- What is left of days on which the rate was all but settled is rounding.
            then case when {{ chance }} > 1e-9 * {{ variance }} then {{ rate }} * (1 - {{ rate }}) / {{ chance }} end
        else {{ own }}
    end
{%- endmacro %}

{#- How many months back a young cohort looks for what becomes of deals that are older than any of its own. -#}
{% macro months_of_earlier_cohorts() -%}{{ return(12) }}{%- endmacro %}

{#-
    A young cohort knows its first days only. For the days after, the cohorts of the year before it stand in: those of their deals that were
    still there when they were as old as its youngest deal is now enter late, at that age. With nothing but its own deals, a cohort of three
    weeks would be said to be finished.

    counts: a CTE with cohort_month, `keys`, days, interest, competing, censored. cohorts: one that names those to estimate.
    Expects the CTE `run` with as_of. Writes the CTEs `cohort` (cohort_number, cohort_month and the keys) and
    `counted` for aalen_johansen, by cohort_number: one number sorts and groups faster than a month and names.
-#}
{% macro with_earlier_cohorts(counts, cohorts, keys) -%}
    cohort as (

        select
            cast(row_number() over (order by cohort_found.cohort_month{% for name in keys %}, cohort_found.{{ name }}{% endfor %}) as integer) as cohort_number,
            cohort_found.*,
            -- The age of a deal of the month's last day.
            greatest(0, {{ dbt.datediff(
                dbt.dateadd('month', 1, 'cohort_found.cohort_month'), dbt.dateadd('day', 1, 'run.as_of'), 'day'
            ) }}) as youngest_age
        from (select distinct cohort_month, {{ keys | join(', ') }} from {{ cohorts }}) as cohort_found
        cross join run

    ),

    counted as (

        select
            cohort.cohort_number, own.days, own.interest, own.competing, own.censored, cast(null as integer) as late_entry
        from {{ counts }} as own
        inner join cohort
            on own.cohort_month = cohort.cohort_month {% for name in keys %}and own.{{ name }} = cohort.{{ name }} {% endfor %}


        union all

        select
            cohort.cohort_number, earlier.days, earlier.interest, earlier.competing, earlier.censored, cast(cohort.youngest_age as integer)
        from cohort
        inner join {{ counts }} as earlier
            on {% for name in keys %}cohort.{{ name }} = earlier.{{ name }} and {% endfor %}earlier.days > cohort.youngest_age
            and earlier.cohort_month < cohort.cohort_month
            and earlier.cohort_month >= {{ dbt.dateadd('month', -months_of_earlier_cohorts(), 'cohort.cohort_month') }}

    )
{%- endmacro %}

{#- With more than this share of deals still in the stage at the longest time that anyone was followed, what will be in the end is not known. -#}
{% macro largest_unresolved() -%}{{ return(0.2) }}{%- endmacro %}
