"""What a person has asked before."""

from __future__ import annotations

from datetime import timedelta

from batonpass.domain.facts import Fact, FactAnswer, FactValue, Person, Standing
from batonpass.domain.text import one_line
from batonpass_hubspot.client import MOST_IN_A_BATCH, ObjectType
from batonpass_hubspot.contact_key import ContactKey
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.fields import CREATED_AT, STAGE, SUBJECT
from batonpass_hubspot.following import instant
from batonpass_hubspot.stages import Stages
from batonpass_hubspot.wire import Record

RECENT = 5
LATELY = timedelta(days=90)


class History:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def of(self, person: Person) -> FactAnswer:
        key = ContactKey.of(person, self._desk.name, "hubspot")
        if key is None:
            return FactAnswer(standing=Standing.NO_KEY)
        contact = await self._desk.contact(key)
        if contact is None:
            return FactAnswer(standing=Standing.NOT_FOUND)
        ids = await self._desk.api.linked_ids(ObjectType.CONTACTS, contact.id, ObjectType.TICKETS)
        newest = [each for each in ids if each != person.ticket_id][:MOST_IN_A_BATCH]
        asked = (SUBJECT, STAGE, CREATED_AT)
        tickets = await self._desk.crm.read_batch(ObjectType.TICKETS, newest, asked) if newest else ()
        return FactAnswer(
            standing=Standing.FOUND,
            facts=self._facts(tickets, await self._desk.stages() if tickets else None),
        )

    def _facts(self, tickets: tuple[Record, ...], stages: Stages | None) -> tuple[Fact, ...]:
        now = self._desk.clock.now()
        opened = [(instant(each.stored(CREATED_AT)), each) for each in tickets]
        lately = sum(at is not None and at >= now - LATELY for at, _ in opened)
        ordered = sorted(
            tickets, key=lambda each: (each.stored(CREATED_AT), len(each.id), each.id), reverse=True
        )
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if ordered and stages is not None:
            recent = tuple(_line(each, stages) for each in ordered[:RECENT])
            values.insert(0, ("support.recent_tickets", recent))
        return tuple(
            Fact(name=name, value=value, source=self._desk.name, as_of=now) for name, value in values
        )


def _line(ticket: Record, stages: Stages) -> str:
    at = instant(ticket.stored(CREATED_AT))
    opened = at.date().isoformat() if at else "date unknown"
    status = stages.status(ticket.stored(STAGE)) or "status unknown"
    return f"#{ticket.id} {one_line(ticket.stored(SUBJECT) or '(no subject)')} ({status}, {opened})"
