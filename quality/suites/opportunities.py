"""fct_opportunity: each deal once, in a stage that is known, with dates and money that can be true."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import Between, InSet, NoRows, NotBefore, NotEmpty, NotNull, UniqueTogether
from quality.thresholds import Thresholds

TABLE = "marts.fct_opportunity"
KEY = ("source_system", "opportunity_id")


def group(thresholds: Thresholds) -> Group:
    """The checks of this file."""
    return Group(
        "opportunities",
        (
            *_identity(),
            *_stage_and_status(),
            *_dates(thresholds),
            *_members(thresholds),
            *_money(thresholds),
            *_probability(thresholds),
            *_risks(),
        ),
    )


def _identity() -> tuple[Check, ...]:
    return (
        Check(
            name="there_are_opportunities",
            table=TABLE,
            rule=NotEmpty(),
            description="There is at least one opportunity.",
            advice="Look at the opportunity extract, and at the table ops_file for what became of it.",
            keys=(),
        ),
        Check(
            name="an_opportunity_is_one_row",
            table=TABLE,
            rule=UniqueTogether(KEY),
            description="Each opportunity is counted once.",
            advice="A model joined to more rows than it should: report it as a fault of Funnelcast.",
            keys=KEY,
        ),
        Check(
            name="an_opportunity_has_an_id",
            table=TABLE,
            rule=NotNull("opportunity_id"),
            description="Every opportunity has an id.",
            advice="Staging should have set such rows aside: report it as a fault of Funnelcast.",
            keys=KEY,
        ),
    )


def _stage_and_status() -> tuple[Check, ...]:
    return (
        Check(
            name="opportunity_status_is_known",
            table=TABLE,
            rule=InSet("status", ("open", "won", "lost", "deleted")),
            description="An opportunity is open, won, lost or deleted.",
            advice="Report it as a fault of Funnelcast.",
            keys=(*KEY, "status"),
        ),
        Check(
            name="the_stage_of_an_open_opportunity_is_known",
            table=TABLE,
            rule=NoRows(
                """
                select opportunity.pipeline, opportunity.stage, opportunity.opportunity_id
                from checked as opportunity
                left join marts.dim_stage as stage using (source_system, pipeline, stage)
                where opportunity.status = 'open'
                    and (stage.phase is null or opportunity.stage is null or stage.defined_by = 'unknown')
                """
            ),
            description="The stage of every open opportunity is known.",
            advice="Add the named stage to its pipeline in the config, or to `retired` as a stage of today.",
            keys=("pipeline", "stage", "opportunity_id"),
        ),
        Check(
            name="opportunity_status_fits_its_phase",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where (status in ('won', 'lost') and phase is distinct from status)
                    or (status = 'open' and phase in ('won', 'lost'))
                """
            ),
            description="Won deals stand in a won stage, lost ones in a lost one, open ones in neither.",
            advice="Compare the stage's phase in the config with what the CRM says of the deal.",
            keys=(*KEY, "status", "phase"),
        ),
    )


