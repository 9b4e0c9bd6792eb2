"""Nights that several tests look at: each data set is run once per session."""

from __future__ import annotations

from pathlib import Path

import pytest
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
