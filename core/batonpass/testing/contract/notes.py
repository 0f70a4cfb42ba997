"""Internal notes: appended once, found by their key, never shown to the customer."""

from __future__ import annotations

from contextlib import suppress

import pytest

from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.ticket import NoteKey
from batonpass.ports import Capability, Helpdesk, ReadsConversations
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opening import AFTER_COMMIT
from batonpass.testing.contract.samples import HOSTILE, a_note
from batonpass.testing.emulator import Fault


class NotesContract(Basis):
    """`Helpdesk.append_note` and `find_note`."""

    needs = Capability.APPEND_NOTE

    @holds(Helpdesk.append_note, "It can be found again by its key")
    @holds(Helpdesk.find_note, "Whether the note with this key stands on the ticket")
    async def test_a_note_is_found_by_its_key_and_by_no_other(self) -> None:
        async with self.opened(Capability.APPEND_NOTE) as made:
            ref, another = await made.a_ticket(), await made.a_ticket()
            key = NoteKey(made.key())
            before = await made.helpdesk.find_note(ref, key=key)

            await made.helpdesk.append_note(ref, a_note("Paid twice."), key=key)

            assert before is False
            assert await made.helpdesk.find_note(ref, key=key) is True
            assert await made.helpdesk.find_note(ref, key=NoteKey(f"{key}0")) is False
            assert await made.helpdesk.find_note(ref, key=NoteKey(key[:-1])) is False
            assert await made.helpdesk.find_note(another, key=key) is False
            assert len(made.emulator.effects("note.appended")) == 1

    @holds(Helpdesk.append_note, "Append one internal note, never visible to the customer")
    async def test_a_note_is_no_part_of_what_the_customer_sees(self) -> None:
        async with self.opened(Capability.APPEND_NOTE, Capability.READ_CONVERSATION) as made:
            ref = await made.a_ticket()

            await made.helpdesk.append_note(ref, a_note("Only for the team."), key=NoteKey(made.key()))

            read = await made.to(ReadsConversations).read_conversation(ref)
            assert [turn.text for turn in read.turns if "Only for the team" in turn.text] == []
            assert made.emulator.effects("reply.appended") == []

    @pytest.mark.parametrize("fault", AFTER_COMMIT)
    async def test_a_note_whose_answer_was_lost_is_found(self, fault: Fault) -> None:
        async with self.opened(Capability.APPEND_NOTE) as made:
            ref = await made.a_ticket()
            await made.helpdesk.append_note(ref, a_note("One."), key=NoteKey(made.key()))
            key = NoteKey(made.key())
            made.emulator.next_call(fault, operation=made.watched.operations["note.appended"])

            with suppress(OutcomeUnknownError):
                await made.helpdesk.append_note(ref, a_note("Two."), key=key)

            made.emulator.heal()
            assert await made.helpdesk.find_note(ref, key=key) is True

    async def test_an_old_note_is_found_below_many_new_ones(self) -> None:
        async with self.opened(Capability.APPEND_NOTE) as made:
            ref = await made.a_ticket()
            key = NoteKey(made.key())
            await made.helpdesk.append_note(ref, a_note("The first."), key=key)

            for _ in range(30):
                made.clock.go_on(1)
                await made.helpdesk.append_note(ref, a_note("One more."), key=NoteKey(made.key()))

            assert await made.helpdesk.find_note(ref, key=key) is True

    @pytest.mark.parametrize("what", HOSTILE)
    async def test_hostile_text_in_a_note_forges_nothing(self, what: str) -> None:
        async with self.opened(Capability.APPEND_NOTE) as made:
            ref = await made.a_ticket()
            key = NoteKey(made.key())

            await made.helpdesk.append_note(ref, a_note(f"They wrote: {HOSTILE[what]}"), key=key)

            assert await made.helpdesk.find_note(ref, key=key) is True
            assert await made.helpdesk.find_note(ref, key=NoteKey("forged_key")) is False

    async def test_a_note_on_a_deleted_ticket_is_refused(self) -> None:
        async with self.opened(Capability.APPEND_NOTE) as made:
            ref = await made.a_ticket()
            self.delete_ticket(made.emulator, ref)

            with pytest.raises(RefusedError):
                await made.helpdesk.append_note(ref, a_note("Too late."), key=NoteKey(made.key()))
