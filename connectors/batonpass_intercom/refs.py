"""The two kinds of thing that agents work on, and their ids in our words.

Tickets and conversations have ids of one shape, so ours say which kind is meant: `ticket-1295`, `conversation-1895`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import TicketRef

_ID = re.compile(r"(?:(ticket|conversation)-)?([0-9]{1,19})", re.ASCII)


class Kind(StrEnum):
    TICKET = "ticket"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket or a conversation, by Intercom's own id."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.id}"

    @property
    def is_ticket(self) -> bool:
        return self.kind is Kind.TICKET


def place_of(ticket_id: str) -> Place:
    """A bare number is a conversation. Raises `RefusedError` with code `not_found`."""
    found = _ID.fullmatch(ticket_id)
    if found is None:
        raise RefusedError(
            "the id is neither ticket-… nor conversation-… with a number", code="not_found", reasons=()
        )
    return Place(Kind(found[1] or Kind.CONVERSATION), found[2])


def ref_of(place: Place, app_address: str, *, number: str | None = None) -> TicketRef:
    """`_` stands for whichever workspace the agent is in; Intercom's own links to its Developer Hub use it. That it
    serves conversations, and tickets by the same path, is not documented."""
    return TicketRef(id=str(place), url=f"{app_address}/a/apps/_/conversations/{place.id}", number=number)
