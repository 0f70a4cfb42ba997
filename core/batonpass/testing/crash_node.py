"""One batonpass process of a crash test: as `batonpass serve` runs it, but in a hurry and with failpoints."""

from __future__ import annotations

import importlib
import os
import random
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import typer

from batonpass.app import jobs, opening
from batonpass.app.config import Config
from batonpass.app.schedule import Run, Schedule
from batonpass.cli.serve import serve
from batonpass.engine.deadlines import Deadlines
from batonpass.testing import failpoints
from batonpass.testing.zygote import Order
from batonpass.transport.gate import BREAKER_OPEN, CREDENTIALS_REFUSED

CALL_DEADLINE = 0.4
"""Seconds; in a connection's settings."""
HURRY: dict[str, Any] = {
    # A node acts for 1 s after its last beat, so its last call ends after 1.4 s: before 1.5 s nobody may take over.
    "batonpass.engine.alive:BEAT_EVERY": 0.4,
    "batonpass.engine.alive:ACTS_FOR": 1.0,
    "batonpass.engine.alive:AWAITED_CLAIM": timedelta(seconds=1),
    "batonpass.store.installation:DEAD_AFTER": 1.5,
    "batonpass.engine.retry:SCHEDULE": (0.1, 0.3, 0.5, 1, 1, 2, 2, 5, 10),
    "batonpass.engine.execute:AFTER_STORE_ERROR": 0.2,
    "batonpass.engine.ticketing:SECOND_LOOK_AFTER": 0.2,
    "batonpass.engine.decide:LATE_FACTS_DELAY": 0.1,
    "batonpass.transport.gate:BREAKER_SECONDS": 1.0,
    "batonpass.transport.gate:_PROBE_SECONDS": {BREAKER_OPEN: 1.0, CREDENTIALS_REFUSED: 2.0},
    "batonpass.app.health:STILL_TOO_LONG": 1.0,
    "batonpass.store.postgres:MOST_CONNECTIONS": 3,
    "batonpass.cli.serve:DRAIN_SECONDS": 0.05,
    "batonpass.testing.failpoints:DISK_FULL_SECONDS": 0.6,
}
"""Module's constant → its value here: the same proportions, a tenth of the time."""
JOBS_FASTER = 10.0


def run_node(order: Order) -> int:
    """Serve until told to stop; the exit code of `batonpass serve`. To be run in a process of its own."""
    _log_to(Path(order["log"]))
    os.environ.update(order["environment"])
    random.seed(order["seed"])
    _hurry(order.get("deadlines"))
    failpoints.arm(order["failpoints"], may_fire=partial(_first, Path(order["fired"])))
    try:
        serve(config=Path(order["config"]), host=None, port=order["port"])
    except typer.Exit as ended:
        return int(ended.exit_code)
    return 0


def _first(folder: Path, setting: str) -> bool:
    """Whether it has not yet fired in this run, in whichever process: each fires once."""
    try:
        (folder / setting).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _log_to(path: Path) -> None:
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(log, number)
    os.close(log)


def _hurry(deadlines: dict[str, Any] | None) -> None:
    for place, value in HURRY.items():
        module, _, name = place.partition(":")
        found = importlib.import_module(module)
        getattr(found, name)  # AttributeError here is better than a constant that nobody reads
        setattr(found, name, value)
    if deadlines is not None:
        _shorten(deadlines)


def _shorten(deadlines: dict[str, Any]) -> None:
    """To less than a configuration may ask for; and have the jobs look that much more often."""
    each, tick = Schedule.each, Schedule._tick  # noqa: SLF001 - its ticks are to be as much more often

    def more_often(schedule: Schedule, seconds: float, name: str, run: Run) -> None:
        each(schedule, seconds / JOBS_FASTER, name, run)

    def shorter_tick(schedule: Schedule, seconds: float) -> datetime:
        return tick(schedule, seconds / JOBS_FASTER)

    type.__setattr__(Schedule, "each", more_often)
    type.__setattr__(Schedule, "_tick", shorter_tick)
    read = opening.deadlines_of

    def short(config: Config) -> Deadlines:
        return replace(read(config), **deadlines)

    vars(opening)["deadlines_of"] = vars(jobs)["deadlines_of"] = short
