"""`batonpass discover`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from batonpass.app.discovery import Discovery, age, discovered, people_json, save, schema_json
from batonpass.app.logs import keep_quiet
from batonpass.cli.connecting import HelpdeskName, helpdesk_or, permissions_told
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, usable_config
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.domain.clock import SystemClock
from batonpass.domain.ticket import FieldDefinition

People = Annotated[bool, typer.Option("--agents", help="Also the support team, and who is there now.")]
Save = Annotated[
    bool,
    typer.Option(
        "--save", help="Keep it in .batonpass/CONNECTION.schema.json (fields, groups, forms; no people)."
    ),
]


def discover(
    name: HelpdeskName = None,
    config: ConfigPath = DEFAULT_CONFIG,
    people: People = False,
    keep: Save = False,
    as_json: AsJson = False,
) -> None:
    """Show the helpdesk's fields, options, groups and forms.

    Exit codes: 0 done, 1 the helpdesk refuses, 2 wrong usage or configuration, 4 credentials refused or a permission
    missing, 5 the helpdesk does not answer, 6 with --agents: it does not tell them all.
    """
    read = usable_config(config)
    connection = helpdesk_or(read, name)
    keep_quiet()
    clock = SystemClock()
    with permissions_told(connection):
        found = asyncio.run(discovered(connection, clock, people=people))
    saved = save(read, found) if keep else None
    if as_json:
        told = {**schema_json(found), **(people_json(found, clock.now()) if people else {})}
        print_json("batonpass.discover/1", **told)
    else:
        _show_schema(found)
        if people:
            _show_people(found, clock)
    for part in found.not_told:
        stderr().print(f"{part.part}: not told: {part.why}", soft_wrap=True)
    if saved is not None:
        stderr().print(f"wrote {saved}", soft_wrap=True)
    raise typer.Exit(ExitCode.PARTLY if found.not_told else ExitCode.DONE)


def _show_schema(found: Discovery) -> None:
    data, schema = stdout(), found.schema
    table = _table("field", "kind", "", "options", "id")
    for field in schema.fields:
        options = ", ".join(_option(each.label, each.value) for each in field.options)
        table.add_row(Text(field.name), field.kind, _marks(field), Text(options), Text(field.id))
    data.print(table)
    data.print(f"\ngroups: {', '.join(each.name for each in schema.groups) or 'none told'}", soft_wrap=True)
    for form in schema.forms:
        statuses = f": {', '.join(form.statuses)}" if form.statuses else ""
        data.print(f"form: {form.name} ({form.id}){statuses}", soft_wrap=True)


def _show_people(found: Discovery, clock: SystemClock) -> None:
    data, presence = stdout(), found.presence
    there = {each.agent.id: each for each in presence.agents} if presence is not None else {}
    table = _table("agent", "e-mail", "now", "load", "id")
    for agent in found.agents or tuple(each.agent for each in there.values()):
        present = there.get(agent.id)
        now = "" if present is None else f"{present.availability} {present.status or ''}".strip()
        loads = () if present is None else present.loads
        load = ", ".join(
            f"{each.channel} {'?' if each.assigned is None else each.assigned}"
            f"{'' if each.limit is None else f'/{each.limit}'}"
            for each in loads
        )
        table.add_row(Text(agent.name or "?"), Text(agent.email or ""), Text(now), Text(load), Text(agent.id))
    data.print()
    data.print(table)
    if presence is not None:
        data.print(f"who is there was read {age(presence, clock.now()):.0f} s ago")


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _marks(field: FieldDefinition) -> str:
    marks = ["required"] * field.required + ["switched off"] * (not field.active)
    return ", ".join(marks)


def _option(label: str, value: str) -> str:
    return label if label == value else f"{label} ({value})"
