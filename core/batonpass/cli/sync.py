"""`batonpass sync`: what is read in bulk, and how far it has come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from batonpass.app.config import Config
from batonpass.app.control import listens, remote_operator
from batonpass.app.logs import keep_quiet, write_logs
from batonpass.app.syncing import Order, SyncedStream
from batonpass.app.syncing.own import own_sync
from batonpass.app.syncing.rounds import chosen
from batonpass.app.syncing.verifying import compared
from batonpass.cli.connecting import Yes
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.operating import agreed
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, usable_config
from batonpass.cli.serve import exit_code
from batonpass.cli.shown_sync import Watching, print_compared, print_ended, print_states
from batonpass.cli.stopping import stopping
from batonpass.cli.sync_person import person
from batonpass.cli.terminal import stderr, stdout
from batonpass.cli.times import moment
from batonpass.domain.clock import SystemClock
from batonpass.store import StoreError, SyncBook, database_at, sync_streams, synced
from batonpass.store.reading import look
from batonpass.store.sync_streams import StreamState
from batonpass.store.transaction import Transaction
from batonpass.sync import BUSY, Compared, Ended

sync = typer.Typer(
    name="sync",
    help="Keep a copy of the vendors' records, read in bulk.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

WHILE_SOMEBODY_WAITS = 10.0
"""Seconds that a round by hand waits for a vendor that does not answer: the same command goes on later."""

Connection = Annotated[
    str | None,
    typer.Option("--connection", help="Only of this connection.", metavar="NAME", show_default=False),
]
Stream = Annotated[
    list[str] | None,
    typer.Option("--stream", help="Only this stream (contacts, crm/contacts); may be given several times.",
                 metavar="STREAM", show_default=False),
]  # fmt: skip
Once = Annotated[bool, typer.Option("--once", help="One round of each stream now, then end.")]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Once: what has changed since then (2h, 3d, 2026-11-21).", metavar="AGE", show_default=False),
]  # fmt: skip
Everything = Annotated[bool, typer.Option("--all", help="Once: read everything again.")]
AcceptGone = Annotated[
    bool,
    typer.Option("--accept-gone", help="Once: what a complete reading lacks is gone, however much that is."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Once: read, count, and keep nothing.")]


@sync.command("run")
def run(  # noqa: PLR0917 - Typer reads the parameters by their names
    config: ConfigPath = DEFAULT_CONFIG,
    once: Once = False,
    connection: Connection = None,
    stream: Stream = None,
    since: Since = None,
    everything: Everything = False,
    accept_gone: AcceptGone = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Read by the schedule of config.toml until Ctrl-C; or one round now.

    A server reads by the schedule by itself; beside one on SQLite, `--once` has the server read. Exit codes: 0 done, 1 no stream
    was read to its end, 2 bad usage or configuration, 6 some were not; 130 or 143 stopped by Ctrl-C or SIGTERM.
    """
    usable = usable_config(config)
    order = Order(
        connection=connection,
        streams=tuple(stream or ()),
        since=moment(since, SystemClock().now(), "--since"),
        everything=everything,
        accept_gone=accept_gone,
        dry_run=dry_run,
    )
    chosen(usable.synced, order)  # what is not there is said before anything is opened
    if once or since or everything or accept_gone or dry_run:
        keep_quiet()
        ended = asyncio.run(_once(usable, order))
        print_ended(ended, as_json=as_json)
        raise typer.Exit(_code(ended))
    write_logs()
    raise typer.Exit(asyncio.run(_by_schedule(usable)))


async def _once(config: Config, order: Order) -> list[Ended]:
    store = config.store
    if store.path is not None and listens(store.path):
        async with remote_operator(store.path) as remote:
            with Watching() as watching:
                polled = asyncio.create_task(_polled(config, watching))
                try:
                    return await remote.sync(order)
                finally:
                    polled.cancel()
    async with own_sync(config, patience=WHILE_SOMEBODY_WAITS) as own:
        with Watching() as watching:
            return [each async for each in own.syncing.all_of(order, watching.tell)]


async def _polled(config: Config, watching: Watching) -> None:
    """What the server keeps is told as it goes on."""
    while True:
        await asyncio.sleep(1)
        for state in await asyncio.to_thread(look, config.store, sync_streams.all_of):
            if state.owner is not None:
                watching.reached(state)


