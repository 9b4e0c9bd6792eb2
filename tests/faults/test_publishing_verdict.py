"""Assumes: nothing reaches readers without the gate's verdict on this very build, whatever launched
publishing.

Guards publishing/release.py and publishing/demands.py (FAULTS 42b, promise P2). If one of these fails,
published tables can hold data that no check has seen.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from publishing_home import (
    ERRORED,
    FAILED,
    PASSED,
    STARTED_AT,
    WARNED,
    copy_home,
    make_build,
    publish_build,
    settings_of,
    what_is_wrong,
    write_verdict,
)

from funnelcast.settings import Settings
from publishing.errors import PublishFailed, PublishRefused
from publishing.release import publish
from quality.verdict import Verdict


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has published run-1, with the build of run-2, which the gate has passed."""
    home = tmp_path_factory.mktemp("ready") / "home"
    publish_build(home, "run-1", marker=1)
    make_build(home, "run-2", marker=2)
    return home


def _no_verdict(settings: Settings) -> None:
    settings.verdict_file.unlink()


def _half_a_verdict(settings: Settings) -> None:
    settings.verdict_file.write_text(settings.verdict_file.read_text()[:200])


def _failed(settings: Settings) -> None:
    write_verdict(settings, "run-2", [PASSED, FAILED])


def _errored(settings: Settings) -> None:
    write_verdict(settings, "run-2", [PASSED, ERRORED])


def _an_errored_warning(settings: Settings) -> None:
    write_verdict(settings, "run-2", [PASSED, replace(ERRORED, severity="warn")])


def _no_check_at_all(settings: Settings) -> None:
    write_verdict(settings, "run-2", [])


def _passed_said_of_failed_checks(settings: Settings) -> None:
    _failed(settings)
    settings.verdict_file.write_text(
        settings.verdict_file.read_text().replace('"status": "failed"', '"status": "passed"', 1)
    )


def _verdict_on_another_build(settings: Settings) -> None:
    write_verdict(settings, "run-1", [PASSED])


def _build_of_another_run(settings: Settings) -> None:
    _change(settings, "update config.run set build_id = 'run-1'")


def _build_without_an_id(settings: Settings) -> None:
    _change(settings, "delete from config.run")


def _no_build(settings: Settings) -> None:
    settings.build_database.unlink()


def _corrupt_build(settings: Settings) -> None:
    settings.build_database.write_bytes(b"not a database" * 1000)


def _a_value_changed_after_the_gate(settings: Settings) -> None:
    _change(settings, "update marts.fct_opportunity set amount = amount + 0.01 where opportunity_id = 'D7'")


def _a_row_doubled_after_the_gate(settings: Settings) -> None:
    _change(settings, "insert into marts.fct_opportunity from marts.fct_opportunity where opportunity_id = 'D7'")


def _a_table_added_after_the_gate(settings: Settings) -> None:
    _change(settings, "create table marts.rpt_extra as select 1 as one")


def _a_table_dropped_after_the_gate(settings: Settings) -> None:
    _change(settings, "drop table marts.dim_marker")


def _a_digest_tampered_with(settings: Settings) -> None:
    verdict = Verdict.read(settings.verdict_file)
    replace(verdict, table_digests={**verdict.table_digests, "dim_marker": "00" * 32}).write(settings.verdict_file)


