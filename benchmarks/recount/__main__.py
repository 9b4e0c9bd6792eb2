"""The command: count the tables of one home anew and say where they differ. `python -m benchmarks.recount --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.recount.compare import Compared
from benchmarks.recount.facts import Facts
from benchmarks.recount.tables import TABLES, recount


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recount", description="Count the published tables anew, by other code."
    )
    parser.add_argument("--landing", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="the home whose published tables are compared")
    parser.add_argument("--table", action="append", choices=sorted(TABLES), help="only this table (may be given again)")
    parser.add_argument(
        "--columns", action="store_true", help="also name the columns that agree, and those that nobody counts"
    )
    asked = parser.parse_args()
    facts = Facts(asked.landing, asked.config)
    outcomes = [recount(facts, asked.home, name) for name in asked.table or TABLES]
    for outcome in outcomes:
        say(outcome, asked.columns)
    cells, wrong = sum(outcome.total for outcome in outcomes), sum(outcome.wrong for outcome in outcomes)
    print(f"together: {cells:,} cells compared, {wrong:,} differ")
    return 1 if wrong else 0


def say(outcome: Compared, every_column: bool) -> None:
    print(f"{outcome.table}: {outcome.total:,} cells compared, {outcome.wrong:,} differ")
    for column, cells in sorted(outcome.cells.items()):
        wrong = outcome.differing[column]
        if wrong or every_column:
            print(f"    {column}: {cells:,} compared, {wrong:,} differ")
        for example in outcome.examples.get(column, []):
            print(f"        {example}")
    if every_column and outcome.not_counted:
        print(f"    not counted: {', '.join(outcome.not_counted)}")


if __name__ == "__main__":
    sys.exit(main())