async def _by_schedule(config: Config) -> ExitCode:
    store = config.store
    if store.path is not None and listens(store.path):
        raise CommandError(
            f"{store.name}: the server that has it open reads by the schedule already",
            then="batonpass sync run --once reads now; batonpass sync status", exit_code=ExitCode.UNUSABLE, code="store_locked",
        )  # fmt: skip
    with stopping() as told:
        async with own_sync(config) as own:
            with own.scheduled():
                stdout().print(f"reads {len(config.synced)} streams by the schedule", soft_wrap=True)
                await told.wait()
        return exit_code(told)


def _code(ended: Sequence[Ended]) -> ExitCode:
    if all(each.is_done or each.ended_as == BUSY for each in ended):
        return ExitCode.DONE
    return ExitCode.PARTLY if any(each.is_done for each in ended) else ExitCode.PROBLEMS


@sync.command("status")
def status(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Each stream: how often it is read, when it was last, how many records there are, and what stopped it.

    Only reads; a server may be running. Exit codes: 0 all streams are well, 1 one was not read to its end, 2 bad
    configuration.
    """
    usable = usable_config(config)

    async def work(
        tx: Transaction,
    ) -> tuple[list[StreamState], dict[tuple[str, str], tuple[int, int]]]:
        return await sync_streams.all_of(tx), await synced.count(tx)

    try:
        states, counts = look(usable.store, work)
    except StoreError as error:
        if error.code != "no_store":
            raise
        states, counts = [], {}
    well = print_states(usable.synced, states, counts, now=SystemClock().now(), as_json=as_json)
    raise typer.Exit(ExitCode.DONE if well else ExitCode.PROBLEMS)


@sync.command("verify")
def verify(
    config: ConfigPath = DEFAULT_CONFIG,
    connection: Connection = None,
    stream: Stream = None,
    as_json: AsJson = False,
) -> None:
    """Read everything at the vendors and compare it with the copy, changing neither.

    What has changed there since the last round is no difference: the next round brings it. A server may be running. Exit
    codes: 0 they agree, 1 differences found, 2 bad usage or configuration, 4 credentials refused, 5 a vendor does not
    answer.
    """
    usable = usable_config(config)
    streams = chosen(usable.synced, Order(connection=connection, streams=tuple(stream or ())))
    keep_quiet()
    found = asyncio.run(_compared(usable, streams))
    print_compared(found, as_json=as_json)
    raise typer.Exit(ExitCode.DONE if all(each.agree for each in found) else ExitCode.PROBLEMS)


async def _compared(config: Config, streams: Sequence[SyncedStream]) -> list[Compared]:
    with Watching() as watching:
        return [each async for each in compared(config, streams, SystemClock(), watching.tell)]


@sync.command("reset")
def reset(
    stream: Annotated[str, typer.Argument(help="CONNECTION/STREAM, as sync status shows it.", metavar="STREAM")],
    config: ConfigPath = DEFAULT_CONFIG,
    position: Annotated[
        str | None,
        typer.Option("--position", help="Begin here, as sync status --json shows it; else with everything.",
                     metavar="TEXT", show_default=False),
    ] = None,
    yes: Yes = False,
) -> None:  # fmt: skip
    """Let the next round of a stream begin elsewhere; what is kept stays, and is read over.

    Exit codes: 0 done, 2 no such stream, or it is being read just now.
    """
    usable = usable_config(config)
    (found,) = chosen(usable.synced, Order(streams=(stream,)))[:1]
    where = "with everything" if position is None else "where you say"
    agreed(f"The next round of {found.name} begins {where}.", yes=yes, again=f"batonpass sync reset {stream}")
    keep_quiet()
    asyncio.run(_reset(usable, found.connection, found.stream.name, position))
    stderr().print(f"next: batonpass sync run --once --stream {found.name}", soft_wrap=True)


async def _reset(config: Config, connection: str, stream: str, position: str | None) -> None:
    async with _book(config) as book:
        await book.set_position(connection, stream, position, now=SystemClock().now())


@asynccontextmanager
async def _book(config: Config) -> AsyncIterator[SyncBook]:
    database = database_at(config.store)
    await database.open()
    try:
        yield SyncBook(database, node="command", alone=not database.is_shared)
    finally:
        await database.close()


sync.command("person")(person)
