"""What more workers bring, and what a million handoffs cost.

    python benchmarks/scale.py                    # about half an hour
    python benchmarks/scale.py --quick
    python benchmarks/scale.py --rows 1000000     # only the million

Workers: one `batonpass serve --no-work` accepts a backlog; then one, two and four `batonpass worker` processes work on
one PostgreSQL (fsync on) against emulators with 80 ms ± 30 % latency in processes of their own. Rounds of the three
alternate in one run; medians are printed. Once with as many steps under way as by default and once with few: then
the vendors' latency is the bound, and the ratio shows the engine rather than this machine's cores.

Rows: a store with so many handoffs that are over, and all that belongs to them, beside an empty one in the same run,
on SQLite and on PostgreSQL; the same calls to both, in turns. Exit code 1 where one takes more than 1.5 times as long.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import scale_rows
import scale_workers
import uvloop


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: a look, no figures to quote")
    parser.add_argument("--rows", type=int, help="only the store with so many handoffs")
    parser.add_argument("--workers", action="store_true", help="only the workers")
    parser.add_argument("--backlog", type=int, help="handoffs that wait when the workers start")
    parser.add_argument("--rounds", type=int, help="with each number of workers")
    parser.add_argument(
        "--steps",
        type=int,
        nargs="+",
        default=[48, 3],
        help="steps under way in each worker; a table for each",
    )
    parser.add_argument("--store", choices=("sqlite", "postgres"), help="only this store of the two")
    asked = parser.parse_args()
    rounds = asked.rounds or (1 if asked.quick else 3)
    backlog = asked.backlog or (150 if asked.quick else 600)
    rows = asked.rows or (20_000 if asked.quick else 1_000_000)
    good = True
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        if asked.rows is None:
            for concurrency in asked.steps:
                scale_workers.compare(
                    folder / f"workers-{concurrency}", rounds=rounds, backlog=backlog, concurrency=concurrency
                )
        if not asked.workers:
            for store in ("sqlite", "postgres") if asked.store is None else (asked.store,):
                good &= uvloop.run(scale_rows.compare(folder / store, rows=rows, shared=store == "postgres"))
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