def _no_marts(settings: Settings) -> None:
    _change(settings, "create table main.ops_file as from marts.ops_file; drop schema marts cascade")
    write_verdict(settings, "run-2", [PASSED])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_verdict, "there is no verdict of the gate"),
        (_half_a_verdict, "cannot be read"),
        (_failed, "the gate refused the tables of run run-2"),
        (_errored, "the gate could not finish"),
        (_an_errored_warning, "the gate could not finish"),
        (_no_check_at_all, "the gate could not finish"),
        (_passed_said_of_failed_checks, "says passed, but its checks say failed"),
        (_verdict_on_another_build, "the gate's verdict is on build run-1"),
        (_build_of_another_run, "holds the build of run-1"),
        (_build_without_an_id, "cannot be read"),
        (_no_build, "is gone"),
        (_corrupt_build, "cannot be read"),
        (_a_value_changed_after_the_gate, "not those that the gate judged (marts.fct_opportunity)"),
        (_a_row_doubled_after_the_gate, "not those that the gate judged (marts.fct_opportunity)"),
        (_a_table_added_after_the_gate, "not those that the gate judged (marts.rpt_extra)"),
        (_a_table_dropped_after_the_gate, "not those that the gate judged (marts.dim_marker)"),
        (_a_digest_tampered_with, "not those that the gate judged (marts.dim_marker)"),
        (_no_marts, "cannot be read"),
    ],
)
def test_what_the_gate_did_not_pass_is_not_published(
    ready: Path, tmp_path: Path, spoil: Callable[[Settings], None], said: str
) -> None:
    home = tmp_path / "home"
    settings = copy_home(ready, home)
    spoil(settings)
    before = _everything_published(home)

    with pytest.raises(PublishRefused) as refused:
        publish(settings, "run-2", STARTED_AT)

    assert said in str(refused.value)
    assert str(refused.value).startswith("Nothing was published")
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 3
    assert _everything_published(home) == before
    assert what_is_wrong(home) is None


def test_what_the_gate_passed_is_published(ready: Path, tmp_path: Path) -> None:
    """Without this, the refusals above could have any reason."""
    settings = copy_home(ready, tmp_path / "home")
    publish(settings, "run-2", STARTED_AT)
    assert settings.published.readlink() == Path("releases/run-2")
    assert what_is_wrong(tmp_path / "home") is None


def test_a_failed_warning_is_published_and_shown(tmp_path: Path) -> None:
    settings = make_build(tmp_path, "run-1")
    write_verdict(settings, "run-1", [PASSED, WARNED])

    release = publish(settings, "run-1", STARTED_AT)

    assert (release.run.checks_passed, release.run.checks_failed) == (1, 1)
    with duckdb.connect(str(release.folder / "funnelcast.duckdb"), read_only=True) as connection:
        found = connection.execute("select check_name, status from marts.ops_check order by all").fetchall()
    assert found == [("amounts_are_plausible", "failed"), ("every_deal_has_a_stage", "passed")]


def test_what_parquet_cannot_hold_is_not_published_as_something_else(tmp_path: Path) -> None:
    """DuckDB writes a HUGEINT to Parquet as a double, without a word."""
    settings = make_build(tmp_path, "run-1")
    _change(settings, "create table marts.rpt_total as select sum(i) as total from range(9) as r(i)")
    write_verdict(settings, "run-1", [PASSED])

    with pytest.raises(PublishRefused, match=r"marts\.rpt_total"):
        publish(settings, "run-1", STARTED_AT)


@pytest.mark.parametrize("run_id", ["", "..", "../x", "a/b", ".hidden"])
def test_a_run_id_that_names_no_folder_is_not_used_as_one(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(ValueError, match="names no folder"):
        publish(settings_of(tmp_path), run_id, STARTED_AT)


def test_a_published_folder_that_people_made_is_not_destroyed(tmp_path: Path) -> None:
    publish_build(tmp_path, "run-1")
    settings = make_build(tmp_path, "run-2", marker=2)
    shutil.copytree(settings.published.resolve(), tmp_path / "copy")
    settings.published.unlink()
    (tmp_path / "copy").rename(settings.published)

    with pytest.raises(PublishFailed, match="is a folder and not the link"):
        publish(settings, "run-2", STARTED_AT)

    assert (settings.published / "funnelcast.duckdb").is_file()
    assert sorted(path.name for path in settings.releases.iterdir()) == ["run-1"]


def _change(settings: Settings, statement: str) -> None:
    with duckdb.connect(str(settings.build_database)) as build:
        build.execute(statement)


def _everything_published(home: Path) -> dict[str, object]:
    """Names, links and content of all but the build: what a refusal must leave as it is."""
    return {
        str(path.relative_to(home)): path.readlink() if path.is_symlink() else path.is_dir() or path.read_bytes()
        for path in home.rglob("*")
        if "build" not in path.relative_to(home).parts
    }
