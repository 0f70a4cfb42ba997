"""Deliveries that were proven once and kept are read again, after an upgrade or a crash."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.ports import Read
from batonpass.testing.contract.capturing import Delivering
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.mutating import mutated_bytes, mutated_json
from batonpass.testing.contract.webhooks import NONSENSE, Delivers

_KINDS = [kind for kind in EventKind if kind is not EventKind.UNKNOWN]


class RereadingContract(Delivers):
    """`WebhookDoor.read`."""

    @holds(Read.__call__, "The events in the body of a delivery")
    @pytest.mark.parametrize("kind", _KINDS)
    async def test_a_kept_body_tells_the_same_events_with_the_same_ids(self, kind: EventKind) -> None:
        async with self.delivering() as to:
            self.playing(to.made, kind)
            ticket = await self.standing(to, kind)
            more = self.asking() if kind is EventKind.HANDOFF_ASKED else {}
            about = {} if ticket is None else {"ticket": to.made.helpdesk.ticket_ref(ticket)}
            _, deliveries = await to.happened(kind, **about, **more)
            received = [to.events(delivery) for delivery in deliveries]
            to.made.clock.go_on(30 * 24 * 3600)

            read = [self._read(to, delivery) for delivery in deliveries]

            assert any(received)
            assert read == received
            assert read == [self._read(to, delivery) for delivery in deliveries]

    @holds(Read.__call__, "The events in the body of a delivery")
    async def test_a_kept_body_is_judged_by_the_start_rule_of_today(self) -> None:
        async with self.delivering() as to:
            self.playing(to.made, EventKind.HANDOFF_ASKED)
            ticket = await self.standing(to, EventKind.HANDOFF_ASKED)
            assert ticket is not None
            ref = to.made.helpdesk.ticket_ref(ticket)
            _, deliveries = await to.happened(EventKind.HANDOFF_ASKED, ticket=ref, **self.asking())

            without = to.by_another_start(None)
            read = [self._read(to, delivery, settings=without) for delivery in deliveries]

            assert read == [to.events(delivery, settings=without) for delivery in deliveries]
            assert EventKind.HANDOFF_ASKED not in {event.kind for events in read for event in events}

    @holds(Read.__call__, "The events in the body of a delivery")
    async def test_w19_a_kept_event_of_a_kind_that_is_not_known_keeps_its_id(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            text = json.dumps(json.loads(delivery.body))
            for name in [word for word in to.receives.kinds if f'"{word}"' in text]:
                unknown = text.replace(f'"{name}"', '"no.such_event"').encode()

                received = self.signed(to, unknown)

                assert self._read_body(to, unknown, at=to.made.clock.now()) == received

    @holds(Read.__call__, "Raises `RejectedDeliveryError` with code `malformed_body`")
    async def test_w17_a_kept_body_that_was_changed_anyhow_gives_events_or_is_malformed(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            chance = random.Random(1)  # noqa: S311 - no secret
            told = json.loads(delivery.body)
            bodies = [
                *NONSENSE,
                *(mutated_bytes(delivery.body, chance) for _ in range(self.mutated_answers)),
                *(json.dumps(mutated_json(told, chance)).encode() for _ in range(self.mutated_answers)),
            ]

            codes = {self._rejected(to, body) for body in bodies}

            assert codes == {None, "malformed_body"}

    def _rejected(self, to: Delivering, body: bytes) -> str | None:
        try:
            events = self._read_body(to, body, at=to.made.clock.now())
        except RejectedDeliveryError as rejected:
            return str(rejected.code)
        assert all(isinstance(each, Event) for each in events)
        return None

    def _read(self, to: Delivering, delivery: Delivery, *, settings: Any = None) -> tuple[Event, ...]:
        return self._read_body(to, delivery.body, at=to.arrival(delivery), settings=settings)

    def _read_body(self, to: Delivering, body: bytes, *, at: Any, settings: Any = None) -> tuple[Event, ...]:
        told = to.made.settings if settings is None else settings
        return to.receives.read(body, settings=told, received_at=at)
