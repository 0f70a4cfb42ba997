"""Public replies: appended once, found again, inert."""

from __future__ import annotations

from contextlib import suppress

import pytest

from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.ticket import NoteKey
from batonpass.ports import Capability, Replies
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opening import AFTER_COMMIT
from batonpass.testing.contract.samples import HOSTILE
from batonpass.testing.emulator import Fault

TEXT = "A person has your request now; the reference is 7.\n\nYou need not repeat anything."


class RepliesContract(Basis):
    """`Replies`."""

    needs = Capability.REPLY

    @holds(Replies.reply, "Append one public reply", "It can be found again by its key")
    @holds(Replies.find_reply, "Whether the reply with this key stands", "Where the vendor can keep no key")
    async def test_a_reply_is_found(self) -> None:
        async with self.opened(Capability.REPLY) as made:
            replies = made.to(Replies)
            ref, another = await self.an_answerable_ticket(made), await self.an_answerable_ticket(made)
            key = NoteKey(made.key())
            before = await replies.find_reply(ref, TEXT, key=key)

            await replies.reply(ref, TEXT, key=key)

            assert before is False
            assert await replies.find_reply(ref, TEXT, key=key) is True
            assert await replies.find_reply(another, TEXT, key=key) is False
            assert await replies.find_reply(ref, "Another text.", key=NoteKey(made.key())) is False
            assert len(made.emulator.effects("reply.appended")) == 1
            assert made.emulator.effects("note.appended") == []

    @pytest.mark.parametrize("fault", AFTER_COMMIT)
    async def test_a_reply_whose_answer_was_lost_is_found(self, fault: Fault) -> None:
        async with self.opened(Capability.REPLY) as made:
            replies = made.to(Replies)
            ref = await self.an_answerable_ticket(made)
            await replies.reply(ref, "Hello.", key=NoteKey(made.key()))
            key = NoteKey(made.key())
            made.emulator.next_call(fault, operation=made.watched.operations["reply.appended"])

            with suppress(OutcomeUnknownError):
                await replies.reply(ref, TEXT, key=key)

            made.emulator.heal()
            assert await replies.find_reply(ref, TEXT, key=key) is True

    @holds(Replies.reply, "`text` is plain text")
    @pytest.mark.parametrize("what", HOSTILE)
    async def test_hostile_text_is_said_as_it_stands(self, what: str) -> None:
        async with self.opened(Capability.REPLY) as made:
            replies = made.to(Replies)
            ref = await self.an_answerable_ticket(made)
            key = NoteKey(made.key())
            said = f"You wrote: {HOSTILE[what]}"

            await replies.reply(ref, said, key=key)

            assert await replies.find_reply(ref, said, key=key) is True
            assert await replies.find_reply(ref, "nothing like it", key=NoteKey("forged_key")) is False

    async def test_a_reply_on_a_deleted_ticket_is_refused(self) -> None:
        async with self.opened(Capability.REPLY) as made:
            ref = await self.an_answerable_ticket(made)
            self.delete_ticket(made.emulator, ref)
            if self.answerable_once_deleted is not None:
                pytest.skip(self.answerable_once_deleted)

            with pytest.raises(RefusedError):
                await made.to(Replies).reply(ref, TEXT, key=NoteKey(made.key()))
