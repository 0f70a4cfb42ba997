"""`batonpass sync person`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from batonpass.app.copies import systems_of
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, usable_config
from batonpass.cli.person import Email, address
from batonpass.cli.terminal import print_json, stdout
from batonpass.context.identity import normal_email
from batonpass.domain.synced import KeyKind, RecordKind
from batonpass.domain.text import reveal
from batonpass.store import synced_people
from batonpass.store.reading import look
from batonpass.store.synced_people import Node
from batonpass.store.transaction import Transaction
from batonpass.sync.graph import Bond
from batonpass.sync.looking import Found, OnePerson, with_email, with_id

WhichPerson = Annotated[
    str | None,
    typer.Argument(help="A person's id (pe_…) or a company's (co_…), instead of an address.", metavar="ID"),
]


def person(
    who: WhichPerson = None,
    email: Email = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show who somebody is across all systems: their records, what joins them and how surely.

    What it shows are customers' data. Reads the copy alone; a server may be running. Exit codes: 0 found, 2 bad usage or
    configuration, or nobody of this id or address is in the copy.
    """
    usable = usable_config(config)
    systems = systems_of(usable.connections)
    asked = None if who is not None else address(email)

    async def work(tx: Transaction) -> tuple[list[Found], int]:
        if asked is None:
            return await with_id(
                tx, systems, (who or "").removeprefix("person:")
            ), await synced_people.changed(tx)
        known_as = normal_email(asked) or asked
        return await with_email(tx, systems, known_as), await synced_people.changed(tx)

    found, waiting = look(usable.store, work)
    if not found:
        raise CommandError(
            f"{usable.store.name}: nobody of this {'id' if asked is None else 'address'} is in the copy",
            then="batonpass sync status (shows what has been read, and when)",
            exit_code=ExitCode.UNUSABLE,
            code="no_person",
        )
    if as_json:
        print_json(
            "batonpass.sync.person/1", found=[_json(each) for each in found], still_to_be_looked_at=waiting
        )
        return
    for each in found:
        _show(each)
    if waiting:
        stdout().print(f"{waiting} records have changed and are still to be looked at")


def _show(found: Found) -> None:
    console = stdout()
    if found.is_contested:
        console.print(
            "kept apart: one system has several of these records; only what is sure joins them. Merge them there",
            soft_wrap=True,
        )
    for each in found.people:
        console.print(_table(found.kind, each))
        console.print()
    if found.bonds:
        console.print("joined by")
    for bond in found.bonds:
        console.print(f"  {_bond(bond)}", soft_wrap=True)
    for bond in found.maybe:
        console.print(f"not joined: {_bond(bond)}", soft_wrap=True)
    if found.companies:
        named = ", ".join(f"{reveal(each.name or '?')} ({_ref(each)})" for each in found.companies)
        console.print(f"at {named}", soft_wrap=True)
    if found.left_out:
        console.print(f"{found.left_out} more records are not shown")


def _table(kind: RecordKind, one: OnePerson) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, title=one.id, title_justify="left")
    known_by = (KeyKind.DOMAIN,) if kind is RecordKind.COMPANY else (KeyKind.EMAIL, KeyKind.PHONE)
    for name in ("system", "id", "name", "known by"):
        table.add_column(name, overflow="fold")
    for node in one.records:
        keys = [value for key in known_by for value in node.values(key)]
        table.add_row(
            node.ref.connection,
            reveal(node.ref.id),
            reveal(node.name or "-"),
            reveal(", ".join(keys) or "-"),
        )
    return table


def _bond(bond: Bond) -> str:
    members = ", ".join(f"{each.connection} {reveal(each.id)}" for each in bond.members)
    return f"{bond.strength} {reveal(bond.by)}: {members}"


def _ref(node: Node) -> str:
    return f"{node.ref.connection} {reveal(node.ref.id)}"


def _json(found: Found) -> dict[str, Any]:
    return {
        "kind": found.kind.value,
        "contested": found.is_contested,
        "people": [
            {"id": each.id, "records": [_node(node) for node in each.records]} for each in found.people
        ],
        "joined_by": [_bond_json(each) for each in found.bonds],
        "not_joined": [_bond_json(each) for each in found.maybe],
        "companies": [_node(each) for each in found.companies],
        "left_out": found.left_out,
    }


def _node(node: Node) -> dict[str, Any]:
    keys = [{"kind": kind.value, "value": value} for kind, value in sorted(node.keys)]
    return {"connection": node.ref.connection, "id": node.ref.id, "name": node.name, "keys": keys}


def _bond_json(bond: Bond) -> dict[str, Any]:
    members = [{"connection": each.connection, "id": each.id} for each in bond.members]
    return {"strength": bond.strength.value, "by": bond.by, "records": members}
