"""What an account has: its fields, groups, forms and people; and the fields that it still lacks."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from batonpass.app.config import Config, Connection
from batonpass.app.editor_schemas import write_editor_schemas
from batonpass.app.snapshots import FOLDER, SAVED_AS, former_json, read_snapshot, snapshot_path
from batonpass.app.wiring import connected
from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError, CredentialsRefusedError, RefusedError, RetryLaterError
from batonpass.domain.presence import AgentPresence, Presence
from batonpass.domain.ticket import Agent, FieldDefinition, FieldKind, FieldSchema, NewField
from batonpass.mapping.former import NOTHING_FORMER, Former
from batonpass.ports import Helpdesk, ListsAgents, TellsPresence

__all__ = [
    "FOLDER",
    "SAVED_AS",
    "Discovery",
    "Lack",
    "NotTold",
    "age",
    "discovered",
    "field_json",
    "lacking",
    "load",
    "load_from",
    "people_json",
    "save",
    "schema_json",
    "since",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTold:
    """A part that the account did not tell."""

    part: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    connection: str
    schema: FieldSchema
    agents: tuple[Agent, ...] = ()
    presence: Presence | None = None
    not_told: tuple[NotTold, ...] = ()
    former: Former = NOTHING_FORMER
    """What was called otherwise when it was read before; of a saved one only."""


async def discovered(connection: Connection, clock: Clock, *, people: bool = False) -> Discovery:
    """Read it all; with `people` the support team and who is there, as far as the account tells.

    Raises `ConfigurationError` where this connection keeps no tickets, and what reading its fields raises.
    """
    async with connected(connection, clock) as opened:
        if not isinstance(opened, Helpdesk):
            raise ConfigurationError(
                f"[connections.{connection.name}] keeps no tickets, so it has no ticket fields",
                code="no_helpdesk",
            )
        schema = await opened.field_schema()
        if not people:
            return Discovery(connection=connection.name, schema=schema)
        agents, no_agents = await _part("agents", opened.agents if isinstance(opened, ListsAgents) else None)
        presence, no_presence = await _part(
            "presence", opened.presence if isinstance(opened, TellsPresence) else None
        )
    return Discovery(
        connection=connection.name,
        schema=schema,
        agents=agents or (),
        presence=presence,
        not_told=tuple(each for each in (no_agents, no_presence) if each is not None),
    )


def save(config: Config, found: Discovery) -> Path:
    """Write `.batonpass/<connection>.schema.json` beside the configuration: fields, groups and forms, no people.

    What was called otherwise in the one that stood there is kept beside the new names. Beside it stand JSON Schemas of
    the mapping files, for editors.
    """
    path = snapshot_path(config.path.parent, found.connection)
    former = former_json(since(load(config, found.connection, broken_as_none=True), found.schema))
    told = {"schema": SAVED_AS, **schema_json(found), "former": former}
    text = json.dumps(told, ensure_ascii=False, indent=2)
    try:
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(text + "\n", encoding="utf-8")
        fresh.replace(path)
        write_editor_schemas(config, found.connection, found.schema)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None
    return path


def load(config: Config, connection: str, *, broken_as_none: bool = False) -> Discovery | None:
    """What `save` wrote last of this connection; None where it never did. Raises `ConfigurationError` where the file
    cannot be read (`broken_as_none`: never)."""
    return load_from(config.path.parent, connection, broken_as_none=broken_as_none)


def load_from(folder: Path, connection: str, *, broken_as_none: bool = False) -> Discovery | None:
    """As `load`, by the folder of the configuration."""
    try:
        read = read_snapshot(folder, connection)
    except ConfigurationError:
        if not broken_as_none:
            raise
        return None
    return None if read is None else Discovery(connection=connection, schema=read[0], former=read[1])


def since(before: Discovery | None, schema: FieldSchema) -> Former:
    """What was called otherwise before this reading of the account."""
    return NOTHING_FORMER if before is None else before.former.after(before.schema, schema)


def schema_json(found: Discovery) -> dict[str, Any]:
    schema = found.schema
    return {
        "connection": found.connection,
        "as_of": _time(schema.as_of),
        "fields": [field_json(each) for each in schema.fields],
        "groups": [{"id": each.id, "name": each.name} for each in schema.groups],
        "forms": [
            {"id": each.id, "name": each.name, "fields": list(each.fields), "statuses": list(each.statuses)}
            for each in schema.forms
        ],
        "limits": {"subject": schema.limits.subject, "note": schema.limits.note},
        "options_are_tags": schema.options_are_tags,
    }


def people_json(found: Discovery, now: datetime) -> dict[str, Any]:
    presence = found.presence
    return {
        "agents": [{"id": each.id, "name": each.name, "email": each.email} for each in found.agents],
        "presence": None
        if presence is None
        else {
            "as_of": _time(presence.as_of),
            "age_seconds": age(presence, now),
            "agents": [_present_json(each) for each in presence.agents],
        },
        "not_told": [{"part": each.part, "why": each.why} for each in found.not_told],
    }


def field_json(field: FieldDefinition) -> dict[str, Any]:
    return {
        "id": field.id,
        "name": field.name,
        "kind": field.kind,
        "active": field.active,
        "required": field.required,
        "options": [{"value": each.value, "label": each.label} for each in field.options],
        "longest": field.longest,
        "unit": field.unit,
    }


def age(presence: Presence, now: datetime) -> float:
    """Seconds since it was read at the vendor."""
    return max(0.0, round((now - presence.as_of).total_seconds(), 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A field that is to be there, and what the account lacks of it."""

    field: NewField
    stands: FieldDefinition | None = None
    """The one of this name that is there already."""
    options: tuple[str, ...] = ()
    """Labels that the one that is there lacks."""

    @property
    def conflict(self) -> str | None:
        """Why it cannot be brought about here."""
        if self.stands is None:
            return None
        wider = (self.field.kind, self.stands.kind) == (FieldKind.INTEGER, FieldKind.DECIMAL)
        if self.stands.kind is not self.field.kind and not wider:
            return f'"{self.field.name}" is there with the kind {self.stands.kind}, not {self.field.kind}'
        if not self.stands.active:
            return f'"{self.field.name}" is there, but switched off: switch it on in the helpdesk'
        return None


