"""What the admins of an emulated account do to its fields and forms."""

from __future__ import annotations

from batonpass.testing.happenings import CannotPlayError
from batonpass_zendesk.emulated_account import EmulatedField
from batonpass_zendesk.emulated_desk import EmulatedDesk


class Admins(EmulatedDesk):
    def add_form(self, name: str) -> str:
        """A form with all custom fields. Its id."""
        custom = [each for each in self.account.fields.values() if each.custom]
        return str(self.account.add_form(name, custom).id)

    def rename_option(self, field: str, label: str, new: str) -> None:
        """Its tag stays, and what is written with it."""
        known = self._known(field)
        known.options[self._tag(known, label)] = new

    def remove_option(self, field: str, label: str) -> None:
        """Its values go from all tickets, as Zendesk has it."""
        known = self._known(field)
        tag = self._tag(known, label)
        del known.options[tag]
        for ticket in self.tickets.values():
            held = ticket.fields.get(known.id)
            if held == tag:
                del ticket.fields[known.id]
            elif isinstance(held, list):
                ticket.fields[known.id] = [each for each in held if each != tag]

    def deactivate_field(self, field: str) -> None:
        self._known(field).active = False

    def require_field(self, field: str) -> None:
        """From now on no ticket is solved without it; new ones are opened all the same."""
        self._known(field).required = True

    def take_off_form(self, field: str, form: str) -> None:
        found = next((each for each in self.account.forms or () if str(each.id) == form), None)
        if found is None:
            raise CannotPlayError(f"there is no form {form}")
        known = self._known(field).id
        found.field_ids = [each for each in found.field_ids if each != known]

    def _known(self, field: str) -> EmulatedField:
        found = self.account.fields.get(int(field)) if field.isdigit() else None
        if found is None:
            raise CannotPlayError(f"there is no field {field}")
        return found

    @staticmethod
    def _tag(known: EmulatedField, label: str) -> str:
        found = next((tag for tag, name in known.options.items() if name == label), None)
        if found is None:
            raise CannotPlayError(f"{known.title} has no option {label}")
        return found