def _dates(thresholds: Thresholds) -> tuple[Check, ...]:
    few, share = thresholds.tolerated_rows, thresholds.vanished_share
    moments = ("created_at", "stage_entered_at", "closed_at", "deleted_at")
    late = " or ".join(f"{moment} > (select as_of_end from config.run)" for moment in moments)
    return (
        Check(
            name="an_opportunity_closed_after_it_came",
            table=TABLE,
            rule=NotBefore(later="closed_at", earlier="created_at"),
            description="No deal was closed before it was created.",
            advice="Correct the deal's dates in the CRM: sales cycles would be negative.",
            keys=KEY,
        ),
        Check(
            name="a_closed_opportunity_has_its_day",
            table=TABLE,
            rule=NoRows("select * from checked where status in ('won', 'lost') and closed_at is null"),
            description="Every deal that was won or lost has the day on which it was.",
            advice="Fill in the close date in the CRM, or deliver the stage history.",
            keys=KEY,
        ),
        Check(
            name="an_open_opportunity_has_no_closing_day",
            table=TABLE,
            rule=NoRows("select * from checked where status = 'open' and closed_at is not null"),
            description="No open deal has a day on which it was closed.",
            advice="Report it as a fault of Funnelcast: a reopened deal is open again.",
            keys=KEY,
        ),
        Check(
            name="a_deleted_opportunity_has_its_day",
            table=TABLE,
            rule=NoRows("select * from checked where (status = 'deleted') is distinct from (deleted_at is not null)"),
            description="Every deleted deal, and no other, has the day on which it disappeared.",
            advice="Report it as a fault of Funnelcast.",
            keys=KEY,
        ),
        Check(
            name="nothing_happens_to_an_opportunity_after_the_as_of_day",
            table=TABLE,
            rule=NoRows(f"select * from checked where {late}"),
            description="Nothing of a deal lies after the day that this build is as of.",
            advice="Look for dates in the future in the CRM's stage history and close dates of these deals.",
            keys=KEY,
        ),
        Check(
            name="tonight_tells_of_every_opportunity",
            table=TABLE,
            rule=NoRows("select * from checked where is_of_earlier_extract"),
            description="Every deal that is not deleted has a readable row in the newest whole-table extract.",
            advice="They keep the values of an earlier extract: `funnelcast quarantine` shows what could not be read.",
            keys=KEY,
            severity="warn",
        ),
        Check(
            name="few_open_opportunities_vanished_tonight",
            table=TABLE,
            rule=NoRows(
                f"""
                select * from (
                    select
                        *,
                        status = 'deleted' and coalesce(phase, '') not in ('won', 'lost')
                            and deleted_at >= (select as_of_end - interval 1 day from config.run) as is_gone
                    from checked
                )
                where status = 'open' or is_gone
                qualify is_gone and count(*) filter (where is_gone) over ()
                    > greatest({few}, {share} * count(*) over ())
                """
            ),
            description=f"At most {share:.0%} of the open deals disappeared from tonight's extract.",
            advice="The extract looks cut off: deliver it again; or raise gate.vanished_share.",
            keys=KEY,
        ),
        Check(
            name="nobody_lost_all_open_opportunities",
            table=TABLE,
            rule=NoRows(
                f"""
                select source_system, owner_id
                from checked
                where owner_id is not null and coalesce(phase, '') not in ('won', 'lost')
                group by all
                having count(*) filter (where status = 'open') = 0
                    and count(*) filter (
                        where status = 'deleted' and deleted_at >= (select as_of_end - interval 3 day from config.run)
                    ) > {few}
                """
            ),
            description="Nobody's open deals have all disappeared within these days.",
            advice="The extract may leave out the named people's deals: look whether the integration user may see them.",
            keys=("source_system", "owner_id"),
            severity="warn",
        ),
    )


def _members(thresholds: Thresholds) -> tuple[Check, ...]:
    few = thresholds.tolerated_rows
    owners, accounts = thresholds.placeholder_owner_share, thresholds.placeholder_account_share
    return (
        Check(
            name="few_opportunities_have_an_unknown_owner",
            table=TABLE,
            rule=NoRows(_placeholders("dim_rep", "rep_id", "owner_id", owners, few)),
            description=f"At most {owners:.1%} of the deals belong to people nobody knows.",
            advice="The user extract lacks the named ids: deliver it whole, with users who left.",
            keys=("source_system", "owner_id"),
        ),
        Check(
            name="few_opportunities_have_an_unknown_account",
            table=TABLE,
            rule=NoRows(_placeholders("dim_account", "account_id", "account_id", accounts, few)),
            description=f"At most {accounts:.1%} of the deals are with accounts nobody knows.",
            advice="The account extract lacks the named ids: deliver it whole.",
            keys=("source_system", "account_id"),
        ),
    )


def _placeholders(dimension: str, member: str, column: str, share: float, few: float) -> str:
    """SQL for the deals whose member is a placeholder, if there are too many of them.

    A system of which no member is known does not deliver them at all: that is a choice, not a fault.
    """
    return f"""
        select opportunity.* from checked as opportunity
        join marts.{dimension} as member
            on member.source_system = opportunity.source_system
            and member.{member} = opportunity.{column}
        where member.is_placeholder and exists (
            select 1 from marts.{dimension} as known
            where known.source_system = opportunity.source_system and not known.is_placeholder
        )
        qualify count(*) over () > greatest({few}, {share} * (select count(*) from checked))
    """


