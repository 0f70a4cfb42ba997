"""`batonpass demo`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from batonpass.app.logs import keep_quiet
from batonpass.app.status import HandoffStatus
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.options import AsJson
from batonpass.cli.steps import life_line, milliseconds, steps_table
from batonpass.cli.stopping import stopping
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.demo import (
    Played,
    Script,
    ShownNote,
    ShownTicket,
    Stage,
    own_script,
    play,
    set_up,
    shipped_scripts,
    solve,
)
from batonpass.domain.clock import SystemClock
from batonpass.domain.text import reveal

Serve = Annotated[bool, typer.Option("--serve", help="Leave everything running with its URLs, until Ctrl-C.")]
File = Annotated[
    Path | None,
    typer.Option(
        help="Play this conversation instead: the API's body, or an object with `turns`.", show_default=False
    ),
]


def demo(serve: Serve = False, file: File = None, as_json: AsJson = False) -> None:
    """Play three conversations here and show the tickets they become.

    All over real HTTP. Needs no account, no configuration and no network: the vendors are emulators on loopback sockets, with the
    latency that the real ones have. Exit codes: 0 played, 2 the --file is wrong.
    """
    scripts = shipped_scripts(SystemClock().now()) if file is None else [own_script(file)]
    keep_quiet()
    with tempfile.TemporaryDirectory(prefix="batonpass-demo-") as folder:
        asyncio.run(_demo(Path(folder), scripts, serve=serve, as_json=as_json))


async def _demo(folder: Path, scripts: Sequence[Script], *, serve: bool, as_json: bool) -> None:
    clock = SystemClock()
    with stopping() as told:
        async with set_up(folder, clock) as stage:
            if not as_json:
                _show_stage(stage)
            all_played = []
            for number, script in enumerate(scripts, 1):
                if told.by is not None:
                    raise typer.Exit(ExitCode.INTERRUPTED)
                played = await play(stage, script)
                all_played.append(played)
                if not as_json:
                    _show(played, f"{number}/{len(scripts)}")
            resolved = await solve(stage, all_played[-1])
            if as_json:
                print_json(
                    "batonpass.demo/1",
                    stage=_stage_json(stage),
                    played=[_json(each) for each in all_played],
                    resolved=resolved.model_dump(mode="json"),
                )
            else:
                _show_way_back(resolved)
            if not (as_json or serve):
                stderr().print(
                    "next: batonpass demo --serve (keeps it open to look at), or: batonpass init FOLDER"
                )
            if serve:
                _show_urls(stage, all_played, stderr() if as_json else stdout())
                await told.wait()


def _show_stage(stage: Stage) -> None:
    vendors = ", ".join(stage.vendors)
    hints = stderr()
    hints.print(
        f"On this machine now: batonpass at {stage.server_url}, emulators of {vendors}, and an AI agent."
    )
    hints.print(
        "Each conversation goes over HTTP to batonpass; the ticket below is what the helpdesk's page shows.\n"
    )


def _show(played: Played, number: str) -> None:
    console = stdout()
    request = played.script.request
    console.rule(Text(f"{number}  {played.script.title}", style="bold"), align="left")
    last = next((turn for turn in reversed(request.conversation.turns) if turn.role == "customer"), None)
    console.print(f"{len(request.conversation.turns)} turns with the AI agent, then it hands over.")
    if last is not None:
        console.print(Text(f"Last, the customer wrote: {reveal(last.text)}", style="italic"))
    console.print(_ticket_panel(played.ticket, played.told.ticket_id))
    console.print(Text(f"The AI agent can now say: “{played.told.say}”", style="bold"), "\n", sep="")
    console.print(steps_table(played.status, since=played.asked_at))
    console.print(Text(_timing(played), style="bold"), "" if number.startswith("1/") else "\n", sep="")
    if number.startswith("1/"):
        console.print(
            Text("(the first one also signed in to the helpdesk and read its fields)\n", style="dim")
        )


def _show_way_back(status: HandoffStatus) -> None:
    """Somebody has solved the last ticket; what batonpass knows of it."""
    console = stdout()
    console.rule(
        Text("And back: an agent takes the last ticket, answers, solves it", style="bold"), align="left"
    )
    for event in status.life:
        console.print(life_line(event), soft_wrap=True)
    console.print(
        "told by the helpdesk's signed webhooks, read again by its API; the AI agent hears of each\n"
    )


def _timing(played: Played) -> str:
    return (
        f"on the disk after {milliseconds(played.accepted_seconds)}; "
        f"handed over to ticket: {milliseconds(played.ticket_seconds)}, "
        f"of which the vendors' critical path {milliseconds(played.vendor_seconds)}"
    )


def _ticket_panel(ticket: ShownTicket, ticket_id: str) -> Panel:
    details = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    details.add_column(style="dim", no_wrap=True)
    details.add_column(overflow="fold")
    for name, value in ticket.details:
        details.add_row(name, Text(reveal(value)))
    parts: list[Any] = [Text(reveal(ticket.subject), style="bold"), Text(), details]
    for note in ticket.notes:
        parts += [Text(f"\n{note.by}", style="dim"), *_note_lines(note)]
    return Panel(Group(*parts), title=f"Ticket {ticket_id}, as the agent sees it", title_align="left")


def _note_lines(note: ShownNote) -> list[Text]:
    return [
        Text(f"\n{reveal(line.text)}", style="bold underline") if line.heading else Text(reveal(line.text))
        for line in note.lines
    ]


def _show_urls(stage: Stage, all_played: Sequence[Played], console: Console) -> None:
    console.rule("Running until Ctrl-C", align="left")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ignore")
    table.add_row("server", stage.server_url)
    table.add_row("OpenAPI", f"{stage.server_url}/openapi.json")
    for name, url in stage.vendors.items():
        table.add_row(f"{name} (emulated)", url)
    for played in all_played:
        table.add_row(f"ticket {played.told.ticket_id}", played.told.ticket_url)
        table.add_row("  its handoff", played.status_url)
    table.add_row("API key", stage.api_key)
    console.print(table, soft_wrap=True)
    body = (
        '{"conversation":{"turns":[{"role":"customer","text":"I want to talk to a person about my bill."}]}}'
    )
    console.print(
        f"\nHand one over yourself:\n  curl -sS {stage.server_url}/v1/handoffs -H 'Authorization: Bearer "
        f"{stage.api_key}' \\\n    -H 'Content-Type: application/json' -d '{body}'",
        soft_wrap=True,
    )


def _stage_json(stage: Stage) -> dict[str, Any]:
    return {"server": stage.server_url, "vendors": dict(stage.vendors)}


def _json(played: Played) -> dict[str, Any]:
    return {
        "title": played.script.title,
        "handoff": played.status.model_dump(mode="json"),
        "status_url": played.status_url,
        "ticket": {
            "id": played.told.ticket_id,
            "url": played.told.ticket_url,
            "subject": played.ticket.subject,
            "details": dict(played.ticket.details),
            "notes": [{"by": note.by, "text": note.text} for note in played.ticket.notes],
        },
        "say": played.told.say,
        "accepted_ms": round(played.accepted_seconds * 1000, 1),
        "ticket_ms": round(played.ticket_seconds * 1000, 1),
        "vendors_critical_path_ms": round(played.vendor_seconds * 1000, 1),
    }
