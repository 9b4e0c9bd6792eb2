"""Assumption: a verdict is passed only if every check was asked and none that refuses is red.

Publishing believes the verdict: were a crash or an empty gate told as passed, anything could be published.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from quality.verdict import CheckResult, Status, UnreadableVerdictError, Verdict, decide

GREEN = CheckResult(
    check="an_opportunity_is_one_row",
    table="marts.fct_opportunity",
    group="opportunities",
    severity="refuse",
    status="passed",
    unexpected_rows=0,
    total_rows=10,
    examples=(),
    description="Each opportunity is counted once.",
    advice="Report it.",
)
RED = replace(GREEN, status="failed", unexpected_rows=2, examples=("o1", "o2 “quoted” ü"))
WARNED = replace(RED, severity="warn")
ERRORED = replace(GREEN, status="errored", severity="warn", unexpected_rows=None, error="no such column")


def verdict_of(*checks: CheckResult) -> Verdict:
    return Verdict("b1", decide(checks), checks, {"dim_rep": "ab"}, "2026-11-23T02:00:00+00:00")


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ([GREEN], "passed"),
        ([GREEN, WARNED], "passed"),
        ([GREEN, RED], "failed"),
        ([GREEN, RED, ERRORED], "errored"),
        ([GREEN, ERRORED], "errored"),
        ([], "errored"),
    ],
)
def test_the_whole_follows_from_its_parts(checks: list[CheckResult], status: Status) -> None:
    assert decide(checks) == status


def test_a_verdict_says_what_refuses() -> None:
    verdict = verdict_of(GREEN, WARNED, RED, ERRORED)
    assert verdict.refusing() == (RED, ERRORED)


def test_a_verdict_survives_its_file(tmp_path: Path) -> None:
    verdict = verdict_of(GREEN, RED, ERRORED)
    path = tmp_path / "build" / "verdict.json"
    verdict.write(path)
    verdict.write(path)
    assert Verdict.read(path) == verdict
    assert [file.name for file in path.parent.iterdir()] == ["verdict.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"checks": [{}]}', "{"])
def test_what_is_no_verdict_is_told_so(text: str) -> None:
    with pytest.raises(UnreadableVerdictError, match="cannot be read"):
        Verdict.from_json(text)


def test_a_verdict_that_its_own_checks_contradict_is_not_believed() -> None:
    content = json.loads(verdict_of(RED).to_json()) | {"status": "passed"}
    with pytest.raises(UnreadableVerdictError, match="says passed, but its checks say failed"):
        Verdict.from_json(json.dumps(content))


def test_a_missing_verdict_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableVerdictError, match=r"verdict\.json: there is no verdict"):
        Verdict.read(tmp_path / "verdict.json")
