"""How property tests run: never by the clock, since these machines are noisy; in CI with the same examples each time.

And which command they run: the tree's.
"""

from __future__ import annotations

import os
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable" if os.environ.get("CI") else "unhurried")


def pytest_configure() -> None:
    """An environment made before the command moved would fail in a hundred places: it is told once, with what mends it."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = {found.value for found in entry_points(group="console_scripts", name="funnelcast")}
    if installed != {project["scripts"]["funnelcast"]}:
        again = ".venv/bin/uv pip install --no-deps --no-build-isolation -e ."
        pytest.exit(
            f"The installed command is {installed}, of another version of the tree; run `{again}` first.", returncode=2
        )
