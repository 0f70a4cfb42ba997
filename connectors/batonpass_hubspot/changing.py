"""A change of a ticket in HubSpot's properties."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import TicketChange
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.fields import (
    OWNER,
    PIPELINE,
    PRIORITIES,
    PRIORITY,
    STAGE,
    SUBJECT,
    TAGS_PROPERTY,
    tags_of,
    written,
)
from batonpass_hubspot.groups import group_property
from batonpass_hubspot.wire import Record

Read = Callable[[Sequence[str]], Awaitable[Record]]


async def changed_properties(desk: Desk, change: TicketChange, read: Read) -> dict[str, str]:
    """Only what is to be changed. A ticket whose stage means the wanted status already keeps its stage."""
    properties: dict[str, str] = {str(field.id): written(field.value) for field in change.fields}
    if change.group is not None:
        properties[group_property(desk.settings)] = change.group.id
    if change.subject is not None:
        properties[SUBJECT] = change.subject
    if change.priority is not None:
        properties[PRIORITY] = PRIORITIES[change.priority]
    if change.assignee is not None:
        properties[OWNER] = change.assignee.id
    if change.add_tags or change.status is not None:
        properties |= await _after_reading(desk, change, await read((TAGS_PROPERTY, STAGE, PIPELINE)))
    return properties


async def _after_reading(desk: Desk, change: TicketChange, record: Record) -> dict[str, str]:
    properties: dict[str, str] = {}
    if change.add_tags:
        if TAGS_PROPERTY not in await desk.own_properties():
            raise RefusedError(
                f"tickets.update: the account lacks the property {TAGS_PROPERTY}: batonpass provision",
                fields=("tags",),
                code="unsupported",
            )
        before = tags_of(record.stored(TAGS_PROPERTY))
        properties[TAGS_PROPERTY] = ";".join(dict.fromkeys((*before, *change.add_tags)))
    if change.status is not None:
        stages = await desk.stages()
        has = stages.status(record.stored(STAGE))
        if has is not change.status and not (has is not None and has.is_done and change.status.is_done):
            properties[STAGE] = stages.for_status(change.status, record.stored(PIPELINE)).id
    return properties
