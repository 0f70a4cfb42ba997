"""Webhooks get lost; customers do not: the helpdesk itself is read, and what was missed is made up for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from batonpass.app.reconciliation import Reconciliation
from batonpass.app.wiring import connected
from batonpass.domain.event import EventKind
from batonpass.domain.ids import new_handoff_id
from batonpass.domain.ticket import ChangedTicket, Note, TicketDraft, TicketKey
from batonpass.engine import SchemaCache
from batonpass.ports import Capability, Helpdesk, ListsChanges
from batonpass.store import Installation
from batonpass.testing.desk import Desk
from batonpass.testing.emulator import Fault
from fakes import FakeClock
from helpdesks import HELPDESKS, Known

ASK = "I was charged twice for my plan this month. Please refund one of the charges."
EVERY = 300
"""Seconds between two readings."""


def body() -> dict[str, Any]:
    return {
        "conversation": {"turns": [{"role": "customer", "text": ASK}]},
        "customer": {"email": "mia.keller@example.com"},
    }


@dataclass
class Played:
    desk: Desk
    known: Known
    clock: FakeClock
    installation: Installation
    helpdesk: Helpdesk

    def reads(self, helpdesk: Any) -> Reconciliation:
        """The job, on what it sees of the helpdesk."""
        return Reconciliation(
            self.desk.service.config,
            journal=self.desk.service.journal,
            installation=self.installation,
            helpdesk=helpdesk,
            schema=SchemaCache(self.helpdesk, self.clock),
            clock=self.clock,
            wake=self.desk.service.engine.wake,
        )

    async def read(self, *, after: float = EVERY) -> None:
        """The next reading, and all that follows from it."""
        self.clock.go_on(after)
        await self.reads(self.helpdesk).run()
        self.desk.service.engine.wake()
        await self.desk.settled()

    async def handed_over(self) -> tuple[str, str]:
        """(Handoff, ticket), done and known to be so."""
        handoff_id = await self.desk.hand_over(body())
        ticket = await self.desk.ticket_of(handoff_id)
        await self.desk.settled()
        return handoff_id, ticket

    async def asked(self) -> str:
        """A customer's ticket that asks for a person."""
        ticket = await self.desk.happens(EventKind.TICKET_OPENED, text=ASK)
        await self.desk.happens(EventKind.HANDOFF_ASKED, ticket=ticket, **self.known.asks)
        return ticket

    def silent(self) -> None:
        """The vendor is well, but what it delivers does not reach us."""
        self.desk.emulator.outbox.hold()

    async def alerts(self) -> set[str]:
        return {each.kind.value for each in await self.installation.open_alerts()}


@dataclass
class AnotherClock:
    """Goes with ours, and is set otherwise."""

    ours: FakeClock
    ahead: float

    def now(self) -> datetime:
        return self.ours.now() + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return self.ours.monotonic()


@asynccontextmanager
async def playing(known: Known, folder: Path, *, ahead: float = 0.0, **told: Any) -> AsyncIterator[Played]:
    """`ahead`: seconds by which the helpdesk's clock is ahead of ours."""
    clock = FakeClock()
    theirs = AnotherClock(clock, ahead)
    emulator = known.emulated(clock=theirs, calls_per_window=10_000)
    async with known.plays(folder, clock=clock, emulator=emulator, **told) as desk:
        config = desk.service.config
        installation = Installation(desk.service.journal.database, node="here", name="here")
        async with connected(config.helpdesk, clock) as opened:
            assert isinstance(opened, Helpdesk)
            played = Played(desk, known, clock, installation, opened)
            clock.go_on(3600)  # the sample account's own tickets are older than what is read
            await played.read(after=0)
            yield played
            desk.emulator.outbox.drop()


@pytest.fixture(params=HELPDESKS, ids=lambda known: known.name)
def known(request: pytest.FixtureRequest) -> Known:
    helpdesk: Known = request.param
    return helpdesk


@pytest.fixture
def one() -> Known:
    """For what concerns no vendor."""
    return HELPDESKS[0]


@pytest.fixture
def keyless() -> Known:
    """One that takes no key with a call, so that an unclear one is waited for."""
    return next(
        each for each in HELPDESKS if Capability.IDEMPOTENT_CREATE not in each.manifest.capabilities
        and each.manifest.lookup_lag == 0
    )  # fmt: skip


