"""Assumption: a run stays within the memory it is given, and in a container within the container's (FAULTS 53).

Belongs here: sizes, and DuckDB's part of them. Does not belong here: that models spill (tests/faults/test_machine.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from funnelcast import memory
from funnelcast.errors import UsageError
from funnelcast.settings import load_settings
from orchestration.environment import environment


@pytest.mark.parametrize(
    ("size", "read"),
    [
        ("2GB", 2_000_000_000),
        ("2 GiB", 2_147_483_648),
        ("1500mb", 1_500_000_000),
        ("1.5G", 1_500_000_000),
        ("2", None),
        ("much", None),
    ],
)
def test_sizes_are_read_as_duckdb_reads_them(size: str, read: int | None) -> None:
    assert memory.bytes_of(size) == read


def test_duckdb_leaves_room_for_the_rest_of_a_run() -> None:
    assert memory.as_setting(memory.for_duckdb("2GB")) == "1200MB"
    assert memory.as_setting(memory.for_duckdb("64GB")) == "63200MB"
    assert memory.as_setting(memory.for_duckdb("1GB")) == "200MB"


def _groups(folder: Path, own: str, limits: dict[str, str]) -> tuple[Path, Path]:
    for name, text in limits.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="ascii")
    (folder / "own").write_text(own, encoding="ascii")
    return folder, folder / "own"


@pytest.mark.parametrize(
    ("own", "limits"),
    [
        ("0::/\n", {"memory.max": "2147483648\n"}),
        ("0::/night\n", {"memory.max": "max\n", "night/memory.max": "2147483648\n"}),
        ("4:cpu,memory:/docker/a1\n3:cpuset:/\n0::/\n", {"memory/memory.limit_in_bytes": "2147483648\n"}),
        ("4:memory:/night\n", {"memory/memory.limit_in_bytes": "9223372036854771712\n", "memory/night/memory.limit_in_bytes": "2147483648"}),
    ],
)  # fmt: skip
def test_a_container_has_what_its_group_allows(tmp_path: Path, own: str, limits: dict[str, str]) -> None:
    assert memory.of_the_machine(*_groups(tmp_path, own, limits)) == 2**31


def test_without_groups_the_machine_is_meant(tmp_path: Path) -> None:
    machine = memory.of_the_machine(tmp_path, tmp_path / "nothing")
    assert machine > 2**28
    assert memory.of_the_machine(*_groups(tmp_path, "0::/\nodd\n", {"memory.max": "max"})) == machine


@pytest.mark.parametrize(("has", "gets"), [(2**31, "1347MB"), (24 * 2**30, "19327MB"), (2**28, "200MB")])
def test_what_is_not_set_follows_the_machine(monkeypatch: pytest.MonkeyPatch, has: int, gets: str) -> None:
    monkeypatch.setattr(memory, "of_the_machine", lambda: has)
    assert memory.as_setting(memory.for_duckdb(None)) == gets


def test_dbts_models_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FUNNELCAST_MEMORY_LIMIT", "2GB")
    told = environment(load_settings(home=tmp_path, landing=tmp_path))
    assert (told["FUNNELCAST_MEMORY_LIMIT"], told["FUNNELCAST_MODELS_MEMORY"]) == ("2GB", "1200MB")


def test_the_config_can_set_the_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FUNNELCAST_MEMORY_LIMIT", raising=False)
    config = tmp_path / "sales_process.yml"
    config.write_text("run: {memory_limit: 3GB}\n", encoding="utf-8")
    assert load_settings(config=config).memory_limit == "3GB"


@pytest.mark.parametrize("size", ["2", "plenty", "900MB"])
def test_a_size_that_is_none_or_too_small_is_said(monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    monkeypatch.setenv("FUNNELCAST_MEMORY_LIMIT", size)
    with pytest.raises(UsageError, match=f"memory_limit: expected a size of at least 1GB, such as 4GB, found '{size}'"):
        load_settings()
