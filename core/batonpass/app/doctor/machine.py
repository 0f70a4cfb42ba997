"""The files, the store and the clock of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from batonpass.app.checking import Checked
from batonpass.app.doctor.verdicts import Cause, Examined, failed, ok, warning
from batonpass.app.secret_kinds import WRONG_KIND
from batonpass.diagnostics import Severity
from batonpass.store.condition import SharedCondition, StoreCondition

ENOUGH_BYTES = 1_000_000_000
TOO_FEW_BYTES = 100_000_000
TOLERATED_SECONDS = 30
"""Of difference between clocks; webhook receivers refuse from five minutes on."""
_RELEASED = datetime(2026, 1, 1, tzinfo=UTC)


def files_examined(checked: Checked, *, server_runs: bool) -> Iterator[Examined]:
    misplaced = [finding for finding in checked.findings if finding.code == WRONG_KIND]
    for finding in misplaced:
        yield failed("secrets", finding.message, finding.hint or "see the line below", Cause.CREDENTIALS)
    others = [finding for finding in checked.findings if finding.code != WRONG_KIND]
    errors = sum(finding.severity is Severity.ERROR for finding in others)
    warnings = len(others) - errors
    told = f"{len(checked.files)} files: {errors} errors, {warnings} warnings"
    if not errors:
        yield warning("files", told, "batonpass check") if warnings else ok("files", told)
        return
    if server_runs:
        told += "; the running server keeps the last good ones in force, a new one would not start"
    yield failed("files", told, "mend the lines below; batonpass check", Cause.FILES)


def store_examined(store: StoreCondition | SharedCondition) -> Iterator[Examined]:
    if isinstance(store, SharedCondition):
        yield _shared(store)
    else:
        yield from _file(store)


def _shared(store: SharedCondition) -> Examined:
    if store.problem is not None:
        return failed("store", store.problem, "see that the server runs, and that store.url names it")
    working = f"{len(store.nodes)} processes work on it" if store.nodes else "no process works on it"
    return ok("store", f"{store.name}: answers, {_states(store.handoffs)}; {working}")


def _file(store: StoreCondition) -> Iterator[Examined]:
    if not store.writable:
        fix = "give this user the right to write there, or choose another store.url"
        yield failed("store", f"{store.path}: not writable", fix)
    if store.on_network:
        yield failed(
            "store", f"{store.path}: on a network file system ({store.file_system}), where SQLite loses data",
            "put it on a local disk: store.url",
        )  # fmt: skip
    if store.damage is not None:
        fix = f"stop the server; restore the last backup, or: sqlite3 {store.path} .recover"
        yield failed("store", f"{store.path}: {store.damage}", fix)
    elif store.exists:
        yield ok("store", f"{store.path}: sound, {_states(store.handoffs)}{_lock(store)}")
    else:
        yield ok("store", f"{store.path}: not there yet; the first `batonpass serve` makes it")
    yield _room(store)
    yield _sqlite(store)


def clock_examined(now: datetime, ahead: Mapping[str, float]) -> Iterator[Examined]:
    """`ahead`: by connection, how many seconds our clock is ahead of the vendor's."""
    if now < _RELEASED:
        yield failed("clock", f"says {now:%Y-%m-%d}: before this release was made", "set the clock; run NTP")
        return
    wrong = {name: seconds for name, seconds in ahead.items() if abs(seconds) > TOLERATED_SECONDS}
    for name, seconds in wrong.items():
        way = "ahead of" if seconds > 0 else "behind"
        yield warning(
            "clock",
            f"{abs(seconds):.0f} s {way} {name}'s",
            "run NTP: signed webhooks are refused from 5 min on",
        )
    if not wrong:
        compared = f", as {' and '.join(ahead)} have it" if ahead else "; no account to compare it with"
        yield ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC{compared}")


def _states(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "no handoffs yet"


def _lock(store: StoreCondition) -> str:
    return "; a server has it open" if store.in_use else "; no server is running"


def _room(store: StoreCondition) -> Examined:
    told = f"{store.free_bytes / 1e9:,.1f} GB free on {store.file_system or 'its disk'}"
    if store.free_bytes < TOO_FEW_BYTES:
        return failed("disk", told, "make room: without it no handoff can be accepted")
    if store.free_bytes < ENOUGH_BYTES:
        return warning("disk", told, "make room before it is full: then no handoff can be accepted")
    return ok("disk", told)


def _sqlite(store: StoreCondition) -> Examined:
    if not store.wal_reset_bug:
        return ok("sqlite", store.sqlite_version)
    return warning(
        "sqlite",
        f"{store.sqlite_version} has the WAL-reset bug (mended in 3.51.3). It needs two connections that write; "
        "batonpass has one, so it is not exposed",
        "open the journal with no other program that writes",
    )
