"""`batonpass store`: the journal's file or database itself."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from pydantic_core import PydanticCustomError

from batonpass.app.config import ELSEWHERE
from batonpass.app.logs import keep_quiet
from batonpass.app.secrets import SecretSource
from batonpass.cli.connecting import DryRun, Yes
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.operating import agreed
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, store_of
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.domain.clock import SystemClock
from batonpass.store import Database, StoreAddress, database_at
from batonpass.store.backup import back_up
from batonpass.store.copying import TABLES, Copied, copy
from batonpass.store.migrating import migrated
from batonpass.store.verifying import Verified
from batonpass.store.verifying import verify as verified
from batonpass.store.witness import restored as take_as_it_is

store = typer.Typer(
    name="store",
    help="Migrate, back up, verify or move the journal.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

TOLD_EVERY = 10.0

BackupFile = Annotated[Path, typer.Argument(help="A new file.", metavar="FILE", show_default=False)]
Full = Annotated[bool, typer.Option("--full", help="Read every page and index: minutes for gigabytes.")]
To = Annotated[
    str,
    typer.Option(
        "--to",
        help="sqlite:///PATH or postgresql://…; with a password: env:NAME or file:PATH.",
        show_default=False,
    ),
]


@store.command("migrate")
def migrate(config: ConfigPath = DEFAULT_CONFIG, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Bring the tables up to date; `batonpass serve` does so by itself.

    Nothing is removed, and the release before this one works on. Exit codes: 0 up to date, 2 the store cannot be opened, or
    a server has it open.
    """
    address = store_of(config)
    found = migrated(address)
    if found.pending and not dry_run:
        asyncio.run(_opened_once(address))
    if as_json:
        print_json("batonpass.store.migrate/1", store=address.name, dry_run=dry_run, **asdict(found))
        return
    for name in found.pending:
        stdout().print(f"{'pending' if dry_run else 'done'}: {name}")
    for name in found.unknown:
        stderr().print(f"made by a later release: {name}")
    if not found.pending:
        stdout().print(f"{address.name}: up to date", soft_wrap=True)
    stderr().print(f"next: batonpass {'store migrate' if found.pending and dry_run else 'serve'}")


