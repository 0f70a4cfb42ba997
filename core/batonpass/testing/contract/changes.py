"""What a helpdesk says has changed: nothing is left out, and no list is endless."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import ChangedTicket, TicketChange, TicketKey, TicketRef
from batonpass.ports import Capability, ListsChanges
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import Opened
from batonpass.testing.contract.samples import a_draft
from batonpass.testing.emulator import Fault
from batonpass.testing.happenings import Happening


async def listed(made: Opened, since: datetime) -> list[ChangedTicket]:
    return [each async for each in made.to(ListsChanges).changed_tickets(since)]


async def ids(made: Opened, since: datetime) -> list[str]:
    return [each.ticket.ref.id for each in await listed(made, since)]


def changed(made: Opened, ticket_id: str) -> None:
    """Let the customer change the ticket at the vendor."""
    made.emulator.happen(Happening(kind=EventKind.CUSTOMER_REPLIED, ticket=ticket_id, text="Anybody there?"))


async def later(made: Opened, seconds: float = 3600) -> datetime:
    """So much later than all that has happened, with every index up to date; gives the time."""
    made.find_lag()
    made.clock.go_on(seconds)
    return made.clock.now()


class ChangesContract(Basis):
    """`ListsChanges`."""

    needs = Capability.LIST_CHANGES

    async def three_pages(self, made: Opened) -> list[str]:
        """Tickets for more than two of the vendor's pages, all of one second; gives their ids, oldest first."""
        if EventKind.TICKET_OPENED not in made.emulator.plays:
            return [(await made.a_ticket()).id for _ in range(self.three_pages_of_changes)]
        happening = Happening(kind=EventKind.TICKET_OPENED, text="My parcel is lost.")
        return [made.emulator.happen(happening) for _ in range(self.three_pages_of_changes)]

    @holds(ListsChanges.changed_tickets, "Every ticket that was opened or changed at `since` or later")
    async def test_what_was_opened_or_changed_is_given_as_it_stands_and_nothing_else(self) -> None:
        async with self.opened(Capability.LIST_CHANGES, Capability.READ_BACK) as made:
            quiet, changing = await made.a_ticket(), await made.a_ticket()
            since = await later(made)
            opened = await made.a_ticket(tags=("needs_person",))
            await made.helpdesk.change_ticket(changing, TicketChange(subject="Refund for order 8"))
            made.find_lag()

            found = {each.ticket.ref.id: each for each in await listed(made, since)}

            assert set(found) == {opened.id, changing.id}, f"and not {quiet.id}"
            for ref in (opened, changing):
                assert found[ref.id].ticket == await made.helpdesk.read_ticket(ref)
                assert found[ref.id].changed_at >= since
                assert found[ref.id].changed_at.tzinfo is not None

    @holds(ListsChanges.changed_tickets, "Every ticket that was opened or changed at `since` or later")
    @pytest.mark.parametrize("part_of_a_second", [0.0, 0.7])
    async def test_a_ticket_of_that_very_moment_is_given(self, part_of_a_second: float) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            since = await later(made, 3600 + part_of_a_second)

            ref = await made.a_ticket()

            made.find_lag()
            assert await ids(made, since) == [ref.id]

    async def test_a_month_later_a_ticket_is_given_still(self) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            since = await later(made)
            ref = await made.a_ticket()
            made.clock.go_on(timedelta(days=45).total_seconds())

            assert await ids(made, since) == [ref.id]

    async def test_where_nothing_has_changed_nothing_is_given(self) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            await made.a_ticket()

            since = await later(made)

            assert await listed(made, since) == []

    @holds(ListsChanges.changed_tickets, "Every ticket that was opened or changed at `since` or later")
    async def test_our_tickets_are_given_with_their_keys_and_others_with_none(self) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            since, key = await later(made), TicketKey(made.key())
            ours = await made.helpdesk.open_ticket(a_draft(), key=key)
            plays = EventKind.TICKET_OPENED in made.emulator.plays
            others = {await made.play(EventKind.TICKET_OPENED)} if plays else set()
            made.find_lag()

            keys = {each.ticket.ref.id: each.key for each in await listed(made, since)}

            told = None if self.list_tells_no_key is not None else key
            assert keys == {ours.id: told, **dict.fromkeys(others)}

    @holds(ListsChanges.changed_tickets, "Every ticket that was opened or changed at `since` or later")
    async def test_v31_every_page_is_read_also_where_one_second_fills_them_all(self) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            since = await later(made)
            opened = await self.three_pages(made)
            made.find_lag()

            found = await ids(made, since)

            assert set(found) == set(opened)

    @holds(ListsChanges.changed_tickets, "Read a page at a time")
    async def test_whoever_breaks_off_has_cost_no_more(self) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            since = await later(made)
            await self.three_pages(made)
            made.find_lag()
            await made.own_id()  # a login, or what is asked for once
            await listed(made, made.clock.now())
            before = len(made.emulator.calls)
            listing = made.to(ListsChanges).changed_tickets(since)
            asked_for = len(made.emulator.calls) - before

            await anext(aiter(listing))

            first = len(made.emulator.calls) - before
            made.clock.go_on(60)
            await ids(made, since)
            whole = len(made.emulator.calls) - before - first
            assert asked_for == 0, "nobody has asked for the first one yet"
            assert 0 < first < whole

    @holds(ListsChanges.changed_tickets, "Deleted tickets are left out")
    async def test_deleted_tickets_are_left_out(self) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            since = await later(made)
            kept, deleted = await made.a_ticket(), await made.a_ticket()
            self.delete_ticket(made.emulator, deleted)
            made.find_lag()

            assert await ids(made, since) == [kept.id]

    @holds(ListsChanges.changed_tickets, "A ticket that changes while the list is read")
    async def test_v31_tickets_that_change_while_the_list_is_read_are_not_left_out(self) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            self.playing(made, EventKind.CUSTOMER_REPLIED)
            earlier = [await made.a_ticket() for _ in range(2)]
            since = await later(made)
            opened = await self.three_pages(made)
            made.find_lag()
            found: list[str] = []

            async for each in made.to(ListsChanges).changed_tickets(since):
                found.append(each.ticket.ref.id)
                if len(found) in {
                    1,
                    self.three_pages_of_changes * 3 // 4,
                }:  # on the first page and on the last
                    made.clock.go_on(2)
                    self._stir(made, earlier[len(found) > 1], opened)

            assert set(opened) <= set(found)
            made.find_lag()
            assert {ref.id for ref in earlier} <= {*found, *(await ids(made, since))}

    def _stir(self, made: Opened, earlier: TicketRef, opened: Sequence[str]) -> None:
        for ticket_id in (earlier.id, opened[0], opened[len(opened) // 2], opened[-1]):
            changed(made, ticket_id)

    @holds(ListsChanges.changed_tickets, "A ticket that changes while the list is read")
    async def test_v10_what_the_index_does_not_know_yet_is_given_by_a_later_call(self) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            since = await later(made)
            ref = await made.helpdesk.open_ticket(a_draft(), key=TicketKey(made.key()))

            at_once = await ids(made, since)
            made.find_lag()
            afterwards = await ids(made, since)

            assert made.lookup_lag > 0 or at_once == [ref.id]
            assert afterwards == [ref.id]

    async def test_v06_a_list_that_breaks_off_is_read_again_from_the_same_time(self) -> None:
        async with self.opened(Capability.LIST_CHANGES) as made:
            since = await later(made)
            opened = await self.three_pages(made)
            made.find_lag()
            found: list[str] = []

            with pytest.raises(RetryLaterError):
                await self._until_it_fails(made, since, found)

            made.clock.go_on(3600)
            assert 0 < len(set(found)) < len(opened)
            assert set(await ids(made, since)) == set(opened)

    async def _until_it_fails(self, made: Opened, since: datetime, found: list[str]) -> None:
        """The vendor fails once the first ticket has been given."""
        async for each in made.to(ListsChanges).changed_tickets(since):
            if not found:
                made.emulator.next_call(Fault.SERVER_ERROR, status=503)
            found.append(each.ticket.ref.id)
