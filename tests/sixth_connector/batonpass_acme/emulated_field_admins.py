"""What the admins of an emulated account do to its fields and forms."""

from __future__ import annotations

from dataclasses import dataclass, field

from batonpass.testing.emulator import Emulator
from batonpass_acme.emulated_account import AcmeAccount, EmulatedForm


@dataclass
class FieldAdmins(Emulator):
    account: AcmeAccount = field(default_factory=AcmeAccount)

    def add_form(self, name: str) -> str:
        """A form with all fields. Its id."""
        made = EmulatedForm(id=self.account.next_id("M"), name=name, keys=list(self.account.fields))
        self.account.forms[made.id] = made
        return made.id

    def rename_option(self, field: str, label: str, new: str) -> None:
        """Its value too: Acme Desk has one word for both."""
        options = self.account.fields[field].options
        options[options.index(label)] = new

    def remove_option(self, field: str, label: str) -> None:
        self.account.fields[field].options.remove(label)

    def deactivate_field(self, field: str) -> None:
        self.account.fields[field].active = False

    def require_field(self, field: str) -> None:
        self.account.fields[field].required = True

    def take_off_form(self, field: str, form: str) -> None:
        self.account.forms[form].keys.remove(field)
