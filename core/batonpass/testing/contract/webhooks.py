"""What happens at the vendor arrives as an event, and as nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.ticket import NoteKey, TicketChange
from batonpass.ports import Capability, Receive, Replies
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.capturing import Delivering, capturing
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.samples import HOSTILE, a_note
from batonpass.testing.happenings import CannotPlayError

_KINDS = [kind for kind in EventKind if kind is not EventKind.UNKNOWN]
_NOT_PLAYED_FIRST = {
    EventKind.TICKET_REOPENED: EventKind.TICKET_SOLVED,
    EventKind.TICKET_RATED: EventKind.TICKET_SOLVED,
}


class Delivers(Basis):
    """Opens a connection whose emulator delivers to a door here."""

    @asynccontextmanager
    async def delivering(self, **settings: Any) -> AsyncIterator[Delivering]:
        if self.manifest.webhooks is None:
            pytest.skip("nothing is delivered by this vendor")
        async with (
            self.opened(**{**self.as_helpdesk(), **settings}) as made,
            capturing(self.servers, made.clock) as door,
        ):
            secret = self.secret(made)
            start = getattr(made.settings, "start", None)
            if start is not None:
                made.emulator.asks_when(start)
            told = Delivering(made=made, door=door, receives=self.manifest.webhooks, secret=secret)
            made.emulator.deliver_to(told.url, secret=secret)
            yield told

    async def one_delivery(self, to: Delivering) -> Delivery:
        """Any that yields an event."""
        for kind in sorted(to.made.emulator.plays):
            if kind in _NOT_PLAYED_FIRST or kind is EventKind.HANDOFF_ASKED:
                continue
            try:
                _, deliveries = await to.happened(kind)
            except CannotPlayError:  # there is no ticket that it could happen to
                continue
            for delivery in deliveries:
                if to.events(delivery):
                    return delivery
        pytest.fail("the emulator plays nothing that is delivered")

    async def standing(self, to: Delivering, kind: EventKind) -> str | None:
        """A ticket to which it can happen; its own deliveries are forgotten."""
        made = to.made
        about_tickets = kind.value.startswith(
            ("ticket_", "handoff_", "agent_replied", "customer_", "note_", "status_")
        )
        if not about_tickets or kind is EventKind.TICKET_OPENED:
            return None
        if not made.has(Capability.OPEN_TICKET):
            pytest.skip("does not claim open_ticket with these settings")
        ticket = (
            await made.play(EventKind.TICKET_OPENED, text="My parcel is lost.")
            if EventKind.TICKET_OPENED in made.emulator.plays
            else (await made.a_ticket()).id
        )
        if kind in _NOT_PLAYED_FIRST:
            await made.play(_NOT_PLAYED_FIRST[kind], made.helpdesk.ticket_ref(ticket))
        await to.of_our_own_writes()
        return ticket

    def signed(self, to: Delivering, body: bytes) -> tuple[Event, ...]:
        """The events in a body of our own, proven as the vendor would."""
        at = to.made.clock.now()
        headers = self.sign(body, secret=to.secret, url=to.url, at=at)
        if headers is None:
            pytest.skip("the suite's subclass gives no sign()")
        told = [(name.lower(), value) for name, value in headers.items()]
        return to.events(Delivery(method="POST", url=to.url, headers=told, body=body))


class WebhooksContract(Delivers):
    """`WebhookDoor.receive` on what the emulator delivers."""

    @pytest.mark.parametrize("kind", _KINDS)
    async def test_what_happens_is_delivered_as_an_event_of_its_kind(self, kind: EventKind) -> None:
        async with self.delivering() as to:
            self.playing(to.made, kind)
            ticket = await self.standing(to, kind)
            more = self.asking() if kind is EventKind.HANDOFF_ASKED else {}
            about = {} if ticket is None else {"ticket": to.made.helpdesk.ticket_ref(ticket)}

            subject, deliveries = await to.happened(kind, **about, **more)

            events = [event for delivery in deliveries for event in to.events(delivery)]
            assert (kind, subject) in {(event.kind, event.subject_id) for event in events}
            assert ticket in {None, subject}
            assert all(event.vendor_kind and event.at.tzinfo is not None for event in events)
            assert all(event.kind in self._told(event) for event in events)
            assert len({event.id for event in events}) == len(events)

    async def test_a_delivery_that_comes_again_is_the_same_event(self) -> None:
        async with self.delivering() as to:
            if to.receives.hint_only:
                pytest.skip("nothing names an event here: each delivery is a hint of its own")
            to.made.emulator.outbox.twice = True
            delivery = await self.one_delivery(to)

            twice = [each for each in to.door.deliveries if _ids(to, each) == _ids(to, delivery)]

            assert len(twice) == 2
            assert _ids(to, delivery)

    async def test_the_same_thing_that_happens_again_is_another_event(self) -> None:
        async with self.delivering() as to:
            kind = next((each for each in _REPEATABLE if each in to.made.emulator.plays), None)
            if kind is None:
                pytest.skip("the emulator plays nothing that can happen twice")
            ticket = await self.standing(to, kind)
            about = {} if ticket is None else {"ticket": to.made.helpdesk.ticket_ref(ticket)}

            _, first = await to.happened(kind, **about)
            _, second = await to.happened(kind, **about)

            one, another = ({id_ for each in some for id_ in _ids(to, each)} for some in (first, second))
            assert one
            assert another
            assert not one & another

    async def test_what_our_own_connection_writes_asks_for_no_handoff(self) -> None:
        async with self.delivering() as to:
            made = to.made
            if not made.has(Capability.OPEN_TICKET):
                pytest.skip("does not claim open_ticket")
            ref = await made.a_ticket(note=a_note(HOSTILE["template"]), tags=("vip",))
            if made.has(Capability.APPEND_NOTE):
                await made.helpdesk.append_note(ref, a_note(HOSTILE["template"]), key=NoteKey(made.key()))
            if made.has(Capability.CHANGE_TICKET):
                await made.helpdesk.change_ticket(ref, TicketChange(subject="Another subject"))
            if made.has(Capability.REPLY):
                answerable = await self.an_answerable_ticket(made)
                await made.to(Replies).reply(answerable, HOSTILE["template"], key=NoteKey(made.key()))

            events = [event for each in await to.of_our_own_writes() for event in to.events(each)]

            assert [event for event in events if event.kind is EventKind.HANDOFF_ASKED] == []
            own = await made.own_id()
            told = {event.actor_id for event in events if event.subject_id == ref.id} - {None}
            assert told <= {own}

    async def test_without_a_start_rule_nothing_asks_for_a_handoff(self) -> None:
        async with self.delivering() as to:
            self.playing(to.made, EventKind.HANDOFF_ASKED)
            ticket = await self.standing(to, EventKind.HANDOFF_ASKED)
            assert ticket is not None
            ref = to.made.helpdesk.ticket_ref(ticket)

            _, deliveries = await to.happened(EventKind.HANDOFF_ASKED, ticket=ref, **self.asking())

            settings = to.by_another_start(None)
            kinds = {event.kind for each in deliveries for event in to.events(each, settings=settings)}
            assert EventKind.HANDOFF_ASKED not in kinds

    @holds(Receive.__call__, "`settings` are the connection's", "The events in a delivery")
    async def test_a_start_rule_that_is_met_asks_for_a_handoff(self) -> None:
        async with self.delivering() as to:
            self.playing(to.made, EventKind.HANDOFF_ASKED)
            ticket = await self.standing(to, EventKind.HANDOFF_ASKED)
            assert ticket is not None
            ref = to.made.helpdesk.ticket_ref(ticket)
            _, deliveries = await to.happened(EventKind.HANDOFF_ASKED, ticket=ref, **self.asking())

            kinds = [event.kind for each in deliveries for event in to.events(each)]

            assert EventKind.HANDOFF_ASKED in kinds

    @holds(Receive.__call__, "One item of a batch that cannot be understood")
    async def test_w19_an_unknown_event_is_kept_as_unknown(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            changed = json.loads(delivery.body)
            names = _words(changed, to.receives.kinds)
            assert names, "the delivery has the vendor's word for what happened"

            for name in names:
                events = self.signed(to, json.dumps(changed).replace(f'"{name}"', '"no.such_event"').encode())

                assert {event.kind for event in events} == {EventKind.UNKNOWN}

    @holds(Receive.__call__, "One item of a batch that cannot be understood")
    async def test_w19_one_bad_item_of_a_batch_harms_no_other(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            good = [event.kind for event in to.events(delivery)]
            batch = self.batch_with_one_bad(delivery.body)
            if batch is None:
                pytest.skip("this vendor delivers one event at a time")

            events = self.signed(to, batch)

            assert [event.kind for event in events] == [*good, EventKind.UNKNOWN, *good]
            assert len({event.id for event in events}) == len(events)

    @holds(Receive.__call__, "First the signature is checked")
    async def test_w17_signed_nonsense_is_refused_as_malformed_or_unknown(self) -> None:
        async with self.delivering() as to:
            for body in NONSENSE:
                code: str | None = None
                events: tuple[Event, ...] = ()
                try:
                    events = self.signed(to, body)
                except RejectedDeliveryError as rejected:
                    code = rejected.code

                assert code in {None, "malformed_body"}
                assert {event.kind for event in events} <= {EventKind.UNKNOWN}

    def _told(self, event: Event) -> set[EventKind]:
        """What the list in the documentation says of the vendor's word."""
        assert self.manifest.webhooks is not None
        return {EventKind.UNKNOWN, *self.manifest.webhooks.kinds.get(event.vendor_kind, ())}


_REPEATABLE = (
    EventKind.CUSTOMER_REPLIED,
    EventKind.CONTACT_CHANGED,
    EventKind.SUBSCRIPTION_CHANGED,
    EventKind.INVOICE_CHANGED,
)
NONSENSE = (
    b"", b"null", b"[]", b"{}", b'"text"', b"7", b"NaN", b"[NaN]", b'{"a":1,"a":2}', b"[" * 100_000, b"\xff\xfe",
    b"9" * 5000, b'{"events": {}}', b'[{"a": [1e400]}]', b'{"id": null, "type": 7, "data": [], "event": {}}',
)  # fmt: skip


def _ids(to: Delivering, delivery: Delivery) -> tuple[str, ...]:
    return tuple(event.id for event in to.events(delivery))


def _words(body: Any, kinds: Any) -> list[str]:
    text = json.dumps(body)
    return [name for name in kinds if f'"{name}"' in text]
