"""Nights that several tests look at: each data set is run once per session."""

from __future__ import annotations

from pathlib import Path

import pytest
import tokyo as tokyo_company
from generic_by_hand import deliver_first_night, deliver_second_night
from nights import PROJECT, SHARED_DATA, TwoNights, night, once_a_session, prepared, remember_parsed_project, settings_for

from funnelcast.settings import Settings


@pytest.fixture(scope="session")
def maven(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Maven Analytics' public practice data, read as it is."""
    landing = SHARED_DATA / "maven_crm"
    if not landing.is_dir():
        pytest.skip(f"{landing} is not there")
    config = PROJECT / "config" / "examples" / "maven_crm.yml"
    folder = once_a_session(tmp_path_factory, "maven", lambda made: night(made / "home", landing, config))
    return _known(settings_for(folder / "home", landing, config))


@pytest.fixture(scope="session")
def generic_by_hand(tmp_path_factory: pytest.TempPathFactory) -> TwoNights:
    """Two nights of extracts written by hand; the second brings late history, changes and a deletion."""

    def two_nights(made: Path) -> None:
        deliver_first_night(made / "landing")
        first = night(made / "home", made / "landing").published.resolve()
        (made / "first").write_text(first.name, encoding="utf-8")
        deliver_second_night(made / "landing")
        night(made / "home", made / "landing")

    folder = once_a_session(tmp_path_factory, "generic_by_hand", two_nights)
    settings = _known(settings_for(folder / "home", folder / "landing"))
    first = settings.releases / (folder / "first").read_text(encoding="utf-8")
    return TwoNights(settings, first, settings.published.resolve())


@pytest.fixture(scope="session")
def tokyo(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small company, one night; tests copy it to run, break and serve the copy."""

    def one_night(made: Path) -> None:
        settings = tokyo_company.deliver(made / "company")
        night(settings.home, settings.landing, settings.config)

    company = once_a_session(tmp_path_factory, "tokyo", one_night) / "company"
    return _known(settings_for(company / "home", company / "landing", company / "sales_process.yml"))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The shipped example company, as `make run` runs it."""
    landing, config = PROJECT / "sample" / "landing", PROJECT / "config" / "sales_process.yml"
    folder = once_a_session(tmp_path_factory, "sample", lambda made: night(made / "home", landing, config))
    return _known(settings_for(folder / "home", landing, config))


def _known(settings: Settings) -> Settings:
    """Dagster finds the home where it is now, and its parsed dbt project serves the homes that come after it."""
    from orchestration.environment import prepare

    with prepared(settings):
        prepare(settings)
    remember_parsed_project(settings)
    return settings
