"""Messaging conversations are passed once."""

from __future__ import annotations

import pytest

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.ticket import TicketKey, TicketRef
from batonpass.ports import Capability, PassesConversations
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import Opened
from batonpass.testing.contract.samples import a_draft


class PassingContract(Basis):
    """`PassesConversations`."""

    needs = Capability.PASS_CONVERSATION

    @holds(PassesConversations.pass_conversation, "Pass it, with what the vendor's metadata can hold")
    @holds(PassesConversations.pass_conversation, "Passing one that has been passed changes nothing")
    @holds(PassesConversations.pass_conversation, "Raises `RetryLaterError` while the ticket is not there")
    async def test_a_conversation_that_is_passed_twice_becomes_one_ticket(self) -> None:
        async with self.opened(Capability.PASS_CONVERSATION) as made:
            chat = self.a_chat(made.emulator)
            key = TicketKey(made.key())

            first = await self._passed(made, chat, key)
            second = await self._passed(made, chat, key)

            assert first == second
            assert (await made.helpdesk.read_ticket(first)).ref.id == first.id

    async def test_an_unknown_conversation_is_refused(self) -> None:
        async with self.opened(Capability.PASS_CONVERSATION) as made:
            with pytest.raises(RefusedError):
                await made.to(PassesConversations).pass_conversation(
                    "0123456789abcdef01234567", a_draft(), key=TicketKey(made.key())
                )

    async def _passed(self, made: Opened, chat: str, key: TicketKey) -> TicketRef:
        for _ in range(5):
            try:
                return await made.to(PassesConversations).pass_conversation(chat, a_draft(), key=key)
            except RetryLaterError as later:
                made.clock.go_on((later.retry_after or 5.0) + 1)
        pytest.fail("no ticket after five tries")
