"""Reading what has changed in the helpdesk, and deciding what follows from it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from batonpass.domain.alert import AlertKind
from batonpass.domain.errors import RetryLaterError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import ChangedTicket, FieldSchema
from batonpass.engine.asking import asks_for_person
from batonpass.engine.comparing import Difference, DifferenceKind, SeenTicket
from batonpass.ports import FollowsTickets, ListsChanges, StartRule

OVERLAP = timedelta(minutes=10)
"""By how much a reading goes back behind the one before: lists come from indices that lag, and clocks differ."""
FIRST_LOOK = timedelta(hours=1)
"""How far the first reading of all goes back."""
ON_ITS_WAY = timedelta(seconds=60)
"""A webhook of a change that is younger may still come: it is made up for at once, and nobody is told of it."""
AWAY_FOR = timedelta(minutes=15)
"""After so long without a reading nobody knows whether we could have heard a webhook."""
SILENT_FOR = timedelta(minutes=5)
"""How long a change has been there, and no webhook at all since, before they count as silent."""
HELD_SHARE = 0.2
"""Of the tickets that were read: where more would start handoffs, and more than the set number, none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Who looks, and by which rule."""

    rule: StartRule | None
    """Which tickets ask for a person; None: none."""
    schema: FieldSchema
    ours: frozenset[str]
    """The users whose tickets nobody has: our own, and the AI agent's."""


async def seen_tickets(
    helpdesk: ListsChanges, since: datetime, *, looked: Looked, most: int
) -> list[SeenTicket]:
    """Every ticket that has changed since then, each once, as it stood at last. Raises our errors, and
    `RetryLaterError` where there are more than `most`."""
    found: dict[str, SeenTicket] = {}
    async for changed in helpdesk.changed_tickets(since):
        before = found.get(changed.ticket.ref.id)
        if before is None or before.changed_at <= changed.changed_at:
            found[changed.ticket.ref.id] = seen(changed, looked)
        if len(found) > most:
            raise RetryLaterError(f"more than {most} tickets have changed since {since:%Y-%m-%d %H:%M} UTC",
                                  code="too_many")  # fmt: skip
    return list(found.values())


def seen(changed: ChangedTicket, looked: Looked) -> SeenTicket:
    ticket = changed.ticket
    return SeenTicket(
        id=ticket.ref.id,
        changed_at=changed.changed_at,
        key=changed.key,
        asks=asks_for_person(looked.rule, ticket, looked.schema),
        is_done=None if ticket.status is None else ticket.status.is_done,
        is_assigned=ticket.assignee_id is not None and ticket.assignee_id not in looked.ours,
    )


async def own_users(helpdesk: object, ai_agent_id: str | None) -> frozenset[str]:
    own = await helpdesk.own_id() if isinstance(helpdesk, FollowsTickets) else None
    return frozenset(each for each in (own, ai_agent_id) if each is not None)


# What follows -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What one reading leads to."""

    start: tuple[Event, ...] = ()
    """Each asks for a handoff."""
    start_live: tuple[Event, ...] = ()
    """As `start`, of tickets that ask since a moment ago: what their webhook would begin, in no later lane."""
    follow: tuple[Event, ...] = ()
    adopt: tuple[HandoffId, ...] = ()
    held: int = 0
    """How many handoffs are not started because they are too many."""
    made_up: int = 0
    """How many of these webhooks should have told, and will not any more."""
    unheard_since: datetime | None = None
    """The first change that a webhook should have told."""


