"""Nights that several tests look at: each data set is run once per session."""

from __future__ import annotations

from pathlib import Path

import pytest
import tokyo as tokyo_company
from generic_by_hand import deliver_first_night, deliver_second_night
from nights import PROJECT, SHARED_DATA, TwoNights, night

from funnelcast.settings import Settings


@pytest.fixture(scope="session")
def maven(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Maven Analytics' public practice data, read as it is."""
    landing = SHARED_DATA / "maven_crm"
    if not landing.is_dir():
        pytest.skip(f"{landing} is not there")
    home: Path = tmp_path_factory.mktemp("maven") / "home"
    return night(home, landing, PROJECT / "config" / "examples" / "maven_crm.yml")


@pytest.fixture(scope="session")
def generic_by_hand(tmp_path_factory: pytest.TempPathFactory) -> TwoNights:
    """Two nights of extracts written by hand; the second brings late history, changes and a deletion."""
    folder = tmp_path_factory.mktemp("generic")
    home, landing = folder / "home", folder / "landing"
    deliver_first_night(landing)
    first = night(home, landing).published.resolve()
    deliver_second_night(landing)
    settings = night(home, landing)
    return TwoNights(settings, first, settings.published.resolve())


@pytest.fixture(scope="session")
def tokyo(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small company, one night; tests copy it to run, break and serve the copy."""
    settings = tokyo_company.deliver(tmp_path_factory.mktemp("tokyo") / "company")
    return night(settings.home, settings.landing, settings.config)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The shipped example company, as `make run` runs it."""
    home = tmp_path_factory.mktemp("sample") / "home"
    return night(home, PROJECT / "sample" / "landing", PROJECT / "config" / "sales_process.yml")
