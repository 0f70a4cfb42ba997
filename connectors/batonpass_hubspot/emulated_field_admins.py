"""What people do to an emulated account: admins to ticket properties and pipelines, others to its records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from batonpass.testing.emulator import Emulator
from batonpass.testing.happenings import CannotPlayError
from batonpass_hubspot import emulated_filling
from batonpass_hubspot.emulated_account import EmulatedAccount
from batonpass_hubspot.emulated_hooks import HookApi
from batonpass_hubspot.emulated_schema import TICKETS


@dataclass
class FieldAdmins(Emulator):
    account: EmulatedAccount = field(init=False)
    hooks: HookApi = field(init=False)

    def fill(self, stream: str, number: int) -> tuple[str, ...]:
        return emulated_filling.fill(self.account, stream, number)

    def touch(self, stream: str, record: str) -> None:
        emulated_filling.touch(self.account, stream, record)
        self.hooks.flush()

    def drop(self, stream: str, record: str) -> None:
        emulated_filling.drop(self.account, stream, record)
        self.hooks.flush()

    def merge(self, stream: str, into: str, gone: str) -> None:
        """Let somebody merge one record into another."""
        emulated_filling.merge(self.account, stream, into, gone)
        self.hooks.flush()

    def delete_ticket(self, ticket: str) -> None:
        self.account.delete(TICKETS, ticket)

    def add_form(self, name: str) -> str:
        """A ticket pipeline with a first and a last stage. Its id."""
        pipeline = self.account.next_id()
        stages = ((self.account.next_id(), "New", False), (self.account.next_id(), "Closed", True))
        self.account.ticket_pipelines[pipeline] = (name, stages)
        return pipeline

    def rename_option(self, field: str, label: str, new: str) -> None:
        """Its value stays, which is what is written."""
        self._option(field, label)["label"] = new

    def remove_option(self, field: str, label: str) -> None:
        self._known(field)["options"].remove(self._option(field, label))

    def deactivate_field(self, field: str) -> None:
        """Archive it: no list has it any more, and it is refused as one that does not exist."""
        name = self._known(field)["name"]
        del self.account.definitions[TICKETS][name]

    def require_field(self, field: str) -> None:
        """Compulsory where a ticket is made, by the API too."""
        self.account.rules.required.setdefault(TICKETS, set()).add(self._known(field)["name"])

    def take_off_form(self, field: str, form: str) -> None:
        raise CannotPlayError(f"pipelines have no properties of their own, so {form} has no {field}")

    def _known(self, field: str) -> dict[str, Any]:
        found = self.account.definitions[TICKETS].get(field)
        if found is None:
            raise CannotPlayError(f"there is no ticket property {field}")
        return found

    def _option(self, field: str, label: str) -> dict[str, Any]:
        options: list[dict[str, Any]] = self._known(field)["options"]
        found = next((each for each in options if each["label"] == label), None)
        if found is None:
            raise CannotPlayError(f"{field} has no option {label}")
        return found
