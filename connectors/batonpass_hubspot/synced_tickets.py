"""Tickets as records of the copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from batonpass.domain.synced import Column, Key, KeyKind, Record, RecordKind
from batonpass.domain.ticket import TicketStatus
from batonpass_hubspot import fields, wire
from batonpass_hubspot.belonging import linked_ids
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.stages import Stages
from batonpass_hubspot.synced_values import MERGED, former_ids, former_keys, known, utc
from batonpass_hubspot.values import instant

CATEGORY, _CHANNEL = "hs_ticket_category", "source_type"
_FIXED = (
    fields.SUBJECT, fields.STAGE, fields.PRIORITY, fields.OWNER, fields.TEAM, fields.TAGS_PROPERTY, fields.KEY_PROPERTY,
    fields.CREATED_AT, fields.CHANGED_AT, fields.CLOSED_AT, fields.FIRST_REPLY_AT, CATEGORY, _CHANNEL, MERGED,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    stages: Stages
    group_property: str
    ai_agent_id: str | None
    categories: Mapping[str, str]
    """Stored value → label."""

    @classmethod
    async def of(cls, desk: Desk) -> Tickets:
        """As the account is now."""
        defined = next((each for each in await desk.properties.get() if each.name == CATEGORY), None)
        return cls(
            stages=await desk.stages(),
            group_property=desk.settings.group_property or fields.TEAM,
            ai_agent_id=desk.settings.ai_agent_id,
            categories={} if defined is None else {each.value: each.label for each in defined.options},
        )

    @property
    def asked(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*_FIXED, self.group_property)))

    def record(self, ticket: wire.Record, now: datetime) -> Record:
        """One that batonpass opened was handed over by an AI agent; of others HubSpot does not tell it."""
        stored = ticket.stored
        closed_at = stored(fields.CLOSED_AT)
        status = status_of(ticket, self.stages)
        owner, category = stored(fields.OWNER), stored(CATEGORY)
        priority = fields.OURS.get(stored(fields.PRIORITY))
        contacts = linked_ids(ticket, ObjectType.CONTACTS)
        ours = True if stored(fields.KEY_PROPERTY) else None
        columns: dict[str, Column] = {
            "subject": stored(fields.SUBJECT),
            "status": status.value,
            "priority": None if priority is None else priority.value,
            "channel": stored(_CHANNEL).lower(),
            "category": self.categories.get(category, category),
            "tags": fields.tags_of(stored(fields.TAGS_PROPERTY)) or None,
            "customer_id": contacts[0] if contacts else None,
            "agent_id": None if owner == self.ai_agent_id else owner,
            "group_id": stored(self.group_property),
            "created_at": utc(stored(fields.CREATED_AT)),
            "first_reply_at": utc(stored(fields.FIRST_REPLY_AT)),
            "solved_at": utc(closed_at) if status.is_done else None,
            "ai_took_part": ours,
            "handed_over": ours,
        }
        keys = [
            *(Key(kind=KeyKind.CUSTOMER, value=each) for each in contacts),
            *former_keys(former_ids(ticket)),
        ]
        return Record(
            kind=RecordKind.TICKET,
            id=ticket.id,
            changed_at=instant(stored(fields.CHANGED_AT)) or now,
            columns=known(columns),
            keys=tuple(keys),
        )


def status_of(ticket: wire.Record, stages: Stages) -> TicketStatus:
    """By its stage; where that is deleted, by whether HubSpot has noted that it was closed."""
    gone = TicketStatus.SOLVED if ticket.stored(fields.CLOSED_AT) else TicketStatus.OPEN
    return stages.status(ticket.stored(fields.STAGE)) or gone
