"""rpt_qualification_tier: leads and accounts scored by the config's rules, and what became of each tier.

A lead is scored on what it was itself delivered with: nothing is taken from an account that only converted leads have.
Of a lead that was delivered in several extracts, what it said before it was converted counts.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from benchmarks.recount.facts import Facts
from benchmarks.recount.people import deals_of_leads
from benchmarks.recount.rates import newcombe, share, wilson

Row = dict[str, Any]
UNKNOWN = "(unknown)"


def tiers(facts: Facts) -> list[Row]:
    found = []
    outcomes = _outcomes(facts)
    for score in ("fit", "qualification"):
        rules = facts.company.raw.get("ideal_customer" if score == "fit" else "qualification") or {}
        if not rules.get("rules"):
            continue
        counted: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
        for lead in facts.leads:
            if not lead.is_deleted:
                counted["lead"].append((_tier(rules, lead.before_conversion), outcomes["lead"].get((lead.system, lead.id))))
        best = _best_leads(facts, rules) if score == "qualification" else None
        for system, records in facts.records.items():
            for account in records.accounts:
                if account.is_deleted:
                    continue
                tier = best.get((system, account.id), UNKNOWN) if best is not None else _tier(rules, account.values)
                counted["account"].append((tier, outcomes["account"].get((system, account.id))))
        for subject, members in counted.items():
            found += _rows(subject, score, rules, members)
    return found


def points(rules: Row, values: Row) -> int | None:
    """The sum of the rules' points; None where none of the attributes is known."""
    asked = {rule["attribute"] for rule in rules["rules"]}
    known = {name: values[name] for name in asked if values.get(name) is not None}
    if not known:
        return None
    told_times: int = sum(
        rule["points"] for rule in rules["rules"] if rule["attribute"] in known and _holds(rule, known[rule["attribute"]])
    )
    return told_times


def tier_of(rules: Row, score: int | None) -> str:
    if score is None:
        return UNKNOWN
    for tier in rules["tiers"]:
        if tier.get("from") is None or score >= tier["from"]:
            return str(tier["key"])
    return UNKNOWN


def _tier(rules: Row, values: Row) -> str:
    return tier_of(rules, points(rules, values))


def _holds(rule: Row, value: Any) -> bool:
    match rule["is"]:
        case "known":
            return True
        case "one_of":
            return str(value).casefold() in {each.casefold() for each in rule["values"]}
        case "not_one_of":
            return str(value).casefold() not in {each.casefold() for each in rule["values"]}
        case "contains":
            return any(each.casefold() in str(value).casefold() for each in rule["values"])
        case "at_least":
            return Decimal(value) >= Decimal(str(rule["value"]))
        case "at_most":
            return Decimal(value) <= Decimal(str(rule["value"]))
        case "between":
            return Decimal(str(rule["values"][0])) <= Decimal(value) <= Decimal(str(rule["values"][1]))
    raise ValueError(rule["is"])


def _best_leads(facts: Facts, rules: Row) -> dict[tuple[str, str], str]:
    scores: dict[tuple[str, str], int] = {}
    for lead in facts.leads:
        score = points(rules, lead.values)
        if lead.account and not lead.is_deleted and score is not None:
            place = (lead.system, lead.account)
            scores[place] = max(scores.get(place, score), score)
    return {place: tier_of(rules, score) for place, score in scores.items()}


def _outcomes(facts: Facts) -> dict[str, dict[tuple[str, str], str]]:
    """won, lost or open: of what has an opportunity at all."""
    found: dict[str, dict[tuple[str, str], set[str]]] = {"lead": defaultdict(set), "account": defaultdict(set)}
    for place, deals in deals_of_leads(facts).items():
        found["lead"][place] |= {fact.life.status for fact in deals}
    for fact in facts.living:
        if fact.life.deal.account:
            found["account"][(fact.system, fact.life.deal.account)].add(fact.life.status)
    return {
        subject: {place: "won" if "won" in told else "lost" if "lost" in told else "open" for place, told in places.items()}
        for subject, places in found.items()
    }


def _rows(subject: str, score: str, rules: Row, members: list[tuple[str, str | None]]) -> list[Row]:
    order = [str(tier["key"]) for tier in rules["tiers"]]
    counts = {tier: [outcome for own, outcome in members if own == tier] for tier in (*order, UNKNOWN)}
    all_won, everybody = sum(outcome == "won" for _, outcome in members), len(members)
    found = []
    for tier, outcomes in counts.items():
        subjects = len(outcomes)
        if not subjects:
            continue
        with_deal = sum(outcome is not None for outcome in outcomes)
        won, lost = outcomes.count("won"), outcomes.count("lost")
        row: Row = {
            "subject": subject,
            "score": score,
            "tier": tier,
            "tier_order": order.index(tier) + 1 if tier in order else None,
            "subjects": subjects,
            "with_opportunity": with_deal,
            "won": won,
            "lost": lost,
        }
        for name, part, whole in (
            ("opportunity_rate", with_deal, subjects),
            ("won_rate", won, subjects),
            ("win_rate", won, won + lost),
        ):
            low, high = wilson(part, whole)
            row |= {name: share(part, whole), f"{name}_low": low, f"{name}_high": high}
        row |= _lift(won, subjects, all_won, everybody)
        row |= _next(tier, order, counts)
        found.append(row)
    return found


def _lift(won: int, subjects: int, all_won: int, everybody: int) -> Row:
    if not all_won:
        return {"lift": None}
    return {"lift": (won / subjects) / (all_won / everybody)}


def _next(tier: str, order: list[str], counts: dict[str, list[str | None]]) -> Row:
    names = ("difference_to_next_tier", "difference_to_next_tier_low", "difference_to_next_tier_high")
    lower = [each for each in order[order.index(tier) + 1 :] if counts[each]] if tier in order else []
    if not lower:
        return {**dict.fromkeys(names), "order_to_next_tier": None}
    one, other = counts[tier], counts[lower[0]]
    told = newcombe((one.count("won"), len(one)), (other.count("won"), len(other)))
    assert told is not None
    word = "holds" if told[1] > 0 else "reversed" if told[2] < 0 else "not told apart"
    return {**dict(zip(names, told, strict=True)), "order_to_next_tier": word}
