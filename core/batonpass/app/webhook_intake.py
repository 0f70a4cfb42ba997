"""From a vendor's delivery to what follows from it, on the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from batonpass.app.config import Config, Connection
from batonpass.domain.clock import Clock
from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.handoff import HandoffState, Reaction
from batonpass.domain.ids import HandoffId
from batonpass.engine import decide
from batonpass.ports import HelpdeskSettings
from batonpass.store import Journal, NewDelivery, Received, Started
from batonpass.store.deliveries import KeptDelivery
from batonpass.testing.failpoints import failpoint

log = structlog.get_logger()

QUIET_FOR = 1.0
"""Seconds between two log lines about refused deliveries: a flood of them must not become a flood of lines."""


class WebhookIntake:
    """Accepts deliveries of the connections' vendors; returns only once they are on the disk."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        clock: Clock,
        *,
        wall: Clock,
        new_id: Callable[[], HandoffId],
        wake: Callable[[], None],
    ) -> None:
        """`wall`: the machine's own clock, which the vendors' timestamps are compared with."""
        self._public_url = config.server.public_url
        self._helpdesk = config.helpdesk.name
        self._connections: Mapping[str, Connection] = {
            each.name: each for each in config.connections if each.manifest.webhooks is not None
        }
        settings = config.helpdesk.settings
        self._starts = isinstance(settings, HelpdeskSettings) and settings.start is not None
        self._journal = journal
        self._clock = clock
        self._wall = wall
        self._new_id = new_id
        self._wake = wake
        self._quiet_until = 0.0
        self._refused = 0

    def takes(self, connection: str) -> bool:
        """Whether there is a connection of this name whose vendor delivers webhooks."""
        return connection in self._connections

    async def accept(self, connection: str, delivery: Delivery) -> Received:
        """Raises `RejectedDeliveryError` (it is not the vendor's, or no delivery), `ConfigurationError` (it cannot be
        told: a secret or the public address is missing) and `StoreError` (it cannot be kept)."""
        failpoint("webhook.received")
        door_time = to_the_millisecond(self._wall.now())
        try:
            events = self._events(self._connections[connection], delivery, door_time)
        except (RejectedDeliveryError, ConfigurationError) as error:
            self._note_refusal(connection, error)
            raise
        new = NewDelivery(
            connection=connection,
            body=delivery.body,
            received_at=self._clock.now(),
            door_time=door_time,
            events=events,
        )
        received = await self._receive(new)
        failpoint("webhook.committed")
        unknown = sorted({event.vendor_kind for event in events if event.kind is EventKind.UNKNOWN})
        log.info(
            "webhook_received",
            connection=connection,
            events=received.new,
            seen_before=received.seen,
            started=list(received.started),
            unknown=unknown[:5],
        )
        if received.started or received.followed:
            self._wake()
        return received

    async def replay(self, kept: KeptDelivery) -> Received:
        """Read a delivery that has been kept once more: its events count as new ones, and what they lead to now is
        done. Nothing is opened twice: a ticket that has its handoff is only read again.

        Raises `ConfigurationError` (its connection is gone, or cannot read what it was delivered),
        `RejectedDeliveryError` (this release cannot read it) and `StoreError`."""
        connection = self._connections.get(kept.connection)
        door = None if connection is None else connection.manifest.webhooks
        if connection is None or door is None:
            raise ConfigurationError(
                f"delivery {kept.number}: no connection {kept.connection!r} that can read what has been kept",
                code="no_reader",
            )
        events = door.read(kept.body, settings=connection.settings, received_at=kept.received_at)
        new = NewDelivery(
            connection=kept.connection, body=None, received_at=self._clock.now(), again=True, events=events
        )
        received = await self._receive(new)
        if received.started or received.followed:
            self._wake()
        return received

    async def _receive(self, new: NewDelivery) -> Received:
        return await self._journal.receive(
            new,
            reacts=self._reacts if new.connection == self._helpdesk else _only_keeps,
            started=Started(
                new_id=self._new_id, ai_agent=f"helpdesk:{new.connection}", plan=decide.on_asked_by_ticket()
            ),
        )

    def _events(self, connection: Connection, delivery: Delivery, now: datetime) -> tuple[Event, ...]:
        door = connection.manifest.webhooks
        assert door is not None
        if door.needs_public_url and self._public_url is None:
            raise ConfigurationError(
                "the public address is part of what this vendor signs: set server.public_url",
                code="no_public_url",
            )
        secrets = connection.settings.webhook_secrets
        if not secrets:
            raise ConfigurationError(
                f"set webhook_secret of [connections.{connection.name}]: batonpass webhooks register",
                code="no_webhook_secret",
            )
        return door.receive(delivery, secrets=secrets, settings=connection.settings, now=now)

    def _reacts(self, event: Event, known: HandoffState | None) -> Reaction:
        return decide.on_event(event, starts=self._starts, known=known)

    def _note_refusal(self, connection: str, error: RejectedDeliveryError | ConfigurationError) -> None:
        self._refused += 1
        now = self._clock.monotonic()
        if now < self._quiet_until:
            return
        self._quiet_until = now + QUIET_FOR
        log.warning(
            "webhook_refused",
            connection=connection,
            code=error.code,
            detail=str(error),
            refused=self._refused,
        )
        self._refused = 0


def to_the_millisecond(at: datetime) -> datetime:
    """As a store keeps it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _only_keeps(event: Event, known: HandoffState | None) -> Reaction:
    del event, known
    return Reaction.NONE
