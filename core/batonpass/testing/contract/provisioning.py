"""Fields are created once, and nothing is ever taken away."""

from __future__ import annotations

import pytest

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import FieldDefinition, FieldKind, FieldValue, NewField, landed
from batonpass.ports import Capability, ProvisionsFields
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import Opened
from batonpass.testing.contract.samples import a_content

_KINDS = [kind for kind in FieldKind if kind is not FieldKind.OTHER]
_CHOICES = {FieldKind.DROPDOWN, FieldKind.MULTISELECT}


def wanted(kind: FieldKind, *options: str) -> NewField:
    return NewField(name=f"Batonpass {kind}", kind=kind, options=options)


def labels(field: FieldDefinition) -> list[str]:
    return [option.label for option in field.options]


class ProvisioningContract(Basis):
    """`ProvisionsFields`."""

    needs = Capability.PROVISION_FIELDS

    @holds(ProvisionsFields.create_field, "Create a ticket field and its options")
    @pytest.mark.parametrize("kind", _KINDS)
    async def test_a_created_field_stands_in_the_schema_and_takes_a_value(self, kind: FieldKind) -> None:
        async with self.opened(Capability.PROVISION_FIELDS) as made:
            field = await self._created(made, kind)

            listed = {each.id: each for each in (await made.helpdesk.field_schema()).fields}
            assert listed[field.id].kind is field.kind is self.created_as.get(kind, kind)
            assert set(labels(listed[field.id])) == set(labels(field))
            assert {"Gold", "Silver"} <= set(labels(field)) or kind not in _CHOICES
            value = a_content(field)
            assert value is not None
            ref = await made.a_ticket(fields=(FieldValue(id=field.id, name=field.name, value=value),))
            assert landed(value, (await made.helpdesk.read_ticket(ref)).fields.get(field.id))

    @holds(ProvisionsFields.create_field, "Where one of this name and kind, or its wider one, stands already")
    @pytest.mark.parametrize("kind", _KINDS)
    async def test_creating_it_again_creates_nothing_and_adds_the_options_that_lack(
        self, kind: FieldKind
    ) -> None:
        async with self.opened(Capability.PROVISION_FIELDS) as made:
            first = await self._created(made, kind)
            before = len((await made.helpdesk.field_schema()).fields)
            more = ("Silver", "Bronze") if kind in _CHOICES else ()

            again = await made.to(ProvisionsFields).create_field(wanted(kind, *more))

            assert again.id == first.id
            assert len((await made.helpdesk.field_schema()).fields) == before
            assert set(labels(again)) == ({"Gold", "Silver", "Bronze"} if more else set(labels(first)))

    @holds(ProvisionsFields.create_field, "Raises `RefusedError` with code `unsupported`")
    async def test_a_kind_that_cannot_be_created_and_a_name_that_is_taken_are_refused(self) -> None:
        async with self.opened(Capability.PROVISION_FIELDS) as made:
            fields = made.to(ProvisionsFields)
            await self._created(made, FieldKind.TEXT)

            with pytest.raises(RefusedError) as unsupported:
                await fields.create_field(wanted(FieldKind.OTHER))
            with pytest.raises(RefusedError) as taken:
                await fields.create_field(NewField(name=wanted(FieldKind.TEXT).name, kind=FieldKind.CHECKBOX))

            assert unsupported.value.code == "unsupported"
            assert taken.value.code == "conflict"

    @holds(ProvisionsFields.add_options, "Add options by their labels")
    async def test_options_are_added_and_none_is_removed(self) -> None:
        async with self.opened(Capability.PROVISION_FIELDS) as made:
            field = await self._created(made, FieldKind.DROPDOWN)

            given = await made.to(ProvisionsFields).add_options(field.id, ("Silver", "Tin & <b>"))
            twice = await made.to(ProvisionsFields).add_options(field.id, ("Tin & <b>",))

            listed = {each.id: each for each in (await made.helpdesk.field_schema()).fields}[field.id]
            assert set(labels(given)) == {"Gold", "Silver", "Tin & <b>"}
            assert sorted(labels(twice)) == sorted(labels(given)) == sorted(labels(listed))
            kept = {option.value for option in field.options}
            assert kept <= {option.value for option in listed.options}

    @holds(ProvisionsFields.own_fields, "The fields that batonpass itself needs here")
    async def test_the_fields_that_we_need_can_be_created_and_say_why(self) -> None:
        async with self.opened(Capability.PROVISION_FIELDS) as made:
            fields = made.to(ProvisionsFields)

            own = fields.own_fields()
            created = [await fields.create_field(field) for field in own]

            assert [field.name for field in own if not field.why] == []
            assert len({field.id for field in created}) == len(own)

    async def _created(self, made: Opened, kind: FieldKind) -> FieldDefinition:
        """Skips where the author says that this vendor has no such field, and holds them to it."""
        options = ("Gold", "Silver") if kind in _CHOICES else ()
        if kind not in self.cannot_create:
            return await made.to(ProvisionsFields).create_field(wanted(kind, *options))
        with pytest.raises(RefusedError) as refused:
            await made.to(ProvisionsFields).create_field(wanted(kind, *options))
        assert refused.value.code == "unsupported"
        pytest.skip(f"creates no {kind}: {self.cannot_create[kind]}")
