"""What webhooks tell of changes: the streams that read such records have a round soon, not only by their clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from batonpass.app.syncing.rounds import Syncing
from batonpass.app.syncing.settings import SyncedStream
from batonpass.domain.clock import Clock
from batonpass.domain.event import EventKind
from batonpass.domain.synced import RecordKind
from batonpass.store import Installation, SyncBook

LOOK_EVERY = 10.0
"""Seconds."""
GAP = timedelta(seconds=60)
"""From the end of a stream's round to one that a webhook asks for: a busy day must not become a round each second."""
_CHECKPOINT = "sync: heard events up to"
_TICKET_EVENTS = (
    EventKind.HANDOFF_ASKED, EventKind.TICKET_OPENED, EventKind.TICKET_ASSIGNED, EventKind.AGENT_REPLIED,
    EventKind.CUSTOMER_REPLIED, EventKind.STATUS_CHANGED, EventKind.TICKET_SOLVED, EventKind.TICKET_REOPENED,
)  # fmt: skip
CHANGES: Mapping[EventKind, RecordKind] = MappingProxyType(
    {
        **dict.fromkeys(_TICKET_EVENTS, RecordKind.TICKET),
        EventKind.TICKET_RATED: RecordKind.RATING,
        EventKind.CONTACT_CHANGED: RecordKind.CUSTOMER,
        EventKind.COMPANY_CHANGED: RecordKind.COMPANY,
        EventKind.DEAL_CHANGED: RecordKind.DEAL,
        EventKind.SUBSCRIPTION_CHANGED: RecordKind.SUBSCRIPTION,
        EventKind.INVOICE_CHANGED: RecordKind.INVOICE,
        EventKind.DISPUTE_CHANGED: RecordKind.DISPUTE,
    }
)
"""What has changed when this happens."""


class Hints:
    """Over all processes one looks at a time, as a job."""

    def __init__(self, syncing: Syncing, book: SyncBook, installation: Installation, *, clock: Clock) -> None:
        self._syncing = syncing
        self._book = book
        self._installation = installation
        self._clock = clock
        self._waiting: dict[str, SyncedStream] = {}

    async def look(self) -> None:
        """Raises `StoreError`."""
        kept = await self._installation.checkpoint(_CHECKPOINT)
        heard = await self._book.events_after(None if kept is None else int(kept))
        for connection, kind in heard.kinds:
            changed = CHANGES.get(EventKind(kind))
            for each in self._syncing.synced:
                if each.connection == connection and changed in each.stream.kinds and each.stream.incremental:
                    self._waiting[each.name] = each
        if kept is None or heard.last != int(kept):
            await self._installation.set_checkpoint(_CHECKPOINT, str(heard.last), self._clock.now())
        for each in list(self._waiting.values()):
            if await self._may_be_read(each):
                del self._waiting[each.name]
                await self._syncing.run(each)

    async def _may_be_read(self, each: SyncedStream) -> bool:
        state = await self._book.state(each.connection, each.stream.name)
        ended = None if state is None else state.ended_at
        return ended is None or self._clock.now() - ended >= GAP
