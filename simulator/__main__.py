"""`python -m simulator --out sample/landing --seed 20261122`: the example company's extracts and truth."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from simulator import Company, simulate, write_extracts, write_truth


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and write the files."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description="Write the example company's extracts.")
    parser.add_argument("--out", type=Path, required=True, help="the landing folder to write")
    parser.add_argument("--seed", type=int, default=20261122, help="the same seed gives the same bytes")
    parser.add_argument("--opportunities-scale", type=float, default=1.0, help="multiplies leads and opportunities")
    parser.add_argument("--format", choices=("csv.gz", "csv"), default="csv.gz", help="compressed files, or plain ones")
    parser.add_argument("--truth", type=Path, help="where to write what is true (default: truth.json beside the folder)")
    options = parser.parse_args(arguments)
    company = replace(Company(), scale=options.opportunities_scale)
    histories = simulate(company, options.seed)
    try:
        delivery = write_extracts(histories, options.out, compress=options.format == "csv.gz")
    except FileExistsError as error:
        print(error, file=sys.stderr)
        return 2
    truth = options.truth or options.out.parent / "truth.json"
    write_truth(histories, delivery, truth)
    rows = sum(delivery.files.values())
    print(f"{options.out}: {len(delivery.files)} files, {rows:,} rows, {len(histories.deals):,} opportunities")
    print(f"{truth}: what is true of them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
