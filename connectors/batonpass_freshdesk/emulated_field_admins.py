"""What the admins of an emulated account do to its ticket fields."""

from __future__ import annotations

from dataclasses import dataclass, field

from batonpass.testing.emulator import Emulator
from batonpass.testing.happenings import CannotPlayError
from batonpass_freshdesk.emulated_account import Account, EmulatedField


@dataclass
class FieldAdmins(Emulator):
    account: Account = field(default_factory=Account)

    def add_form(self, name: str) -> str:
        """A ticket type, which goes by its name."""
        self.account.types.append(name)
        return name

    def rename_option(self, field: str, label: str, new: str) -> None:
        """Its id stays, its label is what is written: tickets follow, what writes the old one is refused."""
        known = self._known(field)
        known.choices[self._choice(known, label)] = new
        for ticket in self.account.tickets.values():
            if ticket.fields.get(known.name) == label:
                ticket.fields[known.name] = new

    def remove_option(self, field: str, label: str) -> None:
        known = self._known(field)
        del known.choices[self._choice(known, label)]

    def deactivate_field(self, field: str) -> None:
        """Into the archive."""
        self._known(field).active = False

    def require_field(self, field: str) -> None:
        """For agents, and so for the API."""
        self._known(field).required = True

    def take_off_form(self, field: str, form: str) -> None:
        raise CannotPlayError(f"ticket types have no fields of their own, so {form} has no {field}")

    def _known(self, field: str) -> EmulatedField:
        found = self.account.fields.get(field)
        if found is None:
            raise CannotPlayError(f"there is no field {field}")
        return found

    @staticmethod
    def _choice(known: EmulatedField, label: str) -> int:
        found = next((id_ for id_, each in known.choices.items() if each == label), None)
        if found is None:
            raise CannotPlayError(f"{known.label} has no choice {label}")
        return found
