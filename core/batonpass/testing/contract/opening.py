"""Tickets are opened once, found by their key, and read as they are stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.ticket import (
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldValue,
    Group,
    Requester,
    TicketDraft,
    TicketKey,
    TicketRef,
    landed,
)
from batonpass.ports import Capability, Helpdesk
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.parts import missing, opened_or_refused
from batonpass.testing.contract.samples import EMAIL, HOSTILE, a_draft, a_note, contents
from batonpass.testing.emulator import Fault

AFTER_COMMIT = (Fault.ANSWER_LOST, Fault.ERROR_AFTER_COMMIT, Fault.ANSWER_TRUNCATED, Fault.ANSWER_EMPTY)
GONE = {404, 405, 410}


class OpeningContract(Basis):
    """`Helpdesk.open_ticket`, `find_ticket`, `read_ticket`, `ticket_ref`, `field_schema`."""

    needs = Capability.OPEN_TICKET

    @holds(Helpdesk.open_ticket, "Open one ticket")
    @holds(Helpdesk.find_ticket, "The ticket that `open_ticket` opened")
    async def test_an_opened_ticket_is_found_by_its_key(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            key = TicketKey(made.key())
            draft = a_draft()
            before = await made.helpdesk.find_ticket(key, requester=draft.requester)

            ref = await made.helpdesk.open_ticket(draft, key=key)
            made.find_lag()

            assert before is None
            assert await made.helpdesk.find_ticket(key, requester=draft.requester) == ref
            assert [effect.id for effect in made.emulator.effects("ticket.opened")] == [ref.id]

    async def test_another_key_opens_another_ticket_and_finds_no_other(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            one, another, none = (TicketKey(made.key()) for _ in range(3))
            first = await made.helpdesk.open_ticket(a_draft(), key=one)

            second = await made.helpdesk.open_ticket(a_draft(), key=another)
            made.find_lag()

            assert first.id != second.id
            assert await made.helpdesk.find_ticket(none, requester=a_draft().requester) is None
            assert await made.helpdesk.find_ticket(one, requester=a_draft().requester) == first

    @holds(Helpdesk.open_ticket, "Two calls with one key", "Where the vendor takes no idempotency key")
    async def test_two_calls_with_one_key_open_one_ticket_whatever_the_second_draft_says(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            key = TicketKey(made.key())
            first = await made.helpdesk.open_ticket(a_draft(), key=key)
            if not made.has(Capability.IDEMPOTENT_CREATE):
                made.find_lag()

            second = await made.helpdesk.open_ticket(a_draft(subject="Another"), key=key)

            assert second == first
            assert len(made.emulator.effects("ticket.opened")) == 1
            assert (await made.helpdesk.read_ticket(first)).subject == a_draft().subject

    @holds(Helpdesk.open_ticket, "Two calls with one key")
    @pytest.mark.parametrize("fault", AFTER_COMMIT)
    @pytest.mark.parametrize("subject", ["Refund for order 7", "Another"], ids=["same_draft", "other_draft"])
    async def test_a_lost_answer_then_the_same_key_opens_one_ticket(self, fault: Fault, subject: str) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            await made.a_ticket()  # to learn which call commits
            made.find_lag()
            key = TicketKey(made.key())
            made.emulator.next_call(fault, operation=made.watched.operations["ticket.opened"])
            try:
                first: TicketRef | None = await made.helpdesk.open_ticket(a_draft(), key=key)
            except OutcomeUnknownError:
                first = None
            made.emulator.heal()
            made.find_lag()

            second = await made.helpdesk.open_ticket(a_draft(subject=subject), key=key)

            assert first in {None, second}
            assert len(made.emulator.effects("ticket.opened")) == 2, "one of them with this key"
            assert await made.helpdesk.find_ticket(key, requester=a_draft().requester) == second

    async def test_a_ticket_whose_answer_was_lost_is_found(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            await made.a_ticket()
            key = TicketKey(made.key())
            made.emulator.next_call(Fault.ANSWER_LOST, operation=made.watched.operations["ticket.opened"])
            with pytest.raises(OutcomeUnknownError):
                await made.helpdesk.open_ticket(a_draft(), key=key)
            made.find_lag()

            found = await made.helpdesk.find_ticket(key, requester=a_draft().requester)

            assert found is not None
            assert found.id == made.emulator.effects("ticket.opened")[-1].id

    @holds(Helpdesk.open_ticket, "With `Capability.NOTE_APART`")
    async def test_a_note_apart_is_no_part_of_the_opened_ticket(self) -> None:
        async with self.opened(Capability.OPEN_TICKET, Capability.NOTE_APART) as made:
            await made.a_ticket()

            assert made.emulator.effects("note.appended") == []

    @holds(Helpdesk.find_ticket, "By a strongly consistent read", "`requester` is the draft's")
    async def test_no_search_index_stands_between_a_ticket_and_its_key(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            made.emulator.search_lag = made.lookup_lag or 3600.0
            key = TicketKey(made.key())
            ref = await made.helpdesk.open_ticket(a_draft(), key=key)
            made.clock.go_on(made.lookup_lag)

            found = await made.helpdesk.find_ticket(key, requester=Requester(email=EMAIL))

            assert found == ref

    @holds(Helpdesk.find_ticket, "Where a race has left several, the oldest")
    async def test_after_a_race_the_oldest_is_found(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            key = TicketKey(made.key())
            both = [made.helpdesk.open_ticket(a_draft(), key=key) for _ in range(2)]
            given = [
                each
                for each in await asyncio.gather(*both, return_exceptions=True)
                if isinstance(each, TicketRef)
            ]
            made.find_lag()

            found = await made.helpdesk.find_ticket(key, requester=a_draft().requester)

            committed = made.emulator.effects("ticket.opened")
            assert found is not None
            assert found.id == committed[0].id
            assert found in given
            assert len(committed) == 1 or not made.has(Capability.IDEMPOTENT_CREATE)

    @holds(Helpdesk.ticket_ref, "The reference of the ticket with this id")
    async def test_a_ticket_is_named_by_its_id_without_a_call(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            ref = await made.a_ticket()
            calls = len(made.emulator.calls)

            named = made.helpdesk.ticket_ref(ref.id)

            assert (named.id, named.url) == (ref.id, ref.url)
            assert len(made.emulator.calls) == calls

    @holds(Helpdesk.ticket_ref, "Raises `RefusedError` with code `not_found`")
    @pytest.mark.parametrize("nonsense", ["", "../admin", "1?x=1", "\N{ARABIC-INDIC DIGIT ONE}", "x" * 500])
    async def test_nonsense_is_no_id(self, nonsense: str) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            with pytest.raises(RefusedError) as refused:
                made.helpdesk.ticket_ref(nonsense)

            assert refused.value.code == "not_found"

    @holds(Helpdesk.read_ticket, "The ticket as it is stored now")
    async def test_what_is_read_is_what_was_sent(self) -> None:
        async with self.opened(Capability.OPEN_TICKET, Capability.READ_BACK) as made:
            schema = await made.helpdesk.field_schema()
            group = schema.groups[-1] if schema.groups else None
            fields = tuple(contents(schema, apart_from=made.own_fields))

            ref = await made.a_ticket(fields=fields, group=group)

            stored = await made.helpdesk.read_ticket(ref)
            assert (stored.ref.id, stored.subject) == (ref.id, a_draft().subject)
            assert stored.group_id == (None if group is None else group.id) or group is None
            assert [
                field.name for field in fields if not landed(field.value, stored.fields.get(field.id))
            ] == []

    @holds(Helpdesk.read_ticket, "Raises `RefusedError` with status 404, 405 or 410")
    async def test_a_deleted_ticket_is_gone(self) -> None:
        async with self.opened(Capability.OPEN_TICKET, Capability.READ_BACK) as made:
            ref = await made.a_ticket()
            self.delete_ticket(made.emulator, ref)

            with pytest.raises(RefusedError) as refused:
                await made.helpdesk.read_ticket(ref)

            assert refused.value.status in GONE or refused.value.code == "gone"

    @holds(Helpdesk.field_schema, "What this account's tickets can hold")
    async def test_the_schema_tells_fields_with_options_groups_and_when(self) -> None:
        async with self.opened(Capability.OPEN_TICKET, Capability.FIELD_SCHEMA) as made:
            schema = await made.helpdesk.field_schema()

            choices = {FieldKind.DROPDOWN, FieldKind.MULTISELECT}
            assert schema.as_of == made.clock.now()
            assert schema.fields
            assert len({field.id for field in schema.fields}) == len(schema.fields)
            assert all(field.options for field in schema.fields if field.kind in choices and field.active)
            groups = {group.name for group in schema.groups}
            assert {"Support", "Billing"} <= groups or "group" in self.cannot_write
            assert 0 < schema.limits.subject < schema.limits.note

    @pytest.mark.parametrize("part", ["option", "field", "group"])
    async def test_an_unknown_part_is_named_or_seen_to_be_missing(self, part: str) -> None:
        async with self.opened(Capability.OPEN_TICKET, Capability.READ_BACK) as made:
            schema = await made.helpdesk.field_schema()
            draft, name = _with_unknown(part, schema.fields)

            named = await missing(made, draft)

            assert name in named

    @pytest.mark.parametrize("what", HOSTILE)
    async def test_hostile_text_arrives_as_text(self, what: str) -> None:
        async with self.opened(Capability.OPEN_TICKET, Capability.READ_BACK) as made:
            said = HOSTILE[what]
            schema = await made.helpdesk.field_schema()
            texts = [
                each
                for each in schema.fields
                if each.kind is FieldKind.TEXT and each.active and each.name not in made.own_fields
            ]
            fields = tuple(FieldValue(id=each.id, name=each.name, value=said) for each in texts[:1])
            draft = a_draft(
                subject=said[:100],
                note=a_note(f"They wrote: {said}"),
                requester=Requester(name=said[:80], email=EMAIL),
                fields=fields,
            )

            ref, named = await opened_or_refused(made, draft)

            made.find_lag()
            assert ref is not None or named, "a refusal names its part, so that the rest can be sent"
            if ref is not None:
                stored = await made.helpdesk.read_ticket(ref)
                assert landed(said[:100], stored.subject)
                assert all(landed(each.value, stored.fields.get(each.id)) for each in fields)
            assert len(made.emulator.effects("ticket.opened")) == (0 if ref is None else 1)

    async def test_a_subject_and_a_note_of_the_length_that_the_limits_tell_are_taken(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            limits = (await made.helpdesk.field_schema()).limits
            note = a_note("x" * (limits.note - 100))

            ref = await made.a_ticket(subject="s" * limits.subject, note=note)

            assert made.emulator.effects("ticket.opened")[-1].id == ref.id


def _with_unknown(part: str, fields: Sequence[FieldDefinition]) -> tuple[TicketDraft, str]:
    if part == "group":
        return a_draft(group=Group(id="987654321", name="Nobody")), "group"
    choices = [each for each in fields if each.kind is FieldKind.DROPDOWN and each.active]
    if part == "option":
        if not choices:
            pytest.skip("the sample account has no dropdown")
        value = FieldValue(id=choices[0].id, name=choices[0].name, value="no_such_option")
    else:
        value = FieldValue(id=FieldId("987654321"), name="Nothing", value="x")
    return a_draft(fields=(value,)), str(value.id)
