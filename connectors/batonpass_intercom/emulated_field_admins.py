"""What the admins of an emulated workspace do to attributes and ticket types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from batonpass.testing.emulator import Emulator
from batonpass.testing.happenings import CannotPlayError
from batonpass_intercom.emulated_account import Account, EmulatedField


@dataclass
class FieldAdmins(Emulator):
    """Each by the attribute's name, on every ticket type and on conversations."""

    account: Account = field(default_factory=Account)

    def add_form(self, name: str) -> str:
        """A ticket type with attributes of the same names as the first. Its id."""
        return str(self.account.add_type(name).id)

    def rename_option(self, field: str, label: str, new: str) -> None:
        """A list item keeps its id, which tickets are written with; conversations are written with the label."""
        for known, item in self._items(field, label):
            known.items[item] = new
        for work in self.account.work.values():
            if work.kind == "conversation" and work.attributes.get(field) == label:
                work.attributes[field] = new

    def remove_option(self, field: str, label: str) -> None:
        for known, item in self._items(field, label):
            del known.items[item]

    def deactivate_field(self, field: str) -> None:
        """Archive it: attributes cannot be deleted."""
        for known in self._known(field):
            known.active = False

    def require_field(self, field: str) -> None:
        """Of teammates who create a ticket, and so perhaps of the API: see `Account.needs_required`."""
        for known in self._known(field):
            known.required = True

    def take_off_form(self, field: str, form: str) -> None:
        found = next((each for each in self.account.types.values() if str(each.id) == form), None)
        if found is None:
            raise CannotPlayError(f"there is no ticket type {form}")
        for known in [each for each in found.fields.values() if each.name == field]:
            del found.fields[known.id]

    def _known(self, field: str) -> list[EmulatedField]:
        found = [each for each in self.account.all_fields() if each.name == field]
        if not found:
            raise CannotPlayError(f"there is no attribute {field}")
        return found

    def _items(self, field: str, label: str) -> Iterator[tuple[EmulatedField, str]]:
        for known in self._known(field):
            for item in [id_ for id_, each in known.items.items() if each == label]:
                yield known, item