async def test_v34_silent_webhooks_are_told_within_15_minutes_and_made_up_for_by_one_reading(
    known: Known, tmp_path: Path
) -> None:
    async with playing(known, tmp_path) as played:
        handoff_id, ticket = await played.handed_over()
        await played.read()
        quiet = await played.alerts()
        played.silent()
        await played.desk.happens(EventKind.TICKET_ASSIGNED, ticket=ticket)
        asking = await played.asked()

        await played.read()
        life = await played.desk.life(handoff_id)
        ids = set(await played.desk.all_handoffs()) - {handoff_id}
        await played.read()
        told = await played.alerts()

        assert quiet == set()
        assert life == ["accepted"]
        assert [(await played.desk.record(each)).ticket_id for each in ids] == [asking]
        assert told >= {"webhooks_silent"}, "ten minutes after the first change"

        played.desk.emulator.outbox.drop()
        await played.desk.happens(EventKind.CUSTOMER_REPLIED, ticket=ticket)
        await played.read(after=30)
        assert "webhooks_silent" not in await played.alerts(), "a webhook has come"


async def test_w11_whatever_was_missed_the_end_is_the_vendors(one: Known, tmp_path: Path) -> None:
    async with playing(one, tmp_path) as played:
        handoff_id, ticket = await played.handed_over()
        await played.read()
        played.silent()
        for kind in (EventKind.TICKET_ASSIGNED, EventKind.TICKET_SOLVED, EventKind.TICKET_REOPENED):
            await played.desk.happens(kind, ticket=ticket)
        await played.read()
        reopened = (await played.desk.record(handoff_id)).state
        played.clock.go_on(30)
        await played.desk.happens(EventKind.TICKET_SOLVED, ticket=ticket)

        await played.read()

        assert (reopened, (await played.desk.record(handoff_id)).state) == ("accepted", "resolved")


async def test_after_hours_without_a_server_all_is_made_up_for_and_nobody_is_said_to_be_silent(
    one: Known, tmp_path: Path
) -> None:
    async with playing(one, tmp_path) as played:
        handoff_id, ticket = await played.handed_over()
        await played.read()
        played.silent()
        await played.desk.happens(EventKind.TICKET_ASSIGNED, ticket=ticket)
        asking = await played.asked()

        await played.read(after=7200)
        await played.read()

        (other,) = {*await played.desk.all_handoffs()} - {handoff_id}
        assert await played.desk.life(handoff_id) == ["accepted"]
        assert (await played.desk.record(other)).ticket_id == asking
        assert await played.alerts() == {"reconciled"}


@pytest.mark.parametrize("ahead", [-1800.0, 1800.0], ids=["behind", "ahead"])
async def test_v33_where_the_helpdesks_clock_is_wrong_by_half_an_hour_nothing_is_missed(
    one: Known, tmp_path: Path, ahead: float
) -> None:
    async with playing(one, tmp_path, ahead=ahead) as played:
        handoff_id, ticket = await played.handed_over()
        for _ in range(3):
            await played.read()
        played.silent()
        await played.desk.happens(EventKind.TICKET_ASSIGNED, ticket=ticket)

        await played.read()

        assert await played.desk.life(handoff_id) == ["accepted"]


async def test_a_lost_webhook_among_others_orphans_no_customer(known: Known, tmp_path: Path) -> None:
    async with playing(known, tmp_path) as played:
        _, other = await played.handed_over()
        played.silent()
        ticket = await played.asked()
        played.desk.emulator.outbox.drop()
        await played.desk.happens(EventKind.CUSTOMER_REPLIED, ticket=other)
        await played.desk.settled()

        await played.read()

        (handoff_id,) = {*await played.desk.all_handoffs()} - {*played.desk.handed_over}
        record = await played.desk.record(handoff_id)
        notes = [
            note for note in played.desk.emulator.internal_notes(ticket) if "Conversation History" in note
        ]
        assert (record.ticket_id, record.started_by, len(notes)) == (ticket, played.desk.name, 1)
        assert await played.alerts() == {"reconciled"}, "the stream is not silent"


async def test_reading_again_and_again_changes_nothing(known: Known, tmp_path: Path) -> None:
    async with playing(known, tmp_path) as played:
        handoff_id, ticket = await played.handed_over()
        played.silent()
        await played.asked()
        await played.desk.happens(EventKind.TICKET_ASSIGNED, ticket=ticket)
        await played.read()
        handoffs = await played.desk.all_handoffs()
        steps = [len((await played.desk.record(each)).steps) for each in handoffs]
        written = len(played.desk.emulator.ledger)

        for _ in range(4):
            await played.read(after=60)

        assert await played.desk.all_handoffs() == handoffs
        assert len(played.desk.emulator.ledger) == written
        after = [len((await played.desk.record(each)).steps) for each in handoffs]
        assert sum(after) - sum(steps) <= len(handoffs), "at most one look at what we wrote ourselves"
        assert handoff_id in handoffs


async def test_a_webhook_that_comes_after_all_doubles_nothing(one: Known, tmp_path: Path) -> None:
    async with playing(one, tmp_path) as played:
        played.silent()
        ticket = await played.asked()
        await played.read()

        played.desk.emulator.outbox.release()
        await played.desk.settled()

        notes = [
            note for note in played.desk.emulator.internal_notes(ticket) if "Conversation History" in note
        ]
        lives = [
            each
            for each in await played.desk.all_handoffs()
            if (await played.desk.record(each)).state != "abandoned"
        ]
        assert (len(lives), len(notes)) == (1, 1)


