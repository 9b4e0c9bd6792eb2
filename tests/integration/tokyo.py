"""A company in Tokyo, small enough to be run often: what the tests of the job itself run.

Belongs here: its files. Does not belong here: what must come of them (test_dagster_job.py, test_serve.py).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from nights import settings_for

from funnelcast.settings import Settings

_CONFIG = "company: {timezone: Asia/Tokyo, currency: JPY}\n"
_DEALS = """\
opportunity_id,stage,created_at,closed_at,owner_id,amount
T1,won,2026-10-01,2026-11-09,u1,100
T2,closing,2026-10-02,,u1,200
T3,lost,2026-10-05,2026-11-10,u2,300
"""
_MORE_DEALS = """\
opportunity_id,stage,created_at,closed_at,owner_id,amount
T1,won,2026-10-01,2026-11-09,u1,100
T2,won,2026-10-02,2026-11-10,u1,200
T3,lost,2026-10-05,2026-11-10,u2,300
T4,prospecting,2026-11-11,,u2,400
"""


def deliver(folder: Path) -> Settings:
    """Two nights of users and deals: Ada changes teams on 10 November."""
    config = folder / "sales_process.yml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(_CONFIG, encoding="utf-8")
    settings = settings_for(folder / "home", folder / "landing", config)
    _put(settings, "user/user_2026-11-08.csv", "user_id,name,team\nu1,Ada,East\nu2,Ben,West\n")
    _put(settings, "user/user_2026-11-10.csv", "user_id,name,team\nu1,Ada,West\nu2,Ben,West\n")
    _put(settings, "opportunity/opportunity_2026-11-10.csv", _DEALS)
    return settings


def deliver_another_night(settings: Settings) -> None:
    _put(settings, "opportunity/opportunity_2026-11-11.csv", _MORE_DEALS)


def copy(settings: Settings, folder: Path) -> Settings:
    """The same company elsewhere, home and all."""
    shutil.copytree(settings.home.parent, folder, symlinks=True)
    return settings_for(folder / "home", folder / "landing", folder / "sales_process.yml")


def _put(settings: Settings, name: str, text: str) -> None:
    path = settings.landing / "generic" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
