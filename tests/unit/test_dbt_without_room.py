"""Assumption: a full disk is told with its folder and with what is needed, not in dbt's words (FAULTS 42)."""

from __future__ import annotations

from pathlib import Path

import pytest

from funnelcast.settings import Settings
from orchestration.dbt_build import without_room


@pytest.mark.parametrize(
    "words",
    [
        "[Errno 28] No space left on device",
        'IO Error: Could not write file "/home/build/build.duckdb": No space left on device',
    ],
)
def test_a_full_disk_is_told_with_its_folder(tmp_path: Path, words: str) -> None:
    settings = Settings(home=tmp_path, landing=tmp_path)
    settings.raw.mkdir()
    (settings.raw / "a.parquet").write_bytes(b"0" * 40_000_000)
    said = without_room(words, settings)
    assert said is not None
    assert said.startswith(f"The disk of {tmp_path} is full (")
    assert "at least 200 MB" in said


def test_other_words_are_dbts_own(tmp_path: Path) -> None:
    assert without_room("Runtime Error in model", Settings(home=tmp_path, landing=tmp_path)) is None
