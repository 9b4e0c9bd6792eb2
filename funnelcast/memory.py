"""How much memory a run may take, and how much of it DuckDB gets.

Belongs here: reading a size, what the machine or container has, and DuckDB's part. Does not belong here: where a company sets the
limit (settings.py), and the connections that are held to it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])(I?)B?", re.IGNORECASE)
_UNITS = {"K": 1, "M": 2, "G": 3, "T": 4}
# What a run takes besides DuckDB: Python, dbt, Dagster, the gate's process, and what DuckDB does not count. With 20 million e-mail
# events a run took 680 MB more than DuckDB's limit.
_BESIDES = 800_000_000
# Of a machine with much memory, a quarter is others'.
_SHARE = 0.75
# DuckDB needs some at any rate: what is smaller fails in its first sort.
_DUCKDB_AT_LEAST = 200_000_000
_SMALLEST = _BESIDES + _DUCKDB_AT_LEAST
_CGROUPS = Path("/sys/fs/cgroup")


def bytes_of(size: str) -> int | None:
    """`2GB` is 2,000,000,000, and `2GiB` 2,147,483,648, as DuckDB reads them; None for what is no size."""
    read = _SIZE.fullmatch(size.strip())
    if read is None:
        return None
    number, unit, binary = read.groups()
    return int(float(number) * (1024 if binary else 1000) ** _UNITS[unit.upper()])


def limit(size: str | None) -> str | None:
    """A limit as a company sets it. Raises `ValueError` saying what was expected."""
    if size is not None and (bytes_of(size) or 0) < _SMALLEST:
        raise ValueError("expected a size of at least 1GB, such as 4GB")
    return size


def for_duckdb(limit: str | None) -> int:
    """The bytes that DuckDB may take of a run's limit; without one, of what the machine has."""
    whole = bytes_of(limit) if limit is not None else None
    if whole is None:
        whole = of_the_machine()
        return max(_DUCKDB_AT_LEAST, min(int(whole * _SHARE), whole - _BESIDES))
    return max(_DUCKDB_AT_LEAST, whole - _BESIDES)


def as_setting(size: int) -> str:
    """In DuckDB's words."""
    return f"{size // 1_000_000}MB"


def of_the_machine(groups: Path = _CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """The bytes of memory that this process may have: a container has less than its machine."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_limits(groups, own)])


def _limits(groups: Path, own: Path) -> list[int]:
    # A line is `number:controllers:path`; in a container the path is often the host's, and its own group lies at the root.
    try:
        lines = [line.split(":", 2) for line in own.read_text(encoding="ascii").splitlines()]
    except OSError:
        return []
    files = [groups / "memory.max", groups / "memory" / "memory.limit_in_bytes"]
    for number, controllers, path in (line for line in lines if len(line) == 3):
        if number == "0":
            files.append(groups / path.lstrip("/") / "memory.max")
        elif "memory" in controllers.split(","):
            files.append(groups / "memory" / path.lstrip("/") / "memory.limit_in_bytes")
    return [limit for file in files if (limit := _number_in(file)) is not None]


def _number_in(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    # `max` is no limit.
    return int(text) if text.isdigit() else None
