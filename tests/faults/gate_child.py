"""A process that asks Great Expectations about one table at a time, for the planted-defect tests.

Belongs here: the protocol between the tests and the process.
Does not belong here: what is planted, or expected.

Great Expectations takes seconds to import, and leaves DuckDB's bindings complaining at the end of a process:
so the tests keep two of these, and talk with them in lines of JSON,
{"database", "table", "thresholds"} → {check: [held, rows, error]}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 2


class GatePool:
    """Two such processes, each asked one question at a time."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(PROCESSES)
        self._own = threading.local()
        self._children: list[subprocess.Popen[str]] = []

    def ask(self, database: Path, table: str, thresholds: Mapping[str, float]) -> Future[dict[str, Any]]:
        question = {"database": str(database), "table": table, "thresholds": dict(thresholds)}
        return self._threads.submit(self._ask, json.dumps(question))

    def close(self) -> None:
        self._threads.shutdown()
        for child in self._children:
            child.communicate()

    def _ask(self, question: str) -> dict[str, Any]:
        if not hasattr(self._own, "child"):
            self._own.child = subprocess.Popen(
                [sys.executable, __file__], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._children.append(self._own.child)
        child: subprocess.Popen[str] = self._own.child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(question + "\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        assert answer, "the process died: see its error output"
        found: dict[str, Any] = json.loads(answer)
        return found


def _serve() -> None:
    sys.path.insert(0, str(ROOT))
    from quality import build_database, suites
    from quality.checks import Group
    from quality.gate import ask
    from quality.thresholds import settle
    from quality.validation import validating

    for line in sys.stdin:
        question = json.loads(line)
        database = Path(question["database"])
        with build_database.opened(database) as connection:
            present = build_database.tables(connection)
            delivered = build_database.delivered_objects(connection)
        groups = suites.collect(settle(question["thresholds"]), delivered)
        every = (check for group in groups for check in group.checks)
        checks = tuple(check for check in every if check.table == question["table"])
        with validating(database, [question["table"]], "planted", database.with_suffix(".docs")) as validation:
            found = ask(validation, Group("planted", checks), present)
        answer = {name: [told.held, told.unexpected_rows, told.error] for name, told in found.items()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
    os._exit(0)
