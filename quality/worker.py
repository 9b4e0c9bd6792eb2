"""The gate as a process: `python -m quality.worker`.

Belongs here: the protocol. The process imports Great Expectations at once (seconds, spent while dbt builds),
then reads one line of JSON from its standard input and judges that build:

    {"database": …, "build_id": …, "verdict_file": …, "docs_dir": …, "thresholds": {…}}

It writes the verdict's file, then Data Docs, and ends with 0, whatever the verdict. Standard input that ends without a request
ends it with 0 too. A request it cannot read ends it with 2, and a crash with 1; a crash also writes an
errored verdict, so that the verdict's file never speaks of an earlier build. Nothing is printed except the
reason of a 1 or 2.

Does not belong here: how a build is judged (gate.py).
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

from quality.gate import GateRequest, crashed, run_gate

FIELDS = ("database", "build_id", "verdict_file", "docs_dir", "thresholds", "memory")


def main() -> int:
    """Serve one request; returns the exit code."""
    line = sys.stdin.readline()
    if not line.strip():
        return 0
    try:
        request = parse(line)
    except ValueError as error:
        print(f"quality.worker: {error}", file=sys.stderr)
        return 2
    request.verdict_file.unlink(missing_ok=True)
    try:
        run_gate(request, decided=lambda verdict: verdict.write(request.verdict_file))
    except Exception as error:  # noqa: BLE001 - told on stderr, in the verdict and by the exit code
        traceback.print_exc()
        # A verdict that was given stands: somebody may be publishing by it while the pages fail.
        if not request.verdict_file.is_file():
            crashed(request.build_id, error).write(request.verdict_file)
        return 1
    return 0


def parse(line: str) -> GateRequest:
    """Read a request; raises `ValueError` naming what is wrong with it."""
    content = json.loads(line)
    if not isinstance(content, dict) or set(content) != set(FIELDS):
        raise ValueError(f"expected one JSON object with {', '.join(FIELDS)}")
    return GateRequest(
        database=Path(content["database"]),
        build_id=str(content["build_id"]),
        verdict_file=Path(content["verdict_file"]),
        docs_dir=Path(content["docs_dir"]),
        thresholds=dict(content["thresholds"]),
        memory=content["memory"],
    )


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Great Expectations keeps DuckDB objects in module-level caches, and DuckDB's bindings print pages of
    # "leaked function" about them when the interpreter is torn down. Everything is written and closed by now,
    # so leave without the teardown.
    os._exit(code)