def lacking(wanted: Iterable[NewField], schema: FieldSchema) -> tuple[Lack, ...]:
    """What the account lacks of these fields; nothing for one that is there as it is wanted."""
    by_name = {each.name.casefold(): each for each in schema.fields} | {
        each.id: each for each in schema.fields
    }
    lacks = []
    for field in wanted:
        stands = by_name.get(field.name.casefold()) or by_name.get(field.name)
        if stands is None:
            lacks.append(Lack(field=field))
            continue
        known = {text.casefold() for option in stands.options for text in (option.label, option.value)}
        lack = Lack(
            field=field,
            stands=stands,
            options=tuple(label for label in field.options if label.casefold() not in known),
        )
        if lack.options or lack.conflict is not None:
            lacks.append(lack)
    return tuple(lacks)


async def _part(name: str, read: Callable[[], Awaitable[T]] | None) -> tuple[T | None, NotTold | None]:
    """One part; why it is not told where the account does not tell it."""
    if read is None:
        return None, NotTold(part=name, why="this helpdesk does not tell it")
    try:
        return await read(), None
    except CredentialsRefusedError:
        raise
    except (RefusedError, RetryLaterError) as error:
        return None, NotTold(part=name, why=str(error))


def _present_json(each: AgentPresence) -> dict[str, Any]:
    return {
        "agent": each.agent.id,
        "availability": each.availability,
        "since": None if each.since is None else _time(each.since),
        "status": each.status,
        "groups": list(each.group_ids),
        "loads": [
            {"channel": load.channel, "assigned": load.assigned, "limit": load.limit} for load in each.loads
        ],
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
