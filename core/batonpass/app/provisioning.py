"""Creating the fields that an account lacks. What stands stays; nothing is removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batonpass.app.config import Connection
from batonpass.app.discovery import Lack, lacking
from batonpass.app.wiring import connected
from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import FieldDefinition, NewField
from batonpass.ports import Helpdesk, ProvisionsFields


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCreated:
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    stored: tuple[FieldDefinition, ...]
    """As the vendor has them now."""
    refused: tuple[NotCreated, ...]


async def lacks_of(
    connection: Connection, clock: Clock, wanted: Sequence[NewField] | None = None
) -> tuple[Lack, ...]:
    """What the account lacks of `wanted`, or of the fields that batonpass itself needs. Changes nothing.

    Raises `RefusedError` with code `unsupported` where this connection cannot create fields.
    """
    async with connected(connection, clock) as opened:
        helpdesk, provisions = _both(connection, opened)
        fields = provisions.own_fields() if wanted is None else wanted
        return lacking(fields, await helpdesk.field_schema()) if fields else ()


async def provisioned(connection: Connection, clock: Clock, lacks: Sequence[Lack]) -> Provisioned:
    """Create them one after the other; one that is refused leaves the others unharmed. Raises a missing permission,
    which concerns them all."""
    stored, refused = [], []
    async with connected(connection, clock) as opened:
        _, provisions = _both(connection, opened)
        for lack in lacks:
            if lack.conflict is not None:
                refused.append(NotCreated(name=lack.field.name, why=lack.conflict))
                continue
            try:
                stored.append(await _brought_about(provisions, lack))
            except RefusedError as error:
                if error.code == "forbidden" and not stored:
                    raise
                refused.append(NotCreated(name=lack.field.name, why=str(error)))
    return Provisioned(stored=tuple(stored), refused=tuple(refused))


async def _brought_about(provisions: ProvisionsFields, lack: Lack) -> FieldDefinition:
    if lack.stands is None:
        return await provisions.create_field(lack.field)
    return await provisions.add_options(lack.stands.id, lack.options)


def _both(connection: Connection, opened: object) -> tuple[Helpdesk, ProvisionsFields]:
    if isinstance(opened, Helpdesk) and isinstance(opened, ProvisionsFields):
        return opened, opened
    raise RefusedError(
        f"[connections.{connection.name}] ({connection.manifest.title}) cannot create ticket fields",
        code="unsupported",
    )