def repair(differences: Sequence[Difference], *, read: int, most_started: int, now: datetime) -> Repair:
    """`read`: how many tickets were seen; `most_started`: so many handoffs may be started, whatever their share."""
    asking = [each for each in differences if each.kind is DifferenceKind.ASKING]
    unheard = [each for each in differences if each.kind is DifferenceKind.UNHEARD]
    held = len(asking) if len(asking) > max(most_started, HELD_SHARE * read) else 0
    begun = () if held else asking
    told_by_none = [each for each in (*begun, *unheard) if each.is_plain]
    plain = [each.at for each in (*asking, *unheard) if each.is_plain]
    return Repair(
        start=tuple(_event(each, EventKind.HANDOFF_ASKED) for each in begun if each.at <= now - ON_ITS_WAY),
        start_live=tuple(
            _event(each, EventKind.HANDOFF_ASKED) for each in begun if each.at > now - ON_ITS_WAY
        ),
        follow=tuple(_event(each, EventKind.STATUS_CHANGED) for each in unheard),
        adopt=tuple(
            each.handoff_id
            for each in differences
            if each.kind is DifferenceKind.UNADOPTED and each.handoff_id is not None
        ),
        held=held,
        made_up=sum(each.at <= now - ON_ITS_WAY for each in told_by_none),
        unheard_since=min(plain, default=None),
    )


def _event(difference: Difference, kind: EventKind) -> Event:
    """The same change found twice is one event."""
    (ticket,) = difference.tickets
    return Event(
        kind=kind,
        id=f"reconcile:{ticket}:{int(difference.at.timestamp() * 1000)}",
        subject_id=ticket,
        at=difference.at,
        vendor_kind="reconciliation",
    )


_SEVERAL = "{n} handoffs have several tickets. Next: batonpass verify names them; merge them in the helpdesk"
_UNKNOWN = (
    "{n} tickets were opened for handoffs that the journal does not know: an older copy of it is in use, or another "
    "batonpass works on this helpdesk. Next: batonpass verify names them"
)
_TOLD = {
    DifferenceKind.DOUBLED: (AlertKind.DOUBLED, _SEVERAL),
    DifferenceKind.ORPHANED: (AlertKind.ORPHANED, _UNKNOWN),
}


def alarming(differences: Sequence[Difference]) -> list[tuple[AlertKind, str]]:
    """(Kind, what to say) of the alerts that no repair makes up for."""
    counted = Counter(each.kind for each in differences)
    return [(kind, told.format(n=counted[each])) for each, (kind, told) in _TOLD.items() if counted[each]]


# How far the readings have come -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one reading leaves for the next."""

    read_to: datetime
    """By the helpdesk's clock: everything up to then is taken into account."""
    read_at: datetime | None = None
    """When, by our clock, it was read; None: never yet."""
    unheard_since: datetime | None = None
    """The first change that a webhook should have told, while none has come since."""

    @classmethod
    def at_first(cls, now: datetime) -> Self:
        return cls(read_to=now - FIRST_LOOK + OVERLAP)

    @classmethod
    def from_text(cls, text: str) -> Self:
        told: dict[str, str | None] = json.loads(text)
        times = {name: datetime.fromisoformat(at) for name, at in told.items() if at is not None}
        return cls(**times)

    def to_text(self) -> str:
        times = {"read_to": self.read_to, "read_at": self.read_at, "unheard_since": self.unheard_since}
        return json.dumps({name: None if at is None else at.isoformat() for name, at in times.items()})

    def was_away(self, now: datetime, *, every: timedelta) -> bool:
        """Whether webhooks may have been lost by our own absence. `every`: between two readings."""
        return self.read_at is None or now - self.read_at > max(AWAY_FOR, 3 * every)

    @property
    def since(self) -> datetime:
        """From when on to read."""
        return self.read_to - OVERLAP

    def read_on(self, tickets: Sequence[SeenTicket], *, began: datetime) -> datetime:
        """To which time a reading that began then has come: to the newest change, for that is the helpdesk's own time;
        never further than to now, whatever a clock that is fast says."""
        newest = max((each.changed_at for each in tickets), default=self.read_to)
        return max(self.read_to, min(newest, began))


def still_unheard(
    before: datetime | None, found: datetime | None, *, now: datetime, last_delivery: datetime | None
) -> datetime | None:
    """Since when changes have gone untold: the first that no delivery has come after; None where there is none."""
    since = min((each for each in (before, found) if each is not None), default=None)
    if since is None:
        return None
    if last_delivery is None or last_delivery < since:
        return min(since, now)
    return None if found is None or found <= last_delivery else min(found, now)


def are_silent(unheard_since: datetime | None, *, now: datetime) -> bool:
    return unheard_since is not None and now - unheard_since >= SILENT_FOR
