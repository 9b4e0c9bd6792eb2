"""The forecast: it adds up, its distribution is one, its record is what happened, and a record that is bad is said."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import Between, NoRows, UniqueTogether

FORECAST = "marts.fct_forecast"
ACCURACY = "marts.fct_forecast_accuracy"
CALIBRATION = "marts.fct_forecast_calibration"
WARNING = "marts.rpt_forecast_warning"
RAMP = "marts.rpt_ramp"
CAPACITY = "marts.rpt_capacity_plan"
PERIOD = ("period_type", "period_start", "scope", "scope_id")
ROW = ("as_of", *PERIOD)
REPLAY = (*ROW, "method")
PLAN = ("period_start", "scope", "scope_id")
FAULT = "A number of the forecast is wrong: report it as a fault of Funnelcast."
DISTRUST = (
    "Do not plan with this forecast: compare the methods in fct_forecast_accuracy, and use the one with the smallest errors."
)


def group() -> Group:
    """The checks of this file."""
    return Group("forecast", (*_forecast(), *_quota(), *_record(), *_calibration(), *_warnings(), *_capacity()))


def _forecast() -> tuple[Check, ...]:
    return (
        Check(
            name="a_forecast_is_one_row",
            table=FORECAST,
            rule=UniqueTogether(ROW),
            description="Each period of the company, a team, person or segment is forecast once a day.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="the_current_and_the_next_period_are_forecast",
            table=FORECAST,
            rule=NoRows(
                """
                select period_type, count(period_start) as periods
                from config.forecast_replay as expected
                left join (select period_type, period_start from checked where is_latest and scope = 'company') as told
                    using (period_type)
                group by period_type having count(period_start) <> 2
                """
            ),
            description="The company has a forecast for the current and the next week, month, quarter and year.",
            advice=FAULT,
            keys=("period_type", "periods"),
        ),
        Check(
            name="a_forecast_is_what_is_won_open_and_new",
            table=FORECAST,
            rule=NoRows(
                """
                select * from checked
                where abs(mean - won_so_far - from_open - from_new) > 0.001
                    or (mean is null) is distinct from (won_so_far is null or from_open is null or from_new is null)
                """
            ),
            description="A forecast is what is won so far, what open deals bring and what deals to come bring.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_forecasts_quantiles_are_in_order",
            table=FORECAST,
            rule=NoRows(
                "select * from checked where mean is not null and (p10 <= p50 and p50 <= p90) is distinct from true"
            ),
            description="The low end of a forecast lies below its middle, and that below the high end.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_forecast_is_no_less_than_what_is_won",
            table=FORECAST,
            rule=NoRows("select * from checked where p10 < won_so_far - 0.01"),
            description="What is won already stays won: no forecast lies below it.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="forecasts_of_teams_add_up_to_the_company",
            table=FORECAST,
            rule=NoRows(
                """
                -- Each is rounded to the cent, and a double has sixteen digits.
                select company.as_of, company.period_type, company.period_start, part.scope
                from checked as company
                join checked as part using (as_of, period_type, period_start)
                where company.scope = 'company' and part.scope <> 'company'
                group by all
                having abs(max(company.mean) - sum(part.mean)) > 0.01 * (count(*) + 1) + 1e-12 * max(company.mean)
                    or max(company.static_weighted) <> sum(part.static_weighted)
                    or max(company.won_so_far) <> sum(part.won_so_far)
                    or max(company.open_count) <> sum(part.open_count)
                """
            ),
            description="The forecasts of all teams, people, pipelines or segments, and what they have won, add up to the company's.",
            advice="Deals are missing from a team or counted in two: report it as a fault of Funnelcast.",
            keys=("as_of", "period_type", "period_start", "scope"),
        ),
        Check(
            name="best_case_holds_what_is_committed",
            table=FORECAST,
            rule=NoRows("select * from checked where best_case < commit or commit < won_so_far - 0.01"),
            description="Best case is commit and more, and both hold what is won so far.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="what_cannot_be_forecast_has_its_reason",
            table=FORECAST,
            rule=NoRows(
                """
                select * from checked
                where (unknown is null) is distinct from (
                    mean is not null and quota is not null and static_weighted is not null and commit is not null
                    and (quota = 0 or expected_attainment is not null) and (gap is null or pipeline_needed is not null)
                )
                """
            ),
            description="Where a forecast, a quota, the pipeline that it takes or the CRM's own number is missing, it is said why.",
            advice=FAULT,
            keys=ROW,
        ),
    )


def _quota() -> tuple[Check, ...]:
    return (
        Check(
            name="the_chance_of_a_quota_is_a_probability",
            table=FORECAST,
            rule=Between("probability_of_quota", 0, 1),
            description="The probability of reaching a quota lies between 0 and 1.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="the_chance_of_a_quota_fits_the_quantiles",
            table=FORECAST,
            rule=NoRows(
                """
                -- Quantiles and quotas are rounded to the cent, where the law may be steep.
                select * from checked
                where (quota < p10 - 0.02 and probability_of_quota < 0.9 - 0.0001)
                    or (quota > p90 + 0.02 and probability_of_quota > 0.1 + 0.0001)
                    or (quota is not null and mean is not null) is distinct from (probability_of_quota is not null)
                """
            ),
            description="A quota below the low end is probably reached, one above the high end probably not.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_gap_is_what_the_forecast_lacks",
            table=FORECAST,
            rule=NoRows("select * from checked where abs(gap - greatest(quota - mean, 0)) > 0.001"),
            description="The gap is what the forecast lacks to the quota.",
            advice=FAULT,
            keys=ROW,
        ),
    )


def _record() -> tuple[Check, ...]:
    return (
        Check(
            name="a_replay_is_one_row",
            table=ACCURACY,
            rule=UniqueTogether(REPLAY),
            description="Each past period is replayed once for each method.",
            advice=FAULT,
            keys=REPLAY,
        ),
        Check(
            name="an_error_is_what_was_said_less_what_happened",
            table=ACCURACY,
            rule=NoRows(
                "select * from checked where abs(error - (forecast - actual)) > 0.001 or abs(absolute_error - abs(error)) > 0.001"
            ),
            description="An error is the forecast less what was won.",
            advice=FAULT,
            keys=REPLAY,
        ),
        Check(
            name="an_interval_held_what_lies_in_it",
            table=ACCURACY,
            rule=NoRows("select * from checked where is_within_p10_p90 is distinct from (actual between p10 and p90)"),
            description="An interval held what happened if that lies in it.",
            advice=FAULT,
            keys=REPLAY,
        ),
        Check(
            name="what_happened_is_what_was_won",
            table=ACCURACY,
            rule=NoRows(
                """
                select checked.* from checked
                join marts.fct_velocity as velocity using (period_type, period_start)
                where checked.scope = 'company' and velocity.scope = 'company'
                    and abs(checked.actual - coalesce(velocity.won_amount, 0)) > 0.001
                """
            ),
            description="Forecasts are held against the amounts that fct_velocity reports as won.",
            advice=FAULT,
            keys=REPLAY,
        ),
        Check(
            name="the_record_of_the_forecast_can_be_trusted",
            table=ACCURACY,
            rule=NoRows(
                """
                select period_type, count(*) as replays, round(sum(absolute_error) / nullif(sum(actual), 0), 3) as share_missed,
                    round(avg(case when is_within_p10_p90 then 1.0 else 0.0 end), 3) as share_held
                from checked
                where scope = 'company' and method = 'funnelcast' and period_type in ('month', 'quarter', 'fiscal_quarter')
                group by period_type
                having count(*) >= (select trusted_replays from config.forecast) and (
                    sum(absolute_error) > (select trusted_error from config.forecast) * sum(actual)
                    or avg(case when is_within_p10_p90 then 1.0 else 0.0 end) < (select trusted_interval from config.forecast)
                )
                """
            ),
            description="Made again for past months and quarters, the forecast missed by less, and held more, than the config asks.",
            advice=DISTRUST,
            keys=("period_type", "replays", "share_missed", "share_held"),
            severity="warn",
        ),
        Check(
            name="no_simpler_method_has_the_better_record",
            table=ACCURACY,
            rule=NoRows(
                """
                -- On the periods that both spoke of. A tenth better, over enough periods, is more than chance mostly does.
                select other.period_type, other.method, count(*) as replays,
                    round(sum(other.absolute_error) / nullif(sum(own.absolute_error), 0), 3) as of_our_error
                from checked as own
                join checked as other using (as_of, period_type, period_start, scope, scope_id)
                where own.method = 'funnelcast' and own.scope = 'company' and other.method not in ('funnelcast', 'hazard')
                    and own.period_type in ('month', 'quarter', 'fiscal_quarter')
                group by other.period_type, other.method
                having count(*) >= (select trusted_replays from config.forecast)
                    and sum(other.absolute_error) < 0.9 * sum(own.absolute_error)
                """
            ),
            description="Over past months and quarters no naive method and no sum of the CRM was clearly better than the forecast.",
            advice=DISTRUST,
            keys=("period_type", "method", "replays", "of_our_error"),
            severity="warn",
        ),
    )


def _calibration() -> tuple[Check, ...]:
    return (
        Check(
            name="all_ten_deciles_are_told",
            table=CALIBRATION,
            rule=NoRows("select count(*) as deciles from checked having count(*) <> 10 or count(distinct decile) <> 10"),
            description="The table of win probabilities has ten rows, one per decile.",
            advice=FAULT,
            keys=("deciles",),
        ),
        Check(
            name="given_probabilities_lie_in_their_decile",
            table=CALIBRATION,
            rule=NoRows(
                "select * from checked where (mean_probability between probability_from and probability_to) is false"
            ),
            description="The probabilities given to the deals of a decile lie in it.",
            advice=FAULT,
            keys=("decile",),
        ),
        Check(
            name="a_deciles_open_deals_are_told_apart",
            table=CALIBRATION,
            rule=NoRows(
                """
                select * from checked
                where won + still_open > deals or year_not_over > still_open or least(won, year_not_over) < 0
                    or won_share not between won_share_low and won_share_high
                    or (year_not_over = 0 and abs(won_share - won / deals) > 0.0000011)
                """
            ),
            description="A decile's deals are won, open or neither; where each has had its year, the share is won divided by all.",
            advice=FAULT,
            keys=("decile",),
        ),
        Check(
            name="deals_are_won_as_often_as_was_said",
            table=CALIBRATION,
            rule=NoRows(
                """
                select * from checked
                where deals >= 50 and mean_probability not between won_share_low - 0.05 and won_share_high + 0.05
                """
            ),
            description="Of the deals that were given 10 to 20 %, 10 to 20 % were won, and so on, within chance and five points.",
            advice="Read the win probabilities of this decile with care: fct_forecast_calibration shows what they were worth.",
            keys=("decile",),
            severity="warn",
        ),
    )


def _warnings() -> tuple[Check, ...]:
    return (
        Check(
            name="a_warning_is_one_row",
            table=WARNING,
            rule=UniqueTogether(PERIOD),
            description="Nobody is warned of twice.",
            advice=FAULT,
            keys=PERIOD,
        ),
        Check(
            name="who_will_miss_the_quota_is_named",
            table=WARNING,
            rule=NoRows(
                """
                select period_type, period_start, scope, scope_id
                from (
                    select period_type, period_start, scope, scope_id, 1 as told from checked
                    union all
                    select period_type, period_start, scope, scope_id, 2 from marts.fct_forecast
                    where is_latest and period_type in ('month', 'quarter', 'fiscal_quarter') and scope in ('company', 'team', 'rep')
                        and period_start <= as_of + 1 and quota > 0
                        and probability_of_quota < (select warn_below_probability from config.forecast)
                ) as both_ways
                group by all having max(told) <> 2 or min(told) <> 1
                """
            ),
            description="All those whose probability of quota is below the threshold are warned of, and no others.",
            advice=FAULT,
            keys=PERIOD,
        ),
        Check(
            name="a_warning_began_while_it_was_watched",
            table=WARNING,
            rule=NoRows("select * from checked where (below_since between observed_since and as_of) is distinct from true"),
            description="Since when somebody is in danger lies between the first forecast of the period and today.",
            advice=FAULT,
            keys=PERIOD,
        ),
        Check(
            name="a_main_cause_is_beyond_the_usual",
            table=WARNING,
            rule=NoRows(
                """
                select * from checked
                where case main_cause
                    when 'slipped' then slipped_amount > usual_slipped_amount
                    when 'lost' then lost_amount > usual_lost_amount
                    when 'too little created' then created_shortfall > 0
                    else main_cause is null
                end is distinct from true
                """
            ),
            description="What is named as the main cause is more than usually slips or is lost, or less than is usually created.",
            advice=FAULT,
            keys=PERIOD,
        ),
    )


def _capacity() -> tuple[Check, ...]:
    return (
        Check(
            name="a_ramp_is_a_share_of_a_ramped_rep",
            table=RAMP,
            rule=Between("share_of_ramped", 0, 1),
            description="What a new rep brings is between nothing and what a ramped one does.",
            advice=FAULT,
            keys=("tenure_month",),
        ),
        Check(
            name="a_plan_is_one_row",
            table=CAPACITY,
            rule=UniqueTogether(PLAN),
            description="Each quarter of a team is planned once.",
            advice=FAULT,
            keys=PLAN,
        ),
        Check(
            name="capacity_is_reps_times_productivity",
            table=CAPACITY,
            rule=NoRows(
                """
                -- Equivalents are rounded to the sixth place.
                select * from checked
                where abs(capacity - productivity * ramped_equivalents) > 0.01 * (ramped_equivalents + 1) + 1e-6 * productivity
                """
            ),
            description="What sellers can bring is how many ramped ones they are worth, times what a ramped one wins.",
            advice=FAULT,
            keys=PLAN,
        ),
        Check(
            name="hires_close_the_gap_and_no_more",
            table=CAPACITY,
            rule=NoRows(
                """
                select * from checked
                where hires_needed * productivity < capacity_gap - 0.01 * (hires_needed + 1) - 1e-12 * capacity_gap
                    or (hires_needed - 1) * productivity > capacity_gap + 0.01 * hires_needed + 1e-12 * capacity_gap
                """
            ),
            description="As many hires are named as close the gap, and not one more.",
            advice=FAULT,
            keys=PLAN,
        ),
        Check(
            name="sellers_of_teams_are_those_of_the_company",
            table=CAPACITY,
            rule=NoRows(
                """
                select period_start from checked group by period_start
                having sum(case when scope = 'company' then sellers else 0 end) <> sum(case when scope = 'team' then sellers else 0 end)
                """
            ),
            description="The sellers of all teams are the company's.",
            advice=FAULT,
            keys=("period_start",),
        ),
    )
