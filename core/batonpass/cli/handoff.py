"""`batonpass handoff`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from batonpass.app.intake import read_request
from batonpass.app.logs import keep_quiet
from batonpass.app.status import HandoffStatus
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.handing_over import Counter, Desk, OwnDesk, ServerDesk, api_key_from
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, usable_config
from batonpass.cli.steps import lost_fields, steps_table
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.domain.handoff import HandoffState, StepKind, StepStatus
from batonpass.domain.ids import HandoffId

File = Annotated[Path, typer.Argument(help="The handoff as the API takes it, in JSON; - reads stdin.")]
Url = Annotated[
    str | None,
    typer.Option(help="A running server; without, the work is done here, with --config.", show_default=False),
]
KeyEnv = Annotated[
    str, typer.Option(help="With --url: the environment variable that holds the AI agent's API key.")
]
Agent = Annotated[
    str | None,
    typer.Option(
        help="Without --url: which AI agent hands over; the first one unless given.", show_default=False
    ),
]
Wait = Annotated[float, typer.Option(min=0, max=3600, help="Seconds to wait for the ticket.")]

_BETWEEN_LOOKS = 0.1


def handoff(  # noqa: PLR0917 - Typer reads the parameters by their names
    file: File,
    url: Url = None,
    key_env: KeyEnv = "BATONPASS_API_KEY",
    config: ConfigPath = DEFAULT_CONFIG,
    agent: Agent = None,
    wait: Wait = 60.0,
    as_json: AsJson = False,
) -> None:
    """Hand one conversation over from a file and wait for its ticket. Each run opens a ticket of its own.

    Exit codes: 0 the ticket stands, 1 it was parked (a person must look), 2 the file or the configuration is
    wrong, 4 the server refuses the key, 5 no ticket within --wait seconds or no server (what was accepted is kept
    and goes on), 6 the ticket stands, but not every value landed in its field.
    """
    body = _body(file)
    read_request(body)  # says what is wrong with it before anything is opened
    keep_quiet()
    desk: Desk
    if url is not None:
        desk = ServerDesk(url.rstrip("/"), api_key_from(key_env))
    else:
        desk = OwnDesk(usable_config(config), agent)
    status = asyncio.run(_hand_over(desk, body, wait))
    if as_json:
        print_json("batonpass.handoff/1", handoff=status.model_dump(mode="json"))
    else:
        _show(status, wait)
    raise typer.Exit(_exit_code(status))


def _body(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(
            f"{file}: cannot be read: {error.strerror}", then="batonpass handoff --help", exit_code=ExitCode.UNUSABLE,
            code="unreadable",
        ) from None  # fmt: skip


async def _hand_over(desk: Desk, body: bytes, wait: float) -> HandoffStatus:
    """Hand it over; its status once the ticket is compared with what was sent, is parked, or the time is over."""
    async with desk.opened() as counter:
        handoff_id = await counter.hand_over(body)
        try:
            async with asyncio.timeout(wait):
                return await _settled(counter, handoff_id)
        except TimeoutError:
            return await counter.status(handoff_id)


async def _settled(counter: Counter, handoff_id: HandoffId) -> HandoffStatus:
    while True:
        status = await counter.status(handoff_id)
        if _is_settled(status):
            return status
        await asyncio.sleep(_BETWEEN_LOOKS)


def _is_settled(status: HandoffStatus) -> bool:
    if status.state is HandoffState.PARKED:
        return True
    soon = {StepKind.OPEN_TICKET, StepKind.READ_BACK, StepKind.NOTE_NOT_LANDED}
    waiting = [
        step
        for step in status.steps
        if step.kind in soon and step.status in {StepStatus.READY, StepStatus.RUNNING}
    ]
    return status.ticket is not None and not waiting


def _exit_code(status: HandoffStatus) -> ExitCode:
    if status.ticket is None:
        return ExitCode.PROBLEMS if status.state is HandoffState.PARKED else ExitCode.UNREACHABLE
    return ExitCode.PARTLY if lost_fields(status) else ExitCode.DONE


def _show(status: HandoffStatus, wait: float) -> None:
    data, hints = stdout(), stderr()
    if status.ticket is not None:
        data.print(f"ticket {status.ticket.id}  {status.ticket.url}", soft_wrap=True)
    hints.print(f"handoff {status.id}: {status.state}")
    hints.print(steps_table(status, since=status.created_at))
    lost = lost_fields(status)
    if lost:
        hints.print(f"not in their fields, but in the ticket's note: {', '.join(lost)}", soft_wrap=True)
    if status.parked_because is not None:
        hints.print(f"parked: {status.parked_because}", soft_wrap=True)
    elif status.ticket is None:
        hints.print(
            f"no ticket within {wait:g} s; the handoff is on the disk, a running server goes on with it"
        )
    hints.print(f"next: batonpass {'doctor' if lost or status.ticket is None else 'trace ' + status.id}")
