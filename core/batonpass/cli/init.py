"""`batonpass init`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from batonpass.app.new_folder import AI_AGENT, NewFolder, helpdesks, template_connections, write_folder
from batonpass.cli.terminal import stderr, stdout

Folder = Annotated[Path, typer.Argument(help="Where to write; made where it is not there.")]
Agent = Annotated[str, typer.Option("--agent", help="The AI agent's name, as tickets and logs show it.")]
Callback = Annotated[
    str | None,
    typer.Option(
        help="Where the AI agent wants to be told, by signed webhook; without, it asks for the status."
    ),
]
Helpdesk = Annotated[
    str | None,
    typer.Option(
        help="Where tickets are kept: zendesk, freshdesk, intercom or hubspot; zendesk unless given.",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_STEPS = (
    ("batonpass check", "is everything filled in?"),
    ("batonpass doctor", "do the accounts answer?"),
    ("batonpass discover --save", "the helpdesk's fields, for check and your editor"),
    ("batonpass provision", "the field that keeps our key, where the helpdesk needs one"),
    ("batonpass serve", "take handoffs"),
    ("batonpass webhooks register", "with server.public_url set: hear what happens to the tickets"),
)
"""What to do next, in this order."""


def init(
    folder: Folder = Path(),
    helpdesk: Helpdesk = None,
    agent: Agent = AI_AGENT,
    callback: Callback = None,
    yes: Yes = False,
) -> None:
    """Write config.toml and mappings/, and make an API key.

    The key is for one AI agent: it is shown once, config.toml keeps its SHA-256. Nothing is overwritten: exit code
    2 names the files that are there.
    """
    if not agent.isascii() or not agent.replace("-", "").replace("_", "").isalnum():
        raise typer.BadParameter("letters, digits, - and _", param_hint="--agent")
    if callback is not None and not callback.startswith(("https://", "http://")):
        raise typer.BadParameter("an address that begins with https://", param_hint="--callback")
    if helpdesk is not None and helpdesk not in helpdesks():
        raise typer.BadParameter(f"one of {', '.join(helpdesks())}", param_hint="--helpdesk")
    if not yes and sys.stdin.isatty():
        typer.confirm(
            f"Write config.toml and mappings/ into {folder.resolve()}?", default=True, abort=True, err=True
        )
    made = write_folder(folder, ai_agent=agent, callback_url=callback, helpdesk=helpdesk)
    _show(made, folder, agent, template_connections(helpdesk))


def _show(made: NewFolder, folder: Path, agent: str, connections: Sequence[str]) -> None:
    hints, data = stderr(), stdout()
    for path in made.files:
        hints.print(f"wrote {path}", soft_wrap=True)
    if made.callback_secret is not None:
        hints.print(f"{made.callback_secret} signs what we send; give the AI agent a copy", soft_wrap=True)
    hints.print(f"\nThe API key of {agent!r}, shown this once; the file has only its SHA-256:")
    data.print(made.api_key, soft_wrap=True)
    accounts = ", ".join(f"[connections.{each}]" for each in connections)
    hints.print(
        f"\nNow fill in your accounts in config.toml: {accounts}; take out what you do not have.",
        soft_wrap=True,
    )
    hints.print("Export the secrets that it names, and:")
    if folder != Path():
        hints.print(f"  cd {folder}", soft_wrap=True)
    for command, what in _STEPS:
        hints.print(f"  {command:28}  # {what}", soft_wrap=True)
