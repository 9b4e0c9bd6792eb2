"""`funnelcast status`."""

from __future__ import annotations

from funnelcast.commands.options import Home
from funnelcast.settings import load_settings


def status(home: Home = None) -> None:
    """What is published, and how the last runs ended."""
    settings = load_settings(home=home)
    from publishing.run_log import read_runs
    from publishing.summary import published_summary

    print(published_summary(settings.home))
    runs = read_runs(settings.home)[-5:]
    print("\nLast runs")
    for record in reversed(runs):
        print(f"  {record.started_at:%Y-%m-%d %H:%M} UTC  {record.outcome}")