@store.command("backup")
def backup(file: BackupFile, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Write a backup of a SQLite store to a new file; a server may be running.

    To restore it, stop the server, move the store's file with its -wal and -shm away and put the backup in its place.
    Exit codes: 0 done, 2 it cannot be written, or the store is PostgreSQL: that has pg_dump.
    """
    address = store_of(config)
    if address.path is None:
        raise _use_pg_dump(address, file)
    done = back_up(address.path, file)
    if as_json:
        print_json("batonpass.store.backup/1", path=done.path, bytes=done.size, handoffs=done.handoffs)
        return
    stdout().print(f"{done.path}: {done.handoffs} handoffs, {done.size} bytes, checked", soft_wrap=True)


@store.command("verify")
def verify(config: ConfigPath = DEFAULT_CONFIG, full: Full = False, as_json: AsJson = False) -> None:
    """Check that the store is whole and its tables agree; a server may be running.

    Exit codes: 0 nothing wrong, 1 problems, 2 there is no store, or it cannot be read.
    """
    address = store_of(config)
    found = verified(address, full=full)
    if as_json:
        faults = [asdict(each) for each in found.faults]
        print_json(
            "batonpass.store.verify/1", ok=not faults, store=address.name, handoffs=found.handoffs, steps=found.steps,
            faults=faults,
        )  # fmt: skip
    else:
        _show_verified(address, found)
    raise typer.Exit(ExitCode.PROBLEMS if found.faults else ExitCode.DONE)


@store.command("restored")
def restored(config: ConfigPath = DEFAULT_CONFIG, yes: Yes = False, as_json: AsJson = False) -> None:
    """Use a store that is older than it was: after a backup was restored, or its -wal file was lost.

    Whatever is still to be done is looked for in the helpdesk before it is done. A handoff of which it is not even known
    whether a ticket was opened is parked, for a person to look. Exit codes: 0 done, 1 you said no, 2 the store cannot be
    opened, or is PostgreSQL.
    """
    address = store_of(config)
    if address.path is None:
        raise typer.BadParameter("only for SQLite", param_hint="store.url")
    agreed(f"Go on with {address.name} as it is?", yes=yes, again="batonpass store restored")
    looked, parked = asyncio.run(_taken_as_it_is(address))
    if as_json:
        print_json("batonpass.store.restored/1", store=address.name, steps=looked, parked=parked)
        return
    stdout().print(f"{looked} steps are looked for before they are done; {parked} handoffs parked")
    then = "batonpass queue list --state parked" if parked else "batonpass serve"
    stderr().print(f"next: {then}; batonpass verify compares with the helpdesk")


@store.command("copy")
def copy_store(
    to: To,
    config: ConfigPath = DEFAULT_CONFIG,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Move the installation to another database: from SQLite to PostgreSQL, or back.

    Stop every batonpass first. The target must be empty; the source stays as it is. Interrupted, the same command goes
    on. Both are compared at the end. Exit codes: 0 copied and the same, 1 you said no, 2 one cannot be used, is in use, is
    not empty, or both differ.
    """
    source, target = store_of(config), _target(to, config)
    if source == target:
        raise typer.BadParameter("this is where the store is already", param_hint="--to")
    if dry_run:
        migrated(source)  # whether it can be read
        stdout().print(f"copy {len(TABLES)} tables from {source.name} to {target.name}", soft_wrap=True)
        return
    agreed(f"Copy {source.name} to {target.name}?", yes=yes, again="batonpass store copy --to URL")
    keep_quiet()
    done = asyncio.run(_copied(source, target))
    if as_json:
        print_json(
            "batonpass.store.copy/1", source=source.name, target=target.name, tables=list(map(asdict, done))
        )
        return
    for each in done:
        stdout().print(f"{each.table}: {each.rows} rows, the same")
    line = to if to.startswith(("env:", "file:", "sqlite:")) else _without_password(to)
    stderr().print(
        f'next: put url = "{line}" under [store] in {config}, then: batonpass serve', soft_wrap=True
    )


def _show_verified(address: StoreAddress, found: Verified) -> None:
    for each in found.faults:
        stdout().print(f"{each.code}: {each.what}", soft_wrap=True)
    if not found.faults:
        stdout().print(
            f"{address.name}: {found.handoffs} handoffs, {found.steps} steps, all agree", soft_wrap=True
        )
        return
    if any(each.code == "damaged" for each in found.faults):
        stderr().print(
            f"next: stop the server; restore the last backup (batonpass store backup --help), or salvage what is "
            f"readable: sqlite3 {address.path} .recover",
            soft_wrap=True,
        )
    else:
        stderr().print("next: batonpass queue show ID (of the first that is named)")


async def _opened_once(address: StoreAddress) -> None:
    database = database_at(address)
    await database.open()
    await database.close()


async def _taken_as_it_is(address: StoreAddress) -> tuple[int, int]:
    database = database_at(address)
    await database.open()
    try:
        return await take_as_it_is(database, address.path, SystemClock().now())
    finally:
        await database.close()


async def _copied(source: StoreAddress, target: StoreAddress) -> list[Copied]:
    told = time.monotonic()

    def tell(table: str, copied: int, rows: int) -> None:
        nonlocal told
        if copied >= rows or time.monotonic() - told >= TOLD_EVERY:
            told = time.monotonic()
            stderr().print(f"{table}: {copied} of {rows}")

    async def both(one: Database, other: Database) -> list[Copied]:
        await one.open()
        try:
            await other.open()
            try:
                return await copy(one, other, tell=tell)
            finally:
                await other.close()
        finally:
            await one.close()

    return await both(database_at(source), database_at(target))


def _target(to: str, config: Path) -> StoreAddress:
    try:
        url = SecretSource(config.parent, os.environ)(to) if to.startswith(ELSEWHERE) else to
        return StoreAddress.parse(url, folder=config.parent)
    except (ValueError, PydanticCustomError) as error:
        raise typer.BadParameter(str(error), param_hint="--to") from None


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return "env:BATONPASS_STORE_URL"


def _use_pg_dump(address: StoreAddress, file: Path) -> CommandError:
    parts = urlsplit(address.url)
    options = [
        f"--host={parts.hostname}" if parts.hostname else "",
        f"--port={parts.port}" if parts.port else "",
        f"--username={parts.username}" if parts.username else "",
        f"--dbname={parts.path.strip('/')}",
    ]
    told = " ".join(each for each in options if each)
    return CommandError(
        f"{address.name}: PostgreSQL has its own tool for backups, which needs no stop either",
        then=f"pg_dump --format=custom {told} --file={file}",
        exit_code=ExitCode.UNUSABLE,
        code="use_pg_dump",
    )
