"""A ticket's record in our words."""

from __future__ import annotations

from dataclasses import dataclass

from batonpass.domain.ticket import FieldDefinition, StoredTicket, TicketRef
from batonpass_hubspot import fields
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.stages import Stages
from batonpass_hubspot.wire import Property, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketShape:
    """What a ticket of this account has, as it is known now."""

    known: tuple[FieldDefinition, ...]
    group_property: str
    stages: Stages

    @classmethod
    async def of(cls, desk: Desk) -> TicketShape:
        known = tuple(fields.definition(each) for each in await desk.properties.get() if is_field(each, desk))
        group = desk.settings.group_property or fields.TEAM
        return cls(known=known, group_property=group, stages=await desk.stages())

    @property
    def asked(self) -> frozenset[str]:
        """The properties that `stored` reads."""
        names = (each.id for each in self.known)
        return frozenset({*fields.STANDARD, fields.TAGS_PROPERTY, self.group_property, *names})

    def stored(self, record: Record, ref: TicketRef) -> StoredTicket:
        """The property that holds tags is told as `tags` and as no field."""
        return StoredTicket(
            ref=ref,
            subject=record.stored(fields.SUBJECT),
            priority=fields.OURS.get(record.stored(fields.PRIORITY)),
            group_id=record.stored(self.group_property) or None,
            status=self.stages.status(record.stored(fields.STAGE)),
            assignee_id=record.stored(fields.OWNER) or None,
            form_id=record.stored(fields.PIPELINE) or None,
            tags=frozenset(fields.tags_of(record.stored(fields.TAGS_PROPERTY))),
            fields={
                each.id: fields.content(record.stored(each.id), each)
                for each in self.known
                if each.id != fields.TAGS_PROPERTY
            },
        )


def is_field(known: Property, desk: Desk) -> bool:
    return fields.is_field(known) and known.name != desk.settings.group_property
