"""Python's rows → a table in DuckDB, all at once.

Belongs here: the one way in which ingestion writes rows that it made itself. Does not belong here: which rows, or delivered ones
(readers/).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Insert rows of as many values as ``table`` has columns, in its order.

    A column at a time: `executemany` is a statement per row, and takes 1.2 ms for each.
    """
    if not rows:
        return
    import numpy as np

    columns = {f"column_{place}": np.array(values, dtype=object) for place, values in enumerate(zip(*rows, strict=True))}
    # Else the type of a column is guessed from some of its values.
    connection.execute(f"set pandas_analyze_sample = {len(rows)}")
    connection.register("rows_to_insert", columns)
    connection.execute(f"insert into {table} from rows_to_insert")
    connection.unregister("rows_to_insert")
