"""What people and rules do at a vendor, for an emulator to play: `batonpass trigger` and tests say it in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batonpass.domain.event import EventKind


class CannotPlayError(Exception):
    """The emulator cannot play this: its message says what is missing, or which kinds it plays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that somebody else than batonpass does, in the vendor's own pages."""

    kind: EventKind
    ticket: str | None = None
    """`TicketRef.id`; None: the newest ticket (of `TICKET_OPENED`: a new one is made, its first message `text`)."""
    agent: str | None = None
    """The id of the agent who does it, or to whom it is assigned; None: the first person of the support team."""
    group: str | None = None
    """Of `TICKET_ASSIGNED`: the group's name, instead of an agent."""
    text: str = "Thank you, I am looking into it."
    """Of replies and notes; of `TICKET_RATED` the comment."""
    email: str | None = None
    """Of `TICKET_OPENED`: whose; None: a customer of the sample account."""
    score: float = 1.0
    """Of `TICKET_RATED`: from 0 to 1; the emulator takes the nearest that the vendor has."""
    tag: str | None = None
    """Of `HANDOFF_ASKED` and `STATUS_CHANGED`: a tag that is added."""
    field: str | None = None
    """Of `HANDOFF_ASKED`: the name of a field that is set to `value`."""
    value: str | None = None
    object: str | None = None
    """Of what happens to no ticket: the id of the contact, company, deal, subscription, invoice, charge, dispute;
    None: the newest."""

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Happening:
        """Raises `CannotPlayError` on unknown keys and kinds."""
        try:
            return cls(**{**told, "kind": EventKind(told["kind"])})
        except (KeyError, TypeError, ValueError) as error:
            known = ", ".join(kind for kind in EventKind if kind is not EventKind.UNKNOWN)
            raise CannotPlayError(f"no happening: {error}; kinds: {known}") from None
