"""The people at the helpdesk of a machine of rules, and what becomes of the webhooks that tell of what they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from batonpass.domain.clock import Clock
from batonpass.domain.event import EventKind
from batonpass.testing.emulator import Emulator
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass.testing.history import Delivered
from batonpass.testing.outbox import Order


@dataclass(slots=True, kw_only=True)
class Ticket:
    """What people have done to one that they know."""

    id: str
    opened_at: datetime
    asks: bool = False
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class People:
    emulator: Emulator
    clock: Clock
    """The true one."""
    tickets: dict[str, Ticket] = field(default_factory=dict)
    """Their own, and those of ours that they have touched."""
    lost: set[str] = field(default_factory=set)
    """The tickets of which a webhook was lost: batonpass may know less of them than the helpdesk does."""
    delivered: list[Delivered] = field(default_factory=list)
    _touched: list[tuple[str, EventKind]] = field(default_factory=list)
    """What they have done since the deliveries of it were last judged."""
    _holding: bool = False
    _judged: int = 0
    """How many of the tried deliveries."""

    async def happens(self, kind: EventKind, **told: object) -> str | None:
        """The ticket that it happened to; None where that cannot be here."""
        try:
            ticket = self.emulator.happen(Happening(kind=kind, **told))  # type: ignore[arg-type]
        except CannotPlayError:
            return None
        known = self.tickets.setdefault(ticket, Ticket(id=ticket, opened_at=self.clock.now()))
        known.asks = known.asks or kind is EventKind.HANDOFF_ASKED
        self._touched.append((ticket, kind))
        return ticket

    async def hold(self) -> None:
        await self.deliveries()
        self.emulator.outbox.hold()
        self._holding = True

    async def release(self, order: Order) -> None:
        self._holding = False
        self.emulator.outbox.release(order)

    async def drop(self) -> None:
        """What was held is never delivered."""
        if self._holding:
            self._holding = False
            self.emulator.outbox.drop()
            self.lost |= {ticket for ticket, _ in self._touched}
            self._touched.clear()

    async def deliveries(self) -> None:
        """Wait until all that is not held has been delivered or given up, and note which."""
        outbox = self.emulator.outbox
        await outbox.settled()
        if self._holding:
            return
        answers: dict[bytes, bool] = {}
        for sent in outbox.sent[self._judged :]:
            body = sent.request.body or sent.url.encode()
            taken = sent.status is not None and 200 <= sent.status < 300
            answers[body] = answers.get(body, False) or taken
        self._judged = len(outbox.sent)
        if all(answers.values()):
            now = self.clock.now()
            self.delivered += [
                Delivered(ticket_id=ticket, kind=kind, at=now) for ticket, kind in self._touched
            ]
        else:
            self.lost |= {ticket for ticket, _ in self._touched}
        self._touched.clear()
