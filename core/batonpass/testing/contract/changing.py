"""Tickets that stand already are changed where it is said, and nowhere else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import (
    Agent,
    FieldId,
    FieldKind,
    FieldSchema,
    FieldValue,
    Group,
    Priority,
    StoredTicket,
    TicketChange,
    TicketRef,
    TicketStatus,
    landed,
)
from batonpass.ports import Capability, Helpdesk, ListsAgents
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import Opened
from batonpass.testing.contract.samples import contents

_ONE_PART = ("subject", "priority", "group", "assignee", "status", "tags", "field")


class ChangingContract(Basis):
    """`Helpdesk.change_ticket`."""

    needs = Capability.CHANGE_TICKET

    @holds(
        Helpdesk.change_ticket,
        "Change what `change` names and nothing else",
        "Doing it twice is doing it once",
    )
    @pytest.mark.parametrize("part", _ONE_PART)
    async def test_a_change_changes_its_part_alone_and_twice_is_once(self, part: str) -> None:
        async with self.opened(Capability.CHANGE_TICKET, Capability.READ_BACK) as made:
            schema = await made.helpdesk.field_schema()
            ref = await made.a_ticket(tags=("before",), group=self._group(schema), **self._low())
            change = await self._changing(part, made, schema)
            if part in self.cannot_write:
                named = await _refused(made, ref, change)
                assert named is not None
                assert part in named
                pytest.skip(f"writes no {part}: {self.cannot_write[part]}")
            before = await made.helpdesk.read_ticket(ref)

            await made.helpdesk.change_ticket(ref, change)
            made.find_lag()
            once = await made.helpdesk.read_ticket(ref)
            await made.helpdesk.change_ticket(ref, change)
            made.find_lag()
            twice = await made.helpdesk.read_ticket(ref)

            own = {each.id for each in schema.fields if each.name in made.own_fields}
            assert _is_changed(change, once)
            assert _apart_from(change, once, own) == _apart_from(change, before, own)
            assert twice == once

    @holds(Helpdesk.change_ticket, "A part that the vendor refuses raises `RefusedError`")
    @pytest.mark.parametrize("part", ["group", "assignee", "field"])
    async def test_a_refused_part_is_named_or_seen_to_be_missing(self, part: str) -> None:
        async with self.opened(Capability.CHANGE_TICKET, Capability.READ_BACK) as made:
            ref = await made.a_ticket()
            unknown = "987654321"
            change = {
                "group": TicketChange(group=Group(id=unknown, name="Nobody")),
                "assignee": TicketChange(assignee=Agent(id=unknown)),
                "field": TicketChange(fields=(FieldValue(id=FieldId(unknown), name="Nothing", value="x"),)),
            }[part]

            named = await _refused(made, ref, change)

            if named is None:
                assert not _is_changed(change, await made.helpdesk.read_ticket(ref))
            else:
                assert (unknown if part == "field" else part) in named

    async def test_an_empty_change_changes_nothing(self) -> None:
        async with self.opened(Capability.CHANGE_TICKET, Capability.READ_BACK) as made:
            ref = await made.a_ticket()
            before = await made.helpdesk.read_ticket(ref)

            await made.helpdesk.change_ticket(ref, TicketChange())

            assert await made.helpdesk.read_ticket(ref) == before

    def _group(self, schema: FieldSchema, place: int = 0) -> Group | None:
        return None if "group" in self.cannot_write else schema.groups[place]

    def _low(self) -> dict[str, Priority]:
        return {} if "priority" in self.cannot_write else {"priority": Priority.LOW}

    async def _changing(self, part: str, made: Opened, schema: FieldSchema) -> TicketChange:
        match part:
            case "subject":
                return TicketChange(subject="Refund for order 8")
            case "priority":
                return TicketChange(priority=Priority.URGENT)
            case "group":
                return TicketChange(group=self._group(schema, -1) or Group(id="1", name="Nobody"))
            case "assignee":
                if not made.has(Capability.AGENTS):
                    pytest.skip("does not claim agents")
                return TicketChange(assignee=(await made.to(ListsAgents).agents())[0])
            case "status":
                return TicketChange(status=TicketStatus.PENDING)
            case "tags":
                return TicketChange(add_tags=("needs_a_person", "vip"))
            case _:
                kinds = {known.id: known.kind for known in schema.fields}
                plain = [
                    each
                    for each in contents(schema, apart_from=made.own_fields)
                    if kinds[each.id] is FieldKind.TEXT
                ]
                return TicketChange(fields=tuple(plain)[:1])


async def _refused(made: Opened, ref: TicketRef, change: TicketChange) -> tuple[str, ...] | None:
    """The parts that the vendor names in its refusal; None where it refuses nothing."""
    try:
        await made.helpdesk.change_ticket(ref, change)
    except RefusedError as refused:
        return refused.fields
    return None


def _is_changed(change: TicketChange, stored: StoredTicket) -> bool:
    return (
        change.subject in {None, stored.subject}
        and change.priority in {None, stored.priority}
        and (change.group is None or change.group.id == stored.group_id)
        and (change.assignee is None or change.assignee.id == stored.assignee_id)
        and change.status in {None, stored.status}
        and set(change.add_tags) <= stored.tags
        and all(landed(each.value, stored.fields.get(each.id)) for each in change.fields)
    )


def _apart_from(change: TicketChange, stored: StoredTicket, own: Collection[FieldId]) -> StoredTicket:
    """The ticket without what the change names, and without the connector's own fields: one may hold the tags. A
    status may follow an assignment, as in all helpdesks."""
    named = {*own, *(each.id for each in change.fields)}
    fields = {name: value for name, value in stored.fields.items() if name not in named and value is not None}
    moves = change.status is not None or change.assignee is not None
    return replace(
        stored,
        subject="" if change.subject is not None else stored.subject,
        priority=None if change.priority is not None else stored.priority,
        group_id=None if change.group is not None or change.assignee is not None else stored.group_id,
        assignee_id=None if change.assignee is not None or change.group is not None else stored.assignee_id,
        status=None if moves else stored.status,
        tags=stored.tags - set(change.add_tags),
        fields=fields,
    )
