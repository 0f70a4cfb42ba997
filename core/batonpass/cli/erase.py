"""`batonpass erase`."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from batonpass.app.control import listens, remote_operator
from batonpass.app.forgetting import (
    Erased,
    Forgetter,
    LegalHoldError,
    refuse_on_hold,
    refuse_open,
    retention_config,
)
from batonpass.app.logs import keep_quiet
from batonpass.cli.connecting import DryRun, Yes
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, store_of
from batonpass.cli.person import Email, address
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.domain.clock import SystemClock
from batonpass.store import Installation, StoreAddress, StoreError, database_at
from batonpass.store.erasing import Theirs, UnderWayError
from batonpass.store.personal import Kept, kept_about
from batonpass.store.reading import look

CancelOpen = Annotated[
    bool, typer.Option("--cancel-open", help="Also where a handoff is not over: nothing more is done for it.")
]


def erase(  # noqa: PLR0917 - Typer reads the parameters by their names
    email: Email = None,
    config: ConfigPath = DEFAULT_CONFIG,
    dry_run: DryRun = False,
    yes: Yes = False,
    cancel_open: CancelOpen = False,
    as_json: AsJson = False,
) -> None:
    """Erase one person from the store and print the proof.

    They are found by their e-mail address. Interrupted, the same command again goes on. Tickets stay: they are the
    helpdesk's, and are listed. docs/privacy.md says what is left. Exit codes: 0 done, 1 a handoff of theirs is not over,
    or you said no, 2 wrong usage, no journal, or legal_hold. A server may be running.
    """
    who, store = address(email), store_of(config)
    legal_hold = retention_config(config).legal_hold
    kept = look(store, lambda tx: kept_about(tx, who))
    if dry_run:
        _tell_plan(kept, as_json=as_json)
        return
    try:
        refuse_on_hold(legal_hold)
        refuse_open(kept.theirs, cancel_open=cancel_open)
        _agreed(kept, yes=yes)
        keep_quiet()
        erased = asyncio.run(_erased(store, who, legal_hold=legal_hold, cancel_open=cancel_open))
    except UnderWayError as error:
        raise CommandError(
            str(error), then="wait until they are over, or: batonpass erase --cancel-open",
            exit_code=ExitCode.PROBLEMS, code=error.code,
        ) from None  # fmt: skip
    except LegalHoldError as error:
        raise CommandError(
            str(error),
            then="ask whoever set it; nothing was changed",
            exit_code=ExitCode.UNUSABLE,
            code=error.code,
        ) from None
    _tell(erased, as_json=as_json)


async def _erased(store: StoreAddress, email: str, *, legal_hold: bool, cancel_open: bool) -> Erased:
    """By the server that has the store open, where one has; else in this process."""
    if store.path is not None and listens(store.path):
        async with remote_operator(store.path) as remote:
            return await remote.erase(email, cancel_open=cancel_open)
    database = database_at(store)
    try:
        await database.open()
    except StoreError as error:
        if error.code != "store_locked":
            raise
        raise CommandError(
            f"{store.name}: a process has it open that takes no orders",
            then="stop it, then the same command again",
            exit_code=ExitCode.UNUSABLE,
            code=error.code,
        ) from None
    name = f"{socket.gethostname()}:{os.getpid()}"
    installation = Installation(database, node=secrets.token_hex(8), name=name)
    forgetter = Forgetter(
        database, installation, SystemClock(), legal_hold=legal_hold, alone=not database.is_shared
    )
    try:
        return await forgetter.erase(email, cancel_open=cancel_open)
    finally:
        await database.close()


def _agreed(kept: Kept, *, yes: bool) -> None:
    if yes:
        return
    for line in _plan(kept):
        stderr().print(line, soft_wrap=True)
    if not sys.stdin.isatty():
        raise CommandError(
            "this cannot be undone, and nobody is here to be asked",
            then="batonpass erase --yes (or --dry-run)",
            exit_code=ExitCode.UNUSABLE,
            code="not_agreed",
        )
    typer.confirm("Erase all of it? It cannot be undone.", default=False, abort=True, err=True)


def _plan(kept: Kept) -> list[str]:
    still = sum(not each.is_over for each in kept.theirs)
    lines = [f"{len(kept.theirs)} handoffs of theirs{f', {still} of them not over' if still else ''}"]
    if kept.records:
        lines.append(f"{len(kept.records)} records of theirs in the copy of what vendors know")
    lines += [f"mentioned in {len(keys)} rows of {table}" for table, keys in kept.mentioned.items()]
    return lines


def _tell_plan(kept: Kept, *, as_json: bool) -> None:
    if as_json:
        mentioned = {table: len(keys) for table, keys in kept.mentioned.items()}
        handoffs = [{"id": each.id, "state": each.state} for each in kept.theirs]
        print_json(
            "batonpass.erase.plan/1", handoffs=handoffs, records=len(kept.records), mentioned=mentioned,
            tickets=_tickets(kept.theirs),
        )  # fmt: skip
        return
    for line in _plan(kept):
        stdout().print(line, soft_wrap=True)
    _tell_tickets(kept.theirs)


def _tell(erased: Erased, *, as_json: bool) -> None:
    proof = erased.proof.as_json()
    if as_json:
        print_json(
            "batonpass.erase/1",
            proof=proof,
            tickets=_tickets(erased.theirs),
            cancelled=list(erased.cancelled),
        )
        return
    console = stdout()
    console.print(f"erased: {proof['id']}, {proof['begun_at']} to {proof['done_at']}", soft_wrap=True)
    for table, n in proof["counts"].items():
        console.print(f"  {table}: {n} rows")
    console.print(f"person {proof['person']}\nsha256 {proof['sha256']}", soft_wrap=True)
    for cancelled in erased.cancelled:
        console.print(f"cancelled: {cancelled}")
    _tell_tickets(erased.theirs)
    stderr().print(
        "next: erase them at the helpdesk and the AI agent, too; let backups of before run out (35 days)"
    )


def _tickets(theirs: Sequence[Theirs]) -> list[dict[str, Any]]:
    return [
        {"handoff": each.id, "helpdesk": each.helpdesk, "id": each.ticket_id}
        for each in theirs
        if each.ticket_id
    ]


def _tell_tickets(theirs: Sequence[Theirs]) -> None:
    """They are the helpdesk's."""
    for each in _tickets(theirs):
        stdout().print(f"still there: ticket {each['id']} at {each['helpdesk']}", soft_wrap=True)
