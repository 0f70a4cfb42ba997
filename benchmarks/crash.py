"""Kill, break, hang and starve batonpass at every failpoint; then see that nothing is lost, doubled or untrue.

    python benchmarks/crash.py                                    # everything: 25 seeds, 4 helpdesks, both stores
    python benchmarks/crash.py --point step.open_ticket.called --helpdesk zendesk --store sqlite --seeds 3
    python benchmarks/crash.py --small                            # what CI runs
    python benchmarks/crash.py --report FILE.jsonl                # goes on where an earlier run with this file ended

A run: a few handoffs, asked for by an AI agent with a key until it is answered, and by tickets; while the helpdesk
loses answers, answers late or refuses. One after the other a process of batonpass is killed, raises, hangs and finds
the disk full, at four failpoints; over the runs of a seed each of the four happens at every failpoint. On PostgreSQL
two processes share the work and one takes over from the other. In the end `batonpass.testing.invariants` looks at everything that
was acknowledged, told, opened, written and kept. Whatever is left to chance follows from the seed.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import selectors
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import structlog
import uvloop
from crash_helpdesks import STAGED
from crash_table import is_wrong, repeat_command, table
from crash_workers import work

from batonpass.testing.crash_plan import STORES, Case, Shot, together
from batonpass.testing.crash_points import crash_points
from batonpass.testing.failpoints import ACTIONS
from batonpass.testing.postgres import PostgresServer
from batonpass.testing.rehearsal import rehearse

OF_COMMANDS = ("plan.",)
"""Points that no server comes to: `batonpass apply` has its own test."""
SMALL_RUNS = 3
"""For each helpdesk on each store."""
BODY = {
    "conversation": {"turns": [{"role": "customer", "text": "Please refund one of the charges."}]},
    "customer": {"email": "mia.keller@example.com", "identity": "verified"},
}
Found = dict[str, Any]


def cases(given: argparse.Namespace) -> list[Case]:
    """Those wanted, seeds outermost: whoever stops half-way has seen every point."""
    if given.case:
        return [Case.named(given.case)]
    stores = STORES if given.store == "both" else (given.store,)
    helpdesks = list(STAGED) if given.helpdesk == "all" else [given.helpdesk]
    rows = [
        list(of_seed(given, helpdesk=helpdesk, store=store, seed=seed))
        for seed in range(1, given.seeds + 1)
        for helpdesk in helpdesks
        for store in stores
    ]
    if given.small:
        return [case for row in rows[: len(stores) * len(helpdesks)] for case in row[:SMALL_RUNS]]
    return [case for row in rows for case in row]


def of_seed(given: argparse.Namespace, *, helpdesk: str, store: str, seed: int) -> Iterator[Case]:
    known = [point for point in crash_points() if not point.startswith(OF_COMMANDS)]
    points = [given.point] if given.point else spread(known, given.points)
    if given.action is None and len(points) >= len(ACTIONS) and not given.alone:
        yield from together(points, helpdesk=helpdesk, store=store, seed=seed)
        return
    for point in points:
        for action in ACTIONS if given.action is None else [given.action]:
            yield Case(shots=(Shot(point, action),), helpdesk=helpdesk, store=store, seed=seed)


def spread(points: Sequence[str], count: int | None) -> Sequence[str]:
    """All, or `count` of them spread over the list."""
    if count is None or count >= len(points):
        return points
    step = (len(points) - 1) / max(1, count - 1)
    return [points[round(n * step)] for n in range(count)]


def reported(path: Path | None) -> list[Found]:
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def play(wanted: Sequence[Case], given: argparse.Namespace) -> Iterator[Found]:
    """The results, as they come."""
    with ExitStack() as stack:
        databases: list[list[str]] = [[] for _ in range(given.jobs)]
        if any(case.store == "postgres" for case in wanted):
            server = stack.enter_context(PostgresServer(fsync=False, max_connections=400))
            databases = [[server.new_database() for _ in range(given.slots)] for _ in range(given.jobs)]
        selector = stack.enter_context(selectors.DefaultSelector())
        pids = []
        for number in range(given.jobs):
            pid, lines = work(
                wanted[number :: given.jobs],
                STAGED,
                databases=databases[number],
                slots=given.slots,
                keep=given.keep,
            )
            pids.append(pid)
            selector.register(lines.makefile("rb"), selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                if line := key.fileobj.readline():  # type: ignore[union-attr]
                    yield json.loads(line)
                else:
                    selector.unregister(key.fileobj)
        for pid in pids:
            os.waitpid(pid, 0)


def main(given: argparse.Namespace) -> int:
    wanted = cases(given)
    names = {case.name for case in wanted}
    results = [found for found in reported(given.report) if found["case"] in names]
    done = {found["case"] for found in results}
    left = [case for case in wanted if case.name not in done]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )  # of the rehearsal
    with tempfile.TemporaryDirectory() as folder:
        for name in {case.helpdesk for case in left}:
            (Path(folder) / name).mkdir()
            uvloop.run(rehearse(STAGED[name], Path(folder) / name, BODY))
    began = time.monotonic()
    with ExitStack() as stack:
        report = stack.enter_context(given.report.open("a", encoding="utf-8")) if given.report else None
        for number, found in enumerate(play(left, given), 1):
            results.append(found)
            if report is not None:
                report.write(json.dumps(found) + "\n")
                report.flush()
            if is_wrong(found):
                print(f"\nWRONG {repeat_command(found)}")
                print(
                    "\n".join(f"  {each}" for each in found.get("wrong", [found.get("broken")])), flush=True
                )
            progress(number, len(left), time.monotonic() - began)
    print(f"\n{time.monotonic() - began:.0f} s\n")
    print(table(results))
    return 1 if any(map(is_wrong, results)) else 0


def progress(number: int, of: int, seconds: float) -> None:
    end = "\r" if sys.stdout.isatty() else "\n"
    if end == "\r" or number % 200 == 0 or number == of:
        left = seconds / number * (of - number)
        print(f"{number}/{of} runs, {number / seconds:.1f}/s, {left / 60:.1f} min left", end=end, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", choices=[*STORES, "both"], default="both")
    parser.add_argument("--helpdesk", choices=["all", *STAGED], default="all")
    parser.add_argument("--action", choices=ACTIONS, help="this one only, alone in its run")
    parser.add_argument("--seeds", type=int, default=25)
    parser.add_argument(
        "--points", type=int, help="how many failpoints, spread over the list; all unless given"
    )
    parser.add_argument("--point", help="one failpoint by name, alone in its run")
    parser.add_argument("--alone", action="store_true", help="one failpoint in each run: four times as many")
    parser.add_argument("--case", help="one run by its name, as a report has it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    parser.add_argument("--slots", type=int, default=3, help="runs at once in each worker, for each store")
    parser.add_argument(
        "--report", type=Path, help="a file with one JSON object for each run; what it has is not run again"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the folders of runs that went wrong, with their logs"
    )
    parser.add_argument("--small", action="store_true", help="a minute's choice, for CI")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(arguments()))