async def test_while_webhooks_come_reading_finds_nothing(known: Known, tmp_path: Path) -> None:
    async with playing(known, tmp_path) as played:
        handoff_id, ticket = await played.handed_over()
        await played.asked()
        for kind in (EventKind.TICKET_ASSIGNED, EventKind.AGENT_REPLIED, EventKind.TICKET_SOLVED):
            await played.desk.happens(kind, ticket=ticket)
        await played.desk.settled()
        before = sorted(await played.desk.all_handoffs())

        for _ in range(3):
            await played.read()

        assert sorted(await played.desk.all_handoffs()) == before
        assert (await played.desk.record(handoff_id)).state == "resolved"
        assert await played.alerts() == set()


async def test_v06_where_the_helpdesk_fails_the_next_reading_begins_where_this_one_did(
    one: Known, tmp_path: Path
) -> None:
    async with playing(one, tmp_path) as played:
        played.silent()
        ticket = await played.asked()
        played.desk.emulator.next_call(Fault.SERVER_ERROR, status=503, times=9)
        with capture_logs() as logged:
            played.clock.go_on(EVERY)
            await played.reads(played.helpdesk).run()
        played.desk.emulator.heal()
        failed = [each for each in logged if each["event"] == "reconciliation_postponed"]

        for _ in range(6):  # the last of them an hour later
            await played.read(after=720)

        (handoff_id,) = await played.desk.all_handoffs()
        assert (await played.desk.record(handoff_id)).ticket_id == ticket
        assert [each["log_level"] for each in failed] == ["warning"]


async def test_very_many_tickets_that_ask_at_once_start_nothing_and_a_person_hears_of_it(
    one: Known, tmp_path: Path
) -> None:
    async with playing(one, tmp_path) as played:
        handoff_id, ticket = await played.handed_over()
        await played.read()
        played.silent()
        for _ in range(25):
            await played.asked()
        await played.desk.happens(EventKind.TICKET_ASSIGNED, ticket=ticket)

        await played.read()

        assert await played.desk.all_handoffs() == [handoff_id]
        assert await played.desk.life(handoff_id) == ["accepted"], "what is only read goes on"
        assert "reconcile_held" in await played.alerts()


def a_draft() -> TicketDraft:
    return TicketDraft(subject="Refund", note=Note(html="<p>Refund</p>", text="Refund"))


async def tells_keys(played: Played) -> bool:
    """Whether the helpdesk's list tells our keys, with these settings."""
    listed = [each async for each in lists(played.helpdesk).changed_tickets(played.clock.at)]
    return any(each.key is not None for each in listed)


def lists(helpdesk: object) -> ListsChanges:
    assert isinstance(helpdesk, ListsChanges)
    return helpdesk


async def test_p10_tickets_of_handoffs_that_the_journal_has_lost_are_told(
    known: Known, tmp_path: Path
) -> None:
    """The journal is an older copy: it does not know what was handed over since."""
    async with playing(known, tmp_path) as played:
        played.silent()
        await played.helpdesk.open_ticket(a_draft(), key=TicketKey(new_handoff_id()))

        await played.read()

        assert await played.alerts() == ({"orphaned"} if await tells_keys(played) else set())
        assert await played.desk.all_handoffs() == []


@dataclass
class Copied:
    """A helpdesk in which somebody has copied a ticket, with all that is on it."""

    helpdesk: object
    ticket: str
    copy: str

    async def changed_tickets(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        async for each in lists(self.helpdesk).changed_tickets(since):
            yield each
            if each.ticket.ref.id == self.ticket:
                ref = replace(each.ticket.ref, id=self.copy)
                yield replace(each, ticket=replace(each.ticket, ref=ref))


async def test_a_second_ticket_of_a_handoff_is_told(one: Known, tmp_path: Path) -> None:
    async with playing(one, tmp_path) as played:
        _, ticket = await played.handed_over()
        copied = Copied(played.helpdesk, ticket, f"{ticket}0")

        await played.reads(copied).run()

        assert "doubled" in await played.alerts()


async def test_v09_a_ticket_whose_answer_was_lost_is_taken_over_at_once(
    keyless: Known, tmp_path: Path
) -> None:
    """Its handoff would look again later: after the longest time that the call may take."""
    async with playing(keyless, tmp_path) as played:
        played.desk.emulator.next_call(Fault.ANSWER_LOST, operation="tickets.create")
        handoff_id = await played.desk.hand_over(body())
        await played.desk.settled()
        waited = (await played.desk.record(handoff_id)).ticket_id is None

        await played.read(after=1)

        assert waited
        assert (await played.desk.record(handoff_id)).ticket_id is not None
        assert len(played.desk.emulator.effects("ticket.opened")) == 1
