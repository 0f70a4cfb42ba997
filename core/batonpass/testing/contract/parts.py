"""Every part of a draft lands, is refused by its name, or is seen to be missing; and the schema says which."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import (
    Agent,
    FieldDefinition,
    FieldKind,
    FieldSchema,
    FieldValue,
    Form,
    TextUnit,
    TicketDraft,
    TicketKey,
    TicketRef,
    landed,
)
from batonpass.ports import Capability, Helpdesk, ListsAgents
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import Opened
from batonpass.testing.contract.samples import a_content, a_draft, contents
from batonpass.testing.happenings import CannotPlayError

A_FEW_CALLS = 6
_LENGTH: dict[TextUnit, Callable[[str], int]] = {
    TextUnit.CHARACTERS: len,
    TextUnit.UTF16: lambda text: len(text.encode("utf-16-le")) // 2,
    TextUnit.BYTES: lambda text: len(text.encode()),
}


async def opened_or_refused(made: Opened, draft: TicketDraft) -> tuple[TicketRef | None, tuple[str, ...]]:
    """The ticket, or the parts that the vendor names in its refusal."""
    try:
        return await made.helpdesk.open_ticket(draft, key=TicketKey(made.key())), ()
    except RefusedError as refused:
        return None, refused.fields


async def missing(made: Opened, draft: TicketDraft) -> tuple[str, ...]:
    """The parts that the vendor names in its refusal of a draft, or that are not there after it took it."""
    ref, named = await opened_or_refused(made, draft)
    if ref is None:
        return named
    made.find_lag()
    stored = await made.helpdesk.read_ticket(ref)
    lost = [field.id for field in draft.fields if not landed(field.value, stored.fields.get(field.id))]
    parts = {
        "group": (draft.group, stored.group_id),
        "assignee": (draft.assignee, stored.assignee_id),
        "form": (draft.form, stored.form_id),
    }
    return (*lost, *(name for name, (sent, is_) in parts.items() if sent is not None and sent.id != is_))


def _playing(play: Callable[[], object]) -> None:
    """Let an admin do it; skips where this vendor knows no such thing."""
    try:
        play()
    except CannotPlayError as cannot:
        pytest.skip(str(cannot))


def _of_kind(made: Opened, schema: FieldSchema, *kinds: FieldKind) -> FieldDefinition:
    fitting = [each for each in schema.fields if each.kind in kinds and each.active]
    found = [each for each in fitting if each.name not in made.own_fields and a_content(each) is not None]
    if not found:
        pytest.skip(f"the sample account has no {kinds[0]}")
    return found[0]


def _known(schema: FieldSchema, field: FieldDefinition) -> FieldDefinition | None:
    return next((each for each in schema.fields if each.id == field.id), None)


def _with(field: FieldDefinition, value: object = None, **more: object) -> TicketDraft:
    content = a_content(field) if value is None else value
    return a_draft(fields=(FieldValue(id=field.id, name=field.name, value=content),), **more)  # type: ignore[arg-type]


class PartsContract(Basis):
    """`Helpdesk.open_ticket` and `field_schema`: assignee, form, lengths, what is required, what has changed."""

    needs = Capability.OPEN_TICKET

    @holds(Helpdesk.open_ticket, "A part of the draft that the vendor refuses")
    @pytest.mark.parametrize("part", ["assignee", "form"])
    async def test_an_assignee_and_a_form_are_stored_or_refused_by_name(self, part: str) -> None:
        async with self.opened(Capability.READ_BACK, Capability.AGENTS) as made:
            self.another_form(made.emulator)
            schema = await made.helpdesk.field_schema()
            agents = await made.to(ListsAgents).agents()
            sent = {
                "assignee": agents[-1],
                "form": schema.forms[-1] if schema.forms else Form(id="1", name="X"),
            }

            named = await missing(made, a_draft(**{part: sent[part]}))

            assert named == ((part,) if part in self.cannot_write else ())

    @pytest.mark.parametrize("part", ["assignee", "form"])
    async def test_an_unknown_assignee_or_form_is_named_or_seen_to_be_missing(self, part: str) -> None:
        async with self.opened(Capability.READ_BACK) as made:
            nobody = {"assignee": Agent(id="987654321"), "form": Form(id="987654321", name="None")}

            assert part in await missing(made, a_draft(**{part: nobody[part]}))

    @holds(Helpdesk.open_ticket, "What the vendor drops or cuts")
    async def test_fields_land_on_every_form_that_has_them(self) -> None:
        async with self.opened(Capability.READ_BACK) as made:
            self.another_form(made.emulator)
            schema = await made.helpdesk.field_schema()
            everything = tuple(contents(schema, apart_from=made.own_fields))

            for form in schema.forms:
                on_it = tuple(each for each in everything if not form.fields or each.id in form.fields)
                assert await missing(made, a_draft(form=form, fields=on_it)) == ()

    @holds(Helpdesk.open_ticket, "What the vendor drops or cuts")
    async def test_a_field_that_is_not_on_the_form_is_named_or_seen_to_be_missing(self) -> None:
        async with self.opened(Capability.READ_BACK) as made:
            self.another_form(made.emulator)
            schema = await made.helpdesk.field_schema()
            if not schema.forms:
                pytest.skip("the account has no forms")
            form, field = schema.forms[-1], _of_kind(made, schema, FieldKind.TEXT)
            _playing(lambda: made.emulator.take_off_form(field.id, form.id))

            told = {each.id: each for each in (await made.helpdesk.field_schema()).forms}[form.id]

            assert field.id in form.fields
            assert field.id not in told.fields
            assert field.id in await missing(made, _with(field, form=form))

    @holds(Helpdesk.field_schema, "A field is required where this API opens no ticket without it")
    async def test_what_is_told_as_required_is_what_no_ticket_is_opened_without(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            field = _of_kind(made, await made.helpdesk.field_schema(), FieldKind.TEXT)
            assert not field.required
            _playing(lambda: made.emulator.require_field(field.id))

            told = _known(await made.helpdesk.field_schema(), field)
            _, named = await opened_or_refused(made, a_draft())
            with_it, _ = await opened_or_refused(made, _with(field))

            assert told is not None
            assert told.required == (field.id in named)
            assert with_it is not None

    @holds(Helpdesk.field_schema, "A field is required where this API opens no ticket without it")
    @pytest.mark.parametrize("kind", [FieldKind.TEXT, FieldKind.LONG_TEXT])
    @pytest.mark.parametrize("letter", ["x", "ü", "😀"], ids=["ascii", "umlaut", "emoji"])
    async def test_a_text_of_the_told_length_is_taken_and_a_longer_one_is_not(
        self, kind: FieldKind, letter: str
    ) -> None:
        async with self.opened(Capability.READ_BACK) as made:
            field = _of_kind(made, await made.helpdesk.field_schema(), kind)
            if field.longest is None:
                pytest.skip("this vendor tells no length")
            longest = letter * (field.longest // _LENGTH[field.unit](letter))

            assert await missing(made, _with(field, longest)) == ()
            assert field.id in await missing(made, _with(field, "x" * (field.longest + 1)))

    async def test_an_option_that_was_renamed_is_told_anew_and_the_new_one_lands(self) -> None:
        async with self.opened(Capability.READ_BACK) as made:
            field = _of_kind(made, await made.helpdesk.field_schema(), FieldKind.DROPDOWN)
            old = field.options[0]
            _playing(lambda: made.emulator.rename_option(field.id, old.label, "Renamed"))
            await made.helpdesk.field_schema()

            told = _known(await made.helpdesk.field_schema(), field)

            assert told is not None
            new = {each.label: each.value for each in told.options}
            assert old.label not in new
            assert await missing(made, _with(field, new["Renamed"])) == ()
            lands = await missing(made, _with(field, old.value)) == ()
            assert lands == (old.value in _values(told))

    async def test_an_option_that_was_removed_is_told_no_more_and_named_or_seen_to_be_missing(self) -> None:
        async with self.opened(Capability.READ_BACK) as made:
            field = _of_kind(made, await made.helpdesk.field_schema(), FieldKind.DROPDOWN)
            gone = field.options[0]
            _playing(lambda: made.emulator.remove_option(field.id, gone.label))

            told = _known(await made.helpdesk.field_schema(), field)

            assert told is not None
            assert gone.value not in _values(told)
            assert field.id in await missing(made, _with(field, gone.value))

    async def test_a_field_that_was_switched_off_is_told_so_and_named_or_seen_to_be_missing(self) -> None:
        async with self.opened(Capability.READ_BACK) as made:
            field = _of_kind(made, await made.helpdesk.field_schema(), FieldKind.TEXT)
            _playing(lambda: made.emulator.deactivate_field(field.id))

            told = _known(await made.helpdesk.field_schema(), field)

            assert told is None or not told.active
            assert field.id in await missing(made, _with(field))

    @holds(Helpdesk.field_schema, "By a few calls")
    async def test_the_schema_is_read_by_a_few_calls(self) -> None:
        async with self.opened(Capability.FIELD_SCHEMA) as made:
            await made.helpdesk.field_schema()  # a login may come first
            calls = len(made.emulator.calls)

            await made.helpdesk.field_schema()

            assert len(made.emulator.calls) - calls <= A_FEW_CALLS


def _values(field: FieldDefinition) -> Iterable[str]:
    return {each.value for each in field.options}
