"""Parquet: every type as text in one way, and a file that is not whole is refused by name (FAULTS 21, 51)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ingestion.readers import ReadResult, UnreadableFile, check, open_file


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        # Where the machine stands must not matter.
        made.execute("set timezone = 'Asia/Tokyo'")
        yield made


def written(folder: Path, query: str) -> Path:
    path = folder / "delivered.parquet"
    with duckdb.connect() as writer:
        writer.execute(f"copy ({query}) to '{path}' (format parquet)")
    return path


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[ReadResult, list[tuple[str | None, ...]]]:
    target = path.parent / "loaded.parquet"
    checked = check(path, "parquet", None, path.parent)
    result = open_file(connection, checked, "parquet", lambda columns: True, path.parent).load("'x' as _file", target)
    found = connection.execute(f"select * exclude (_file) from read_parquet('{target}')").fetchall()
    return result, found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("'text'", "text"),
        ("12::bigint", "12"),
        ("12.50::decimal(18, 2)", "12.50"),
        ("1234567890123456789012.5::decimal(38, 2)", "1234567890123456789012.50"),
        # pandas writes a column of whole numbers with a null in it as floats
        ("12::double", "12"),
        ("12.25::double", "12.25"),
        ("'nan'::double", "nan"),
        ("true", "true"),
        ("date '2026-11-22'", "2026-11-22"),
        ("timestamp '2026-11-22 10:11:12'", "2026-11-22T10:11:12"),
        ("timestamp '2026-11-22 10:11:12.5'", "2026-11-22T10:11:12.5"),
        ("timestamptz '2026-11-22 10:11:12+02'", "2026-11-22T08:11:12Z"),
        ("[1, 2]", "[1,2]"),
        ("{'a': 1, 'b': ['x']}", '{"a":1,"b":["x"]}'),
        ("encode('text')", "text"),
        ("null::integer", None),
    ],
)
def test_values_become_text(connection: duckdb.DuckDBPyConnection, tmp_path: Path, value: str, text: str | None) -> None:
    result, found = read(connection, written(tmp_path, f"select 1 as id, {value} as value"))
    assert found == [("1", text)]
    assert (result.columns, result.rows_delivered, result.rows_loaded) == (("id", "value"), 1, 1)


def test_names_are_text(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    names = ("it's; drop", "_row", "[a]", "select")
    columns = ", ".join(f'{number} as "{name}"' for number, name in enumerate(names))
    result, found = read(
        connection, written(tmp_path, f"select {columns}, {{'x': 1, 'y': {{'z': 2}}}} as nested, 9 as last")
    )
    assert result.columns == (*names, "nested", "last")
    assert found == [("0", "1", "2", "3", '{"x":1,"y":{"z":2}}', "9")]


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused(connection: duckdb.DuckDBPyConnection, tmp_path: Path, kept: float) -> None:
    path = written(tmp_path, "select i as id, 'name ' || i as name from range(2000) t(i)")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(UnreadableFile, match="footer is missing: it was cut off"):
        read(connection, path)


def test_what_is_no_parquet_is_refused(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "delivered.parquet"
    for content in (b"id,name\n1,x\n", b"PAR1", b"PAR1" + b"x" * 40 + b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(UnreadableFile, match="Parquet"):
            read(connection, path)


@pytest.mark.parametrize(
    "query", ["select 1 as a from range(70_000_000)", "select repeat('x', 100_000) as a from range(1000)"]
)
def test_a_bomb_stops_at_the_limit(connection: duckdb.DuckDBPyConnection, tmp_path: Path, query: str) -> None:
    """FAULTS 51: a long column of one value, and one long value said often."""
    path = written(tmp_path, query)
    assert path.stat().st_size < 160_000
    with pytest.raises(UnreadableFile, match="unpacks to more than 64 MB"):
        read(connection, path)
