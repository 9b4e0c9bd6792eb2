"""Where settings come from: flags, then FUNNELCAST_* variables, then the config file, then defaults (DESIGN section 3)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from funnelcast.errors import UsageError
from funnelcast.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "LANDING", "CONFIG", "AS_OF", "FULL_REFRESH"):
        monkeypatch.delenv(f"FUNNELCAST_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def config_file(folder: Path, text: str) -> Path:
    path = folder / "sales_process.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_are_below_the_working_folder(tmp_path: Path) -> None:
    settings = load_settings()
    assert (settings.home, settings.landing, settings.config) == (tmp_path / "data", tmp_path / "landing", None)
    assert (settings.as_of, settings.full_refresh) == (None, False)


def test_each_source_goes_before_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_file(tmp_path, "run: {home: of_config, landing: of_config}\n")
    monkeypatch.setenv("FUNNELCAST_HOME", "of_environment")
    flagged = load_settings(home=Path("of_flag"), config=config)
    assert (flagged.home.name, flagged.landing.name) == ("of_flag", "of_config")
    assert load_settings(config=config).home.name == "of_environment"
    monkeypatch.delenv("FUNNELCAST_HOME")
    assert load_settings(config=config).home.name == "of_config"


def test_a_flag_that_was_not_given_does_not_hide_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNNELCAST_AS_OF", "2026-11-22")
    monkeypatch.setenv("FUNNELCAST_FULL_REFRESH", "true")
    settings = load_settings(as_of=None, full_refresh=None)
    assert (settings.as_of, settings.full_refresh) == (date(2026, 11, 22), True)


def test_the_config_itself_can_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNNELCAST_CONFIG", str(config_file(tmp_path, "run: {landing: there}\n")))
    assert load_settings().landing == tmp_path / "there"


def test_paths_are_absolute_and_know_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "somebody"))
    settings = load_settings(home=Path("~/sales"), landing=Path("a/../b"))
    assert settings.home == tmp_path / "somebody" / "sales"
    assert settings.landing.is_absolute()


def test_everything_a_run_writes_is_below_home(tmp_path: Path) -> None:
    """DESIGN section 2: nothing is written outside home."""
    settings = Settings(home=tmp_path / "home")
    names = [name for name, member in vars(Settings).items() if isinstance(member, property)]
    paths = [value for value in (getattr(settings, name) for name in names) if isinstance(value, Path)]
    assert len(paths) >= 10
    assert all(path.is_relative_to(tmp_path / "home") for path in paths)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("AS_OF", "yesterday", ("as_of", "'yesterday'")),
        ("AS_OF", "2026-02-30", ("as_of", "'2026-02-30'")),
        ("FULL_REFRESH", "perhaps", ("full_refresh", "'perhaps'")),
    ],
)
def test_a_wrong_variable_is_named_with_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv(f"FUNNELCAST_{variable}", value)
    with pytest.raises(UsageError) as caught:
        load_settings()
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    for expected in words:
        assert expected in str(caught.value)


def test_unknown_variables_of_ours_do_not_disturb(monkeypatch: pytest.MonkeyPatch) -> None:
    """FUNNELCAST_SCHEDULE is the schedule's, FUNNELCAST_BUILD_DATABASE dbt's."""
    monkeypatch.setenv("FUNNELCAST_SCHEDULE", "* * * * *")
    monkeypatch.setenv("FUNNELCAST_BUILD_DATABASE", "/somewhere")
    assert load_settings().home.name == "data"


def test_a_config_with_a_mistake_is_told_by_file_and_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"sales_process\.yml: run\.hme: unknown key; expected one of home, landing"):
        load_settings(config=config_file(tmp_path, "run: {hme: x}\n"))


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.home = tmp_path / "other"  # type: ignore[misc]
