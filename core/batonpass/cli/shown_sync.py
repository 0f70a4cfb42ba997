"""How `batonpass sync` shows itself: a bar on a terminal, a line each ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from batonpass.app.syncing import SyncedStream
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.cli.times import said
from batonpass.store.instants import from_ms
from batonpass.store.sync_streams import StreamState
from batonpass.sync import BUSY, DONE, Compared, Ended, Progress

TOLD_EVERY = 10.0
_SHOWN = ("new", "changed", "same", "deleted", "gone", "older", "again", "forgotten")


class Watching:
    """Tells on stderr how far the reading is."""

    def __init__(self) -> None:
        console = stderr()
        self._bars = (
            Bars(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )
            if sys.stderr.isatty()
            else None
        )
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, tuple[float, int]] = {}
        self._told = time.monotonic()

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def reached(self, state: StreamState) -> None:
        self.tell(
            Progress(connection=state.connection, stream=state.stream, read=state.counts["read"], total=None)
        )

    def tell(self, progress: Progress) -> None:
        name, now = f"{progress.connection}/{progress.stream}", time.monotonic()
        began, first = self._began.setdefault(name, (now, progress.read))
        rate = (progress.read - first) / (now - began) if now > began else 0.0
        if self._bars is not None:
            task = self._tasks.get(name)
            if task is None:
                task = self._tasks[name] = self._bars.add_task(name, total=None, rate="")
            self._bars.update(task, completed=progress.read, total=progress.total, rate=f"{rate:.0f}/s")
        elif now - self._told >= TOLD_EVERY:
            self._told = now
            of = "" if progress.total is None else f" of {progress.total}"
            left = ""
            if progress.total is not None and rate > 0:
                left = f", {max(0, progress.total - progress.read) / rate:.0f} s left"
            stderr().print(f"{name}: {progress.read}{of} records, {rate:.0f}/s{left}", soft_wrap=True)


def print_ended(ended: Sequence[Ended], *, as_json: bool) -> None:
    if as_json:
        print_json(
            "batonpass.sync.run/1",
            ok=all(each.is_done for each in ended),
            streams=[
                {
                    "connection": each.connection,
                    "stream": each.stream,
                    "ended_as": each.ended_as,
                    "detail": each.detail or None,
                    "seconds": round(each.seconds, 3),
                    "dry_run": each.dry_run,
                    **{name: each.counts[name] for name in ("read", "pages", *_SHOWN)},
                }
                for each in ended
            ],
        )
        return
    for each in ended:
        stdout().print(f"{each.connection}/{each.stream}: {_summary(each)}", soft_wrap=True)
    for each in ended:
        if not each.is_done:
            stderr().print(f"{each.connection}/{each.stream}: {each.detail}", soft_wrap=True)
    if any(not each.is_done and each.ended_as != BUSY for each in ended):
        stderr().print("next: the same command goes on where it has come to; batonpass sync status")


def _summary(ended: Ended) -> str:
    read = f"{ended.counts['read']} records in {ended.seconds:.1f} s"
    if ended.dry_run:
        return f"{read}, nothing kept (dry run)" if ended.is_done else f"{ended.ended_as}, {read}"
    kept = ", ".join(f"{ended.counts[name]} {name}" for name in _SHOWN if ended.counts[name])
    said_so = "" if ended.is_done else f"{ended.ended_as}, "
    return f"{said_so}{read}{f' ({kept})' if kept else ''}"


_DIFFERENCES = ("missing", "different", "extra")


def print_compared(found: Sequence[Compared], *, as_json: bool) -> None:
    if as_json:
        print_json(
            "batonpass.sync.verify/1",
            ok=all(each.agree for each in found),
            streams=[asdict(each) for each in found],
        )
        return
    for each in found:
        differences = {name: getattr(each, name) for name in _DIFFERENCES}
        told = [f"{some.number} {name}" for name, some in differences.items() if some.number]
        newer = f", {each.newer} changed since the last round" if each.newer else ""
        stdout().print(
            f"{each.connection}/{each.stream}: {each.read} records there{newer}: {', '.join(told) or 'no difference'}",
            soft_wrap=True,
        )
        for name, some in differences.items():
            if some.number:
                more = f" and {some.number - len(some.ids)} more" if some.number > len(some.ids) else ""
                stderr().print(f"  {name}: {', '.join(some.ids)}{more}", soft_wrap=True)
    if not all(each.agree for each in found):
        stderr().print("next: batonpass sync run --once --all reads everything again")


def print_states(
    synced: Sequence[SyncedStream],
    states: Sequence[StreamState],
    counts: Mapping[tuple[str, str], tuple[int, int]],
    *,
    now: datetime,
    as_json: bool,
) -> bool:
    """Whether all of them are well."""
    known = {(each.connection, each.stream): each for each in states}
    rows = [
        (
            each,
            known.get((each.connection, each.stream.name)),
            counts.get((each.connection, each.stream.name)),
        )
        for each in synced
    ]
    well = all(state is None or state.ended_as in {None, DONE} for _, state, _ in rows)
    if as_json:
        print_json("batonpass.sync.status/1", ok=well, streams=[_as_json(*row) for row in rows])
        return well
    if not rows:
        stderr().print("nothing is synced: config.toml has no [sync.<connection>]")
        return True
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in ("stream", "is read", "records", "last", "state"):
        table.add_column(name, no_wrap=name != "state", overflow="fold")
    for each, state, count in rows:
        ended = None if state is None else state.ended_at
        table.add_row(
            each.name,
            each.when,
            Text(str(count[0]) if count else "0"),
            "never" if ended is None else f"{said(now - ended)} ago",
            _state(state),
        )
    stdout().print(table)
    return well


def _state(state: StreamState | None) -> str:
    if state is None:
        return "not read yet"
    if state.owner is not None:
        return f"being read, {state.counts['read']} records so far"
    if state.plan is not None:
        return f"stopped by {state.ended_as}, {state.counts['read']} records so far; goes on there"
    return "read to its end" if state.ended_as == DONE else f"stopped by {state.ended_as}"


def _as_json(
    each: SyncedStream, state: StreamState | None, count: tuple[int, int] | None
) -> Mapping[str, Any]:
    return {
        "connection": each.connection,
        "stream": each.stream.name,
        "is_read": each.when,
        "says": each.stream.says or None,
        "records": count[0] if count else 0,
        "oldest_read_at": from_ms(count[1]) if count else None,
        "position": None if state is None else state.position,
        "under_way": None if state is None or state.plan is None else state.counts["read"],
        "ended_at": None if state is None else state.ended_at,
        "ended_as": None if state is None else state.ended_as,
        "counts": {} if state is None else dict(state.counts),
    }
