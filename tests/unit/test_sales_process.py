"""The sales process: validated when read; a mistake is told in one sentence by file, key and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from funnelcast.errors import UsageError
from funnelcast.sales_process import SalesProcess, load_sales_process
from ingestion.process_tables import CANONICAL_STAGES, process_tables, write_process_tables

PROJECT = Path(__file__).resolve().parents[2]
STAGES = [
    {"label": "Demo", "key": "demo", "phase": "engagement", "probability": 0.4},
    {"label": "Offer", "key": "offer", "phase": "closing", "probability": 0.6},
    {"label": "Signed", "key": "signed", "phase": "won", "probability": 1},
    {"label": "Gone", "key": "gone", "phase": "lost", "probability": 0},
]


def process(**changes: Any) -> dict[str, Any]:
    return {"company": {"timezone": "UTC", "currency": "USD"}, "pipelines": [{"key": "direct", "stages": STAGES}], **changes}


def read(folder: Path, content: Any) -> SalesProcess:
    path = folder / "sales_process.yml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return load_sales_process(path)


@pytest.mark.parametrize("path", sorted((PROJECT / "config").rglob("*.yml")), ids=lambda path: path.name)
def test_every_shipped_config_is_valid(path: Path) -> None:
    load_sales_process(path)


@pytest.mark.parametrize("content", ["", "# nothing but a comment\n", "{}\n"])
def test_an_empty_config_is_the_default_one(tmp_path: Path, content: str) -> None:
    """DESIGN section 6: calendar year, Monday weeks, UTC, the currency of the data."""
    found = read(tmp_path, content)
    assert found == SalesProcess() == load_sales_process(None)
    assert found.company.model_dump() == {
        "name": "the company",
        "timezone": "UTC",
        "currency": None,
        "rates_stand_for_days": 7,
        "fiscal_year_start_month": 1,
        "week_starts_on": "monday",
    }


PIPELINE: dict[str, Any] = {"key": "direct", "stages": STAGES}
MISTAKES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "a stage without its probability": (
        process(pipelines=[{**PIPELINE, "stages": [{"label": "Demo", "key": "demo", "phase": "engagement"}, *STAGES[1:]]}]),
        ("pipelines[0].stages[0].probability", "it is missing, and required"),
    ),
    "a forecast for a scope that is none": (
        process(forecast={"scopes": ["region"]}),
        ("forecast.scopes[0]", "'team'", "'region'"),
    ),
    "a forecast scope twice": (
        process(forecast={"scopes": ["team", "team"]}),
        ("forecast: forecast scope 'team' is given twice",),
    ),
    "a segment that is a scope as it is": (
        process(segments=["Region", "Product"]),
        ("segments: every table is cut by 'product'",),
    ),
    "a segment twice": (process(segments=["Region", "region"]), ("segment 'region' is given twice",)),
    "a method that is none": (
        process(forecast={"methods": ["gut_feeling"]}),
        ("forecast.methods[0]", "'static_weighted'", "'gut_feeling'"),
    ),
    "replays of a period that is none": (process(forecast={"replays": {"day": 3}}), ("forecast.replays.day", "'week'")),
    "a probability above one": (
        process(forecast={"warn_below_probability": 50}),
        ("forecast.warn_below_probability", "found 50"),
    ),
    "unknown key at the top": (process(compnay={}), ("compnay: unknown key; expected one of run, company",)),
    "unknown key of a company": (
        process(company={"tz": "UTC"}),
        ("company.tz: unknown key; expected one of name, timezone",),
    ),
    "unknown key of a stage": (
        process(pipelines=[{**PIPELINE, "stages": [{**STAGES[0], "probabilty": 0.5}, *STAGES[1:]]}]),
        ("pipelines[0].stages[0].probabilty: unknown key; expected one of label, key, phase, probability",),
    ),
    "wrong type": (process(pipelines="direct"), ("pipelines:", "found 'direct'")),
    "probability in per cent": (
        process(pipelines=[{**PIPELINE, "stages": [{**STAGES[0], "probability": 40}, *STAGES[1:]]}]),
        ("pipelines[0].stages[0].probability", "less than or equal to 1", "found 40"),
    ),
    "unknown phase": (
        process(pipelines=[{**PIPELINE, "stages": [{**STAGES[0], "phase": "demo"}, *STAGES[1:]]}]),
        ("pipelines[0].stages[0].phase", "'prospecting'", "found 'demo'"),
    ),
    "key that is no name": (
        process(pipelines=[{**PIPELINE, "key": "New Business"}]),
        ("pipelines[0].key", "found 'New Business'"),
    ),
    "no lost stage": (
        process(pipelines=[{**PIPELINE, "stages": STAGES[:3]}]),
        ("pipelines[0]", "'direct' has no stage whose phase is 'lost'"),
    ),
    "no won stage": (
        process(pipelines=[{**PIPELINE, "stages": [*STAGES[:2], STAGES[3]]}]),
        ("has no stage whose phase is 'won'",),
    ),
    "no open stage": (
        process(pipelines=[{**PIPELINE, "stages": [*STAGES[2:], {**STAGES[3], "key": "lost2", "label": "L"}]}]),
        ("expected the open stages first",),
    ),
    "an open stage after won": (
        process(pipelines=[{**PIPELINE, "stages": [STAGES[0], STAGES[2], STAGES[1], STAGES[3]]}]),
        ("the open stages first",),
    ),
    "a stage key twice": (
        process(pipelines=[{**PIPELINE, "stages": [STAGES[0], {**STAGES[1], "key": "demo"}, *STAGES[2:]]}]),
        ("stage key 'demo' is given twice",),
    ),
    "a stage label twice, in another case": (
        process(pipelines=[{**PIPELINE, "stages": [STAGES[0], {**STAGES[1], "label": "DEMO"}, *STAGES[2:]]}]),
        ("stage label 'demo' is given twice",),
    ),
    "a retired label that is a stage's": (
        process(pipelines=[{**PIPELINE, "retired": [{"label": "demo", "key": "offer"}]}]),
        ("stage label 'demo' is given twice",),
    ),
    "a retired label of no stage": (
        process(pipelines=[{**PIPELINE, "retired": [{"label": "Verbal", "key": "verbal"}]}]),
        ("the retired label 'Verbal' names the stage 'verbal'; expected one of demo, offer, signed, gone",),
    ),
    "an entry stage that is closed": (
        process(pipelines=[{**PIPELINE, "entry_stage": "signed"}]),
        ("entry_stage is 'signed'; expected one of demo, offer",),
    ),
    "a pipeline twice": (
        process(pipelines=[PIPELINE, {**PIPELINE, "labels": ["x"]}]),
        ("pipeline key 'direct' is given twice",),
    ),
    "a pipeline's label twice": (
        process(pipelines=[{**PIPELINE, "labels": ["A"]}, {**PIPELINE, "key": "other", "labels": ["a"]}]),
        ("pipeline label 'a' is given twice",),
    ),
    "two pipelines without labels": (
        process(pipelines=[PIPELINE, {**PIPELINE, "key": "other"}]),
        ("direct, other have no labels; expected at most one",),
    ),
    "a lead source in two motions": (
        process(motions={"inbound": ["Web"], "outbound": ["web"]}),
        ("lead source 'web' is given twice",),
    ),
    "an unknown motion": (process(motions={"sideways": ["Web"]}), ("motions.sideways",)),
    "no such timezone": (
        process(company={"timezone": "Europe/Springfield"}),
        ("company.timezone", "'Europe/Springfield' is not a timezone"),
    ),
    "a currency that is no code": (process(company={"currency": "dollars"}), ("company.currency", "found 'dollars'")),
    "month thirteen": (process(company={"fiscal_year_start_month": 13}), ("company.fiscal_year_start_month", "found 13")),
    "a weekday abbreviated": (
        process(company={"week_starts_on": "Mon"}),
        ("company.week_starts_on", "'monday'", "found 'Mon'"),
    ),
    "a number format of its own": (
        process(objects={"opportunity": {"numbers": "1'234.5"}}),
        ("objects.opportunity.numbers",),
    ),
    "a delivery of its own": (
        process(objects={"opportunity": {"delivery": "weekly"}}),
        ("objects.opportunity.delivery", "'full'"),
    ),
    "a date that is none": (
        process(objects={"opportunity": {"extracted_on": "soon"}}),
        ("objects.opportunity.extracted_on",),
    ),
    "a threshold that is no number": (process(gate={"late_days": "many"}), ("gate.late_days", "found 'many'")),
    "an unknown key of a rule": (
        process(qualification={"rules": [{"attribute": "title", "iss": "known", "points": 1}]}),
        ("qualification.rules[0]",),
    ),
    "a list without values": (
        process(qualification={"rules": [{"attribute": "title", "is": "one_of", "points": 1}], "tiers": [{"key": "a"}]}),
        ("qualification.rules[0]", "the rule on 'title', one_of: expected `values`"),
    ),
    "a number rule on text": (
        process(ideal_customer={"rules": [{"attribute": "country", "is": "at_least", "value": 3, "points": 1}]}),
        ("ideal_customer.rules[0]", "country is text; expected one of one_of, not_one_of, contains, known"),
    ),
    "a range turned round": (
        process(ideal_customer={"rules": [{"attribute": "employees", "is": "between", "values": [9, 3], "points": 1}]}),
        ("ideal_customer.rules[0]", "expected `values`, two numbers, the smaller first"),
    ),
    "numbers in a list of texts": (
        process(ideal_customer={"rules": [{"attribute": "plan", "is": "one_of", "values": [1, 2], "points": 1}]}),
        ("ideal_customer.rules[0]", "expected texts; put numbers in quotes"),
    ),
    "points that are none": (
        process(ideal_customer={"rules": [{"attribute": "employees", "is": "known", "points": "many"}]}),
        ("ideal_customer.rules[0].points", "found 'many'"),
    ),
    "rules without tiers": (
        process(qualification={"rules": [{"attribute": "title", "is": "known", "points": 1}]}),
        ("qualification: expected both `rules` and `tiers`",),
    ),
    "tiers out of order": (
        process(
            qualification={
                "rules": [{"attribute": "title", "is": "known", "points": 1}],
                "tiers": [{"key": "a", "from": 1}, {"key": "b", "from": 5}, {"key": "c"}],
            }
        ),
        ("qualification: expected the tiers from the highest `from` to the lowest",),
    ),
    "a last tier that begins somewhere": (
        process(
            qualification={
                "rules": [{"attribute": "title", "is": "known", "points": 1}],
                "tiers": [{"key": "a", "from": 5}, {"key": "b", "from": 1}],
            }
        ),
        ("the last tier, 'b', takes what the others leave; expected no `from`",),
    ),
    "a tier in the middle without a beginning": (
        process(
            qualification={
                "rules": [{"attribute": "title", "is": "known", "points": 1}],
                "tiers": [{"key": "a", "from": 5}, {"key": "b"}, {"key": "c"}],
            }
        ),
        ("every tier but the last needs `from`",),
    ),
    "a person's attribute of a customer": (
        process(
            ideal_customer={"rules": [{"attribute": "title", "is": "known", "points": 1}], "tiers": [{"key": "a"}]},
        ),
        ("ideal_customer.rules[0]: title is of a person or a lead", "expected it under `qualification`"),
    ),
    "a hand-over of islands": (
        process(handovers=[{"stage": "demo", "from": "sdr", "to": "ae"}]),
        ("handovers: in the sales model 'island' nobody hands over",),
    ),
    "a hand-over at no stage": (
        process(sales_model="pod", handovers=[{"stage": "dem", "from": "sdr", "to": "ae"}]),
        ("handovers[0]: stage is 'dem'; expected one of demo, gone, offer, signed",),
    ),
    "a hand-over in no pipeline": (
        process(sales_model="pod", handovers=[{"pipeline": "x", "stage": "demo", "from": "sdr", "to": "ae"}]),
        ("handovers[0]: pipeline is 'x'; expected one of direct",),
    ),
    "a hand-over to no role": (
        process(sales_model="pod", roles={"sdr": ["SDR"]}, handovers=[{"stage": "demo", "from": "sdr", "to": "ae"}]),
        ("handovers[0]: role is 'ae'; expected one of sdr",),
    ),
    "a role's name twice": (
        process(roles={"sdr": ["Rep"], "ae": ["rep"]}),
        ("role label 'rep' is given twice",),
    ),
    "credit for more than a deal": (
        process(credit={"sourced": 0.5, "worked": 0.5, "closed": 0.5}),
        ("credit: sourced, worked and closed add up to 1.5; expected 1",),
    ),
    "not a mapping": ("- a\n- b\n", ("expected a mapping of settings at the top, found list",)),
    "not YAML": ("company: [\n", ("expected YAML in UTF-8",)),
    "a tab": ("company:\n\tname: x\n", ("expected YAML in UTF-8",)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_sentence(tmp_path: Path, mistake: str) -> None:
    content, words = MISTAKES[mistake]
    with pytest.raises(UsageError) as caught:
        read(tmp_path, content)
    sentence = str(caught.value)
    assert sentence.startswith(f"{tmp_path / 'sales_process.yml'}: ")
    assert "\n" not in sentence
    assert sentence.endswith(".")
    for expected in words:
        assert expected in sentence


def test_more_than_one_mistake_is_counted(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\(and 2 more problems\)"):
        read(tmp_path, {"a": 1, "b": 2, "c": 3})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.yml: the config file cannot be read \(No such file or directory\)"):
        load_sales_process(tmp_path / "missing.yml")
    with pytest.raises(UsageError, match="cannot be read"):
        load_sales_process(tmp_path)
    (tmp_path / "latin.yml").write_bytes("company: {name: Müller}\n".encode("cp1252"))
    with pytest.raises(UsageError, match=r"latin\.yml: expected YAML in UTF-8"):
        load_sales_process(tmp_path / "latin.yml")


def test_yaml_cannot_run_anything(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected YAML"):
        read(tmp_path, "company: !!python/object/apply:os.system ['touch /tmp/owned']\n")


def test_the_process_as_tables(tmp_path: Path) -> None:
    """DESIGN section 6: rules are rows. Orders and the entry stage are worked out once, here."""
    import duckdb

    content = process(
        pipelines=[{**PIPELINE, "retired": [{"label": "Verbal", "key": "offer"}], "labels": ["Direct", "New"]}],
        motions={"inbound": ["Web"]},
        segments=["Region Name"],
        sales_model="assembly_line",
        roles={"sdr": ["SDR East"]},
        handovers=[{"stage": "demo", "from": "sdr", "to": "sdr"}],
        ideal_customer={
            "rules": [
                {"attribute": "plan", "is": "one_of", "values": ["Gold", "Tin"], "points": 5},
                {"attribute": "employees", "is": "at_least", "value": 10, "points": -2},
            ],
            "tiers": [{"key": "a", "from": 3}, {"key": "b"}],
        },
    )
    write_process_tables(read(tmp_path, content), tmp_path / "config")
    with duckdb.connect() as connection:
        tables = {
            name: connection.execute(f"select * from read_parquet('{tmp_path / 'config' / f'{name}.parquet'}')").fetchall()
            for name in process_tables()
        }
    assert tables["pipeline_label"] == [("direct", "Direct"), ("direct", "New")]
    assert tables["stage"] == [
        ("direct", "Demo", "demo", 1, "engagement", 0.4, False, True),
        ("direct", "Offer", "offer", 2, "closing", 0.6, False, False),
        ("direct", "Signed", "signed", 3, "won", 1.0, False, False),
        ("direct", "Gone", "gone", 4, "lost", 0.0, False, False),
        ("direct", "Verbal", "offer", 2, "closing", 0.6, True, False),
    ]
    assert [row[0] for row in tables["canonical_stage"]] == [name for name, _, _ in CANONICAL_STAGES]
    assert [row[-1] for row in tables["canonical_stage"]] == [True, False, False, False, False, False]
    assert tables["motion"] == [("Web", "inbound")]
    assert tables["segment_column"] == [("region_name", "region_name")]
    assert tables["role"] == [("SDR East", "sdr")]
    assert tables["handover"] == [(None, "demo", "sdr", "sdr")]
    assert [(part, order, float(weight)) for part, order, weight in tables["credit"]] == [
        ("sourced", 1, 0.2),
        ("worked", 2, 0.3),
        ("closed", 3, 0.5),
    ]
    assert tables["score_attribute"] == [("plan",)]
    assert tables["score_rule"] == [
        ("fit", 1, "plan", "one_of", "gold", None, None, 5),
        ("fit", 1, "plan", "one_of", "tin", None, None, 5),
        ("fit", 2, "employees", "at_least", None, 10.0, None, -2),
    ]
    assert tables["score_tier"] == [("fit", "a", 1, 3), ("fit", "b", 2, None)]


def test_contested_definitions_as_tables(tmp_path: Path) -> None:
    import duckdb

    defined = {
        "slipped": "not_closed",
        "created_from_stage": {"direct": "offer"},
        "closed_amount": "first",
        "amount_column": "arr",
        "past_periods": "frozen",
        "velocity_opportunities": "open_in_period",
        "closed_on": "close_date",
    }
    write_process_tables(read(tmp_path, process(definitions=defined)), tmp_path / "config")
    with duckdb.connect() as connection:
        found = {
            name: connection.execute(f"from read_parquet('{tmp_path / 'config' / f'{name}.parquet'}')").fetchall()
            for name in ("definition", "created_from_stage")
        }
    assert found == {
        "definition": [("not_closed", "first", "arr", "frozen", "open_in_period", "close_date")],
        "created_from_stage": [("direct", "offer")],
    }


@pytest.mark.parametrize(
    ("created_from", "said"),
    [
        ({"direct": "signed"}, "has no open stage 'signed'; expected one of demo, offer"),
        ({"other": "demo"}, "names the pipeline 'other'"),
    ],
)
def test_a_deal_is_created_from_an_open_stage_of_a_known_pipeline(
    tmp_path: Path, created_from: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        read(tmp_path, process(definitions={"created_from_stage": created_from}))


def test_replays_that_are_not_set_keep_their_default(tmp_path: Path) -> None:
    forecast = read(tmp_path, process(forecast={"replays": {"month": 12}})).forecast
    assert {period: forecast.replays_of(period) for period in ("week", "month", "quarter", "year")} == {
        "week": 26,
        "month": 12,
        "quarter": 12,
        "year": 5,
    }
