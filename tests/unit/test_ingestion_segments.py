"""Guards raw's `_content`, by which staging tells a changed record from a repeated one: a column that the config cuts the tables by counts."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from funnelcast.sales_process import SalesProcess
from funnelcast.settings import load_settings
from ingestion.build_database import make_build_database
from ingestion.land import land


@pytest.mark.parametrize(("segments", "contents"), [((), 1), (("Region Name",), 2)])
def test_a_change_of_a_named_segment_is_a_change(tmp_path: Path, segments: tuple[str, ...], contents: int) -> None:
    delivered = tmp_path / "landing" / "generic" / "opportunity"
    delivered.mkdir(parents=True)
    for day, region in (("2026-01-01", "East"), ("2026-01-02", "West")):
        (delivered / f"opportunity_{day}.csv").write_text(f"opportunity_id,stage,Region Name\nA,closing,{region}\n")
    settings = load_settings(home=tmp_path / "home", landing=tmp_path / "landing")
    settings.build.mkdir(parents=True)
    process = SalesProcess(segments=segments)
    make_build_database(settings, process, land(settings, process), "a build")
    with duckdb.connect(str(settings.build_database), read_only=True) as connection:
        found = connection.execute("select count(distinct _content) from raw.generic__opportunity").fetchall()
    assert found == [(contents,)]
