"""The accounts as they are now, for checking mappings against them."""

from __future__ import annotations

from dataclasses import replace

from batonpass.app.checking import Account, Accounts
from batonpass.app.config import Config, Connection
from batonpass.app.discovery import load, since
from batonpass.app.wiring import connected
from batonpass.diagnostics import Finding
from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError
from batonpass.domain.ticket import FieldSchema
from batonpass.mapping import check_schema
from batonpass.mapping.files import read_helpdesk_mapping
from batonpass.mapping.layers import read_layers
from batonpass.ports import Capability, Helpdesk, ListsAgents


async def live_accounts(config: Config, clock: Clock) -> Accounts:
    """Read them all; nothing is changed. An account that does not tell has an `error`."""
    asked = [each for each in config.connections if Capability.OPEN_TICKET in each.capabilities]
    found = {each.name: await _live(config, each, clock) for each in asked}
    return found.get


def findings_against(config: Config, connection: Connection, schema: FieldSchema) -> list[Finding] | None:
    """What in the connection's mapping does not fit the account as it has just been read; None where the file has
    errors of its own, so that nobody can say."""
    mapping, _ = read_helpdesk_mapping(read_layers(connection.layers))
    if mapping is None:
        return None
    former = since(load(config, connection.name, broken_as_none=True), schema)
    return check_schema(mapping, schema, former=former)


async def _live(config: Config, connection: Connection, clock: Clock) -> Account:
    name = connection.name
    try:
        schema = await _read(connection, clock)
    except BatonpassError as error:
        return Account(connection=name, live=True, problem=str(error), error=error)
    if schema is None:
        return Account(connection=name, live=True, problem="it tells no fields")
    former = since(load(config, name, broken_as_none=True), schema)
    return Account(connection=name, schema=schema, former=former, live=True)


async def _read(connection: Connection, clock: Clock) -> FieldSchema | None:
    mapping, _ = read_helpdesk_mapping(read_layers(connection.layers))
    async with connected(connection, clock) as opened:
        if not isinstance(opened, Helpdesk):
            return None
        schema = await opened.field_schema()
        if mapping is None or mapping.assignee is None or not isinstance(opened, ListsAgents):
            return schema
        return replace(schema, agents=await opened.agents())
