"""`batonpass provision`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from batonpass.app.config import Connection
from batonpass.app.discovery import Lack, field_json
from batonpass.app.logs import keep_quiet
from batonpass.app.provisioning import Provisioned, lacks_of, provisioned
from batonpass.cli.connecting import DryRun, HelpdeskName, Yes, agreed, helpdesk_or, permissions_told
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, usable_config
from batonpass.cli.saved_account import saved_anew
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.domain.clock import SystemClock
from batonpass.domain.ticket import FieldKind, NewField

Field = Annotated[
    str | None,
    typer.Option("--field", help="One field by the name that people shall see.", show_default=False),
]
Kind = Annotated[FieldKind, typer.Option("--kind", help="With --field: what it holds.")]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", help="With --field: an option of a dropdown or multi-select; several times."),
]
_WITH_OPTIONS = frozenset({FieldKind.DROPDOWN, FieldKind.MULTISELECT})


def provision(  # noqa: PLR0917 - Typer reads the parameters by their names
    name: HelpdeskName = None,
    config: ConfigPath = DEFAULT_CONFIG,
    field: Field = None,
    kind: Kind = FieldKind.TEXT,
    option: Options = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Create ticket fields in the helpdesk.

    Those that batonpass itself needs, or one that you name. What stands already stays; nothing is ever removed. Exit codes: 0 all are there, 1 one cannot be created or you
    said no, 2 wrong usage or configuration, 4 credentials refused or a permission missing, 5 the helpdesk does not
    answer, 6 some were created, others not.
    """
    wanted = _wanted(field, kind, tuple(option or ()))
    read = usable_config(config)
    connection = helpdesk_or(read, name)
    keep_quiet()
    clock = SystemClock()
    with permissions_told(connection):
        lacks = asyncio.run(lacks_of(connection, clock, wanted))
    if dry_run or not lacks:
        _tell_plan(connection, lacks, as_json=as_json)
        raise typer.Exit(ExitCode.PROBLEMS if any(each.conflict for each in lacks) else ExitCode.DONE)
    doable = [each for each in lacks if each.conflict is None]
    if doable:
        lines = [f"{connection.manifest.title} ([connections.{connection.name}]) will get:"]
        agreed("Create these?", [*lines, *map(_planned, doable)], yes=yes, again="batonpass provision")
    with permissions_told(connection):
        outcome = asyncio.run(provisioned(connection, clock, lacks))
    kept = bool(outcome.stored) and saved_anew(read, connection, clock)
    _as_json(connection, outcome) if as_json else _show(connection, outcome, kept=kept)
    raise typer.Exit(_exit_code(outcome))


def _wanted(name: str | None, kind: FieldKind, options: tuple[str, ...]) -> tuple[NewField, ...] | None:
    """The field that the person names; None: those that batonpass needs."""
    if name is None:
        if options:
            raise typer.BadParameter("needs --field NAME", param_hint="--option")
        return None
    if not name.strip():
        raise typer.BadParameter("a field needs a name", param_hint="--field")
    if kind is FieldKind.OTHER:
        raise typer.BadParameter("batonpass writes no fields of this kind", param_hint="--kind")
    if bool(options) is not (kind in _WITH_OPTIONS):
        raise typer.BadParameter(
            f"{'give its options' if kind in _WITH_OPTIONS else 'only a dropdown or multiselect has options'}",
            param_hint="--option",
        )
    return (NewField(name=name.strip(), kind=kind, options=tuple(dict.fromkeys(options))),)


def _exit_code(outcome: Provisioned) -> ExitCode:
    if not outcome.refused:
        return ExitCode.DONE
    return ExitCode.PARTLY if outcome.stored else ExitCode.PROBLEMS


def _planned(lack: Lack) -> str:
    field = lack.field
    if lack.stands is not None:
        return f'  new options of the field "{field.name}": {", ".join(lack.options)}'
    options = f" with the options: {', '.join(field.options)}" if field.options else ""
    why = f" ({field.why})" if field.why else ""
    return f'  the field "{field.name}", {field.kind}{options}{why}'


def _tell_plan(connection: Connection, lacks: Sequence[Lack], *, as_json: bool) -> None:
    if as_json:
        planned = [
            {
                "field": each.field.name,
                "kind": each.field.kind,
                "create": each.stands is None,
                "options": list(each.options if each.stands is not None else each.field.options),
                "conflict": each.conflict,
            }
            for each in lacks
        ]
        print_json(
            "batonpass.provision/1", connection=connection.name, planned=planned, stored=[], refused=[]
        )
        return
    if not lacks:
        stdout().print(f"{connection.name}: nothing to create, all fields are there")
    for each in lacks:
        stdout().print(f"  {each.conflict}" if each.conflict else _planned(each), soft_wrap=True)


def _as_json(connection: Connection, outcome: Provisioned) -> None:
    print_json(
        "batonpass.provision/1",
        connection=connection.name,
        planned=[],
        stored=[field_json(each) for each in outcome.stored],
        refused=[{"field": each.name, "why": each.why} for each in outcome.refused],
    )


def _show(connection: Connection, outcome: Provisioned, *, kept: bool) -> None:
    data, hints = stdout(), stderr()
    for field in outcome.stored:
        options = "".join(f"\n  {each.label} is written as {each.value}" for each in field.options)
        data.print(f'"{field.name}" ({field.kind}) stands as {field.id}{options}', soft_wrap=True)
    for each in outcome.refused:
        hints.print(f'error: "{each.name}": {each.why}', soft_wrap=True)
    hints.print("next: batonpass check" if kept else f"next: batonpass discover {connection.name} --save")
