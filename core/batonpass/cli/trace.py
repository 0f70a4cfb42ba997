"""`batonpass trace`."""

from __future__ import annotations

from typing import Annotated

import typer

from batonpass.app.status import HandoffStatus, status_of
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, store_of
from batonpass.cli.steps import life_line, steps_table
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.domain.conversation import Conversation, HandoffRequest
from batonpass.domain.handoff import HandoffState
from batonpass.domain.ids import HandoffId
from batonpass.domain.text import reveal
from batonpass.store import StoreAddress
from batonpass.store.emptied import is_emptied
from batonpass.store.reading import handoff_of_ticket, newest_handoffs, read_handoff, read_request

WhichHandoff = Annotated[str, typer.Argument(help="The handoff's id (ho_…), or its ticket's.", metavar="ID")]
WithTranscript = Annotated[
    bool, typer.Option("--transcript", help="Print the conversation, too. It is the customer's data.")
]


def trace(
    handoff: WhichHandoff,
    config: ConfigPath = DEFAULT_CONFIG,
    transcript: WithTranscript = False,
    as_json: AsJson = False,
) -> None:
    """Show one handoff: every step, attempt and result.

    Without the customer's data. Reads the journal of this machine; a server may be running. Exit codes: 0 found, 2 no such handoff or no
    journal.
    """
    store = store_of(config)
    record = read_handoff(store, HandoffId(handoff)) or handoff_of_ticket(store, handoff)
    if record is None:
        raise _unknown(store, handoff)
    status = status_of(record)
    asked = _asked(store, record.id) if transcript else None
    gone = asked is not None and is_emptied(asked)
    said = None if asked is None or gone else asked.conversation
    if as_json:
        whole = (
            {} if asked is None else {"conversation": None if said is None else said.model_dump(mode="json")}
        )
        print_json("batonpass.trace/1", handoff=status.model_dump(mode="json"), **whole)
    else:
        _show(status, said)
    if gone:
        stderr().print(
            "the conversation is no longer kept here: its time was over, or its customer asked for it"
        )


def _show(status: HandoffStatus, said: Conversation | None) -> None:
    console = stdout()
    conversation = f"conversation {status.conversation_id or 'unnamed'}"
    asked_by = (
        f"asked for by a ticket of {status.started_by}"
        if status.started_by is not None
        else f"from {status.ai_agent}, {conversation}"
    )
    console.print(f"{status.id}  {status.state}  {asked_by}")
    console.print(
        f"asked {status.created_at:%Y-%m-%d %H:%M:%S} UTC, changed {status.updated_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    if status.ticket is not None:
        console.print(f"ticket {status.ticket.id}  {status.ticket.url}", soft_wrap=True)
    if status.parked_because is not None:
        console.print(f"parked: {status.parked_because}", soft_wrap=True)
    for event in status.life:
        console.print(life_line(event), soft_wrap=True)
    console.print()
    console.print(steps_table(status, since=status.created_at))
    if said is not None:
        console.print()
        for number, turn in enumerate(said.turns, 1):
            console.print(f"[{number}] {turn.role}: {reveal(turn.text)}", soft_wrap=True)
    if status.state is HandoffState.PARKED:
        stderr().print("next: batonpass doctor")


def _asked(store: StoreAddress, handoff_id: HandoffId) -> HandoffRequest | None:
    stored = read_request(store, handoff_id)
    return None if stored is None or not stored.body else HandoffRequest.model_validate_json(stored.body)


def _unknown(store: StoreAddress, handoff: str) -> CommandError:
    newest = newest_handoffs(store, most=1)
    then = (
        f"batonpass trace {newest[0][0]} (the newest)"
        if newest
        else "batonpass handoff FILE.json (makes one)"
    )
    return CommandError(
        f"{store.name}: no handoff {handoff}, and none with a ticket of this id",
        then=then,
        exit_code=ExitCode.UNUSABLE,
        code="no_handoff",
    )