def _money(thresholds: Thresholds) -> tuple[Check, ...]:
    few, share, multiple = (
        thresholds.tolerated_rows,
        thresholds.without_amount_share,
        thresholds.absurd_amount_multiple,
    )
    return (
        Check(
            name="an_amount_is_not_negative",
            table=TABLE,
            rule=Between("amount", minimum=0),
            description="No deal has a negative amount.",
            advice="Correct the amounts in the CRM; credit notes are not opportunities.",
            keys=KEY,
        ),
        Check(
            name="the_reporting_currency_is_known",
            table=TABLE,
            rule=NoRows(
                """
                select string_agg(currency || ' (' || deals || ')', ', ' order by deals desc, currency) as currencies_and_deals
                from (select currency, count(*) as deals from checked where currency is not null group by currency)
                having count(*) > 1 and (select currency from config.run) is null
                """
            ),
            description="Deals in several currencies are reported in one, which the config names.",
            advice="Set `company: {currency: …}` in the config and deliver the rates of the others in generic/fx_rate, or correct the "
            "currency of the odd deals in the CRM.",
            keys=("currencies_and_deals",),
        ),
        Check(
            name="an_amount_has_its_exchange_rate",
            table=TABLE,
            rule=NoRows(
                """
                -- In which currency all would be told is another question.
                select * from checked
                where amount_original is not null and amount is null
                    and ((select currency from config.run) is not null or (select count(distinct currency) from checked) < 2)
                """
            ),
            description="Every amount could be converted into the reporting currency.",
            advice="Deliver the named currency's rate in generic/fx_rate, or correct it in the CRM.",
            keys=("currency", "opportunity_id"),
        ),
        Check(
            name="exchange_rates_are_of_their_day",
            table="intermediate.int_opportunity_amount",
            rule=NoRows(
                """
                select * from checked
                where amount is not null and rate_date < rate_day and (select rates_stand_for_days from config.run) is not null
                """
            ),
            description="Money is converted at the rate of the day it was won, or of today, unless rates stand until the next.",
            advice="The last rate of the week before was used: deliver the rates of the missing days in generic/fx_rate.",
            keys=("currency", "rate_day", "opportunity_id"),
            severity="warn",
        ),
        Check(
            name="no_amount_is_absurd",
            table=TABLE,
            rule=NoRows(
                f"""
                -- The largest thousandth, and at least the largest, says nothing about itself.
                select * from checked
                where amount > {multiple} * (
                    select max(amount) from (
                        select amount from checked where amount > 0
                        qualify row_number() over (order by amount desc) > ceil(count(*) over () / 1000.0)
                    )
                )
                """
            ),
            description=f"No amount is more than {multiple:,.0f} times what nearly all deals are worth.",
            advice="Look for cents taken for units or a number in the wrong field; correct it in the CRM.",
            keys=KEY,
            severity="warn",
        ),
        Check(
            name="most_open_opportunities_have_an_amount",
            table=TABLE,
            rule=NoRows(
                f"""
                select *
                from (select *, coalesce(amount, 0) = 0 as is_without from checked where status = 'open')
                qualify is_without and count(*) filter (where is_without) over ()
                    > greatest({few}, {share} * count(*) over ())
                """
            ),
            description=f"At most {share:.0%} of the open deals have no amount.",
            advice="Money columns cover only deals with an amount: ask the owners to fill it in.",
            keys=KEY,
            severity="warn",
        ),
    )


def _probability(thresholds: Thresholds) -> tuple[Check, ...]:
    few = thresholds.tolerated_rows
    return (
        Check(
            name="a_probability_lies_between_0_and_1",
            table=TABLE,
            rule=Between("probability", minimum=0, maximum=1),
            description="The probability that stands on a deal is a share, from 0 to 1.",
            advice="Report it as a fault of Funnelcast: what is no share should not have been published.",
            keys=(*KEY, "probability"),
        ),
        Check(
            name="delivered_probabilities_are_shares",
            table="intermediate.int_opportunity_version",
            rule=NoRows(
                f"""
                select *
                from (select *, coalesce(probability not between 0 and 1, false) as is_none from checked where valid_to is null)
                qualify is_none and count(*) filter (where is_none) over () > {few}
                """
            ),
            description="Deals are delivered with probabilities from 0 to 100 per cent.",
            advice="Others are left out. Salesforce's are percentages and HubSpot's are shares; in the generic extract all must be "
            "the one or the other: look whether the column is another one.",
            keys=(*KEY, "probability"),
            severity="warn",
        ),
    )


def _risks() -> tuple[Check, ...]:
    return (
        Check(
            name="a_last_activity_has_its_day_or_a_reason",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where (last_activity_on is null) = (last_activity_reason is null)
                    or last_activity_on > (select as_of from config.run)
                """
            ),
            description="A deal has the day of its last activity, which has passed, or says why there is none.",
            advice="Report it as a fault of Funnelcast.",
            keys=KEY,
        ),
        Check(
            name="only_open_deals_are_at_risk",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where status <> 'open' and coalesce(risk_reasons, risk_unknown, cast(is_stalled as varchar)) is not null
                """
            ),
            description="Signs that a deal may not close are given for open deals only.",
            advice="Report it as a fault of Funnelcast.",
            keys=KEY,
        ),
        Check(
            name="a_risk_that_is_not_told_has_its_reason",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where status = 'open' and risk_unknown is null
                    and (is_stalled is null or contacts is null or has_no_next_activity is null)
                """
            ),
            description="A sign that is not available for an open deal has its reason.",
            advice="Report it as a fault of Funnelcast.",
            keys=KEY,
        ),
        Check(
            name="a_win_probability_is_one_and_of_an_open_deal",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where (status <> 'open' and win_probability is not null)
                    or win_probability not between 0 and 1
                    or (win_probability is null) <> (likely_win_from is null)
                    or likely_win_to < likely_win_from
                """
            ),
            description="Open deals alone have a probability to be won, from 0 to 1, and with it the days in which that is likely.",
            advice="Report it as a fault of Funnelcast.",
            keys=KEY,
        ),
    )
