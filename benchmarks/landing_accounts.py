"""The accounts of the landing proof: what their tickets hold in people's words, and what their admins do meanwhile.

What is held is read from the emulators' own state, and never from what batonpass says.
"""

from __future__ import annotations

import copy
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from batonpass_hubspot.emulated_schema import TICKETS

DROPDOWNS = ("Customer tier", "Handoff reason")
FIELDS = (
    "Customer tier",
    "Plan",
    "MRR",
    "Renewal date",
    "Handoff reason",
    "AI confidence",
    "Identity verified",
    "Conversation ID",
)
RENAMED = " (new)"
_FRESHDESK_PRIORITIES = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
_HUBSPOT_PRIORITIES = {"LOW": "low", "MEDIUM": "normal", "HIGH": "high", "URGENT": "urgent"}

Held = Mapping[str, Any]
"""Field, or part of the ticket, → what it holds as people read it; a list for tags."""


class Account(ABC):
    """One helpdesk's emulator. Names are those of its start: an option that was renamed since counts as itself."""

    forms: tuple[str, ...]
    agents: tuple[str, ...]
    priorities = True

    def __init__(self, emulator: Any) -> None:
        self.emulator = emulator
        self.state = emulator.account
        self.ids = self._ids()
        self.labels = self._labels()

    # By helpdesk

    _kept: tuple[str, ...] = ("fields", "groups")
    """What of the account's state its admins change."""

    @abstractmethod
    def _ids(self) -> dict[str, str]:
        """A field's name as people see it → its id."""

    @abstractmethod
    def _labels(self) -> dict[str, str]:
        """What is written for an option, group, agent or form → its name."""

    @abstractmethod
    def held(self, ticket: str) -> Held: ...

    @abstractmethod
    def drop(self, name: str) -> None:
        """The field takes values from now on and keeps none."""

    @abstractmethod
    def employ(self, *, there: bool) -> None:
        """The first of the agents is there, or has left."""

    @abstractmethod
    def lose_group(self) -> None:
        """A group that the mapping names is gone."""

    # Of all

    def named(self, value: Any) -> Any:
        text = self.labels.get(str(value), value)
        return text.removesuffix(RENAMED) if isinstance(text, str) else text

    def snapshot(self) -> Callable[[], None]:
        """Keeps the account's state; what is given puts it back."""
        kept = copy.deepcopy({name: getattr(self.state, name) for name in self._kept})

        def put_back() -> None:
            for name, value in copy.deepcopy(kept).items():
                setattr(self.state, name, value)
            self.employ(there=True)

        return put_back

    def option(self, chance: random.Random) -> tuple[str, str]:
        field = chance.choice(DROPDOWNS)
        labels = (
            ("Free", "Pro", "Enterprise") if field == "Customer tier" else ("Billing dispute", "Security")
        )
        return self.ids[field], chance.choice(labels)


class Zendesk(Account):
    forms = ("Default ticket form", "Billing question")
    agents = ("Nora Lind", "Sam Okoye")
    _kept = ("fields", "groups", "forms")

    def _ids(self) -> dict[str, str]:
        return {each.title: str(each.id) for each in self.state.fields.values()}

    def _labels(self) -> dict[str, str]:
        return {
            **{tag: name for each in self.state.fields.values() for tag, name in each.options.items()},
            **{str(each.id): each.name for each in self.state.groups.values()},
            **{str(each.id): each.name for each in self.state.users.values()},
            **{str(each.id): each.name for each in self.state.forms},
        }

    def held(self, ticket: str) -> Held:
        found = self.emulator.tickets[int(ticket)]
        return {
            **{name: self.named(found.fields.get(int(self.ids[name]))) for name in FIELDS},
            "Priority": found.priority,
            "Group": self.named(found.group_id),
            "Assignee": self.named(found.assignee_id),
            "Form": self.named(found.form_id),
            "Tags": found.tags,
        }

    def drop(self, name: str) -> None:
        self.state.fields[int(self.ids[name])].drops = True

    def employ(self, *, there: bool) -> None:
        agent = next(each for each in self.state.users.values() if each.name == self.agents[0])
        agent.role, agent.active = ("agent" if there else "end-user"), there

    def lose_group(self) -> None:
        self.state.groups = {id_: each for id_, each in self.state.groups.items() if each.name != "Security"}


class Freshdesk(Account):
    forms = ("Question", "Incident")
    agents = ("Nadia Haddad", "Tom Becker")
    _kept = ("fields", "groups")

    def _ids(self) -> dict[str, str]:
        return {each.label: each.name for each in self.state.fields.values()}

    def _labels(self) -> dict[str, str]:
        return {
            **{str(each.id): each.name for each in self.state.groups.values()},
            **{str(each.id): each.name for each in self.state.users.values()},
        }

    def held(self, ticket: str) -> Held:
        found = self.emulator.tickets[int(ticket)]
        return {
            **{name: self.named(found.fields.get(self.ids[name])) for name in FIELDS},
            "Priority": _FRESHDESK_PRIORITIES[found.priority],
            "Group": self.named(found.group_id),
            "Assignee": self.named(found.responder_id),
            "Form": found.type,
            "Tags": found.tags,
        }

    def drop(self, name: str) -> None:
        self.state.fields[self.ids[name]].drops = True

    def employ(self, *, there: bool) -> None:
        next(each for each in self.state.users.values() if each.name == self.agents[0]).is_agent = there

    def lose_group(self) -> None:
        self.state.groups = {id_: each for id_, each in self.state.groups.items() if each.name != "Security"}


class Intercom(Account):
    forms = ("Support request", "Refund")
    agents = ("Ada Admin", "Ben Berger")
    priorities = False
    _kept = ("types", "ticket_fields", "conversation_fields", "teams")

    def __init__(self, emulator: Any) -> None:
        emulator.account.add_type("Refund")
        super().__init__(emulator)

    def _ids(self) -> dict[str, str]:
        return {each.name: each.name for each in self.state.all_fields()}

    def _labels(self) -> dict[str, str]:
        return {
            **{item: label for each in self.state.all_fields() for item, label in each.items.items()},
            **{str(id_): name for id_, name in self.state.teams.items()},
            **{str(each.id): each.name for each in self.state.admins.values()},
            **{str(each.id): each.name for each in self.state.types.values()},
        }

    def held(self, ticket: str) -> Held:
        found = self.state.work[int(ticket.rpartition("-")[2])]
        kept = {name: self.named(found.attributes.get(name)) for name in FIELDS}
        if isinstance(kept["Renewal date"], int):
            kept["Renewal date"] = datetime.fromtimestamp(kept["Renewal date"], UTC).date().isoformat()
        return {
            **kept,
            "Group": self.named(found.team_id) if found.team_id else None,
            "Assignee": self.named(found.admin_id) if found.admin_id else None,
            "Form": self.named(found.type_id),
            "Tags": list(found.tags.values()),
        }

    def drop(self, name: str) -> None:
        for each in self.state.all_fields():
            each.drops = each.drops or each.name == name

    def employ(self, *, there: bool) -> None:
        next(
            each for each in self.state.admins.values() if each.name == self.agents[0]
        ).has_inbox_seat = there

    def lose_group(self) -> None:
        self.state.teams = {id_: name for id_, name in self.state.teams.items() if name != "Security"}


class HubSpot(Account):
    forms = ("Support Pipeline", "Refunds")
    agents = ("Jonas Weber", "Priya Nair")
    _kept = ("definitions",)

    def __init__(self, emulator: Any) -> None:
        emulator.add_form("Refunds")
        super().__init__(emulator)

    def _ids(self) -> dict[str, str]:
        return {each["label"]: name for name, each in self.state.definitions[TICKETS].items()}

    def _labels(self) -> dict[str, str]:
        known = [self.state.definitions[TICKETS][self.ids[name]] for name in DROPDOWNS]
        return {
            **{option["value"]: option["label"] for each in known for option in each["options"]},
            **{id_: f"{each['firstName']} {each['lastName']}" for id_, each in self.state.owners.items()},
        }

    def held(self, ticket: str) -> Held:
        found = self.state.records[TICKETS, ticket].properties
        return {
            **{name: self.named(found.get(self.ids[name]) or None) for name in FIELDS},
            "Priority": _HUBSPOT_PRIORITIES.get(found.get("hs_ticket_priority")),
            "Group": found.get("support_group") or None,
            "Assignee": self.named(found.get("hubspot_owner_id") or None),
            "Form": self.state.ticket_pipelines[found["hs_pipeline"]][0],
            "Tags": (found.get("batonpass_tags") or "").split(";"),
        }

    def snapshot(self) -> Callable[[], None]:
        definitions, rules = super().snapshot(), self.state.rules
        required, drops = copy.deepcopy(rules.required), set(rules.drops)
        validation, longest = dict(rules.validation), dict(rules.longest)

        def put_back() -> None:
            definitions()
            rules.required, rules.drops = copy.deepcopy(required), set(drops)
            rules.validation, rules.longest = dict(validation), dict(longest)

        return put_back

    def drop(self, name: str) -> None:
        self.state.rules.drops.add((TICKETS, self.ids[name]))

    def tighten(self, name: str) -> None:
        """A rule of an admin that most values break: the whole ticket is refused for one of them."""
        self.state.rules.longest[TICKETS, self.ids[name]] = 8

    def employ(self, *, there: bool) -> None:
        next(each for each in self.state.owners.values() if each["lastName"] == "Weber")[
            "archived"
        ] = not there

    def lose_group(self) -> None:
        self.emulator.remove_option("support_group", "Security")


ACCOUNTS: Mapping[str, type[Account]] = {
    "zendesk": Zendesk,
    "freshdesk": Freshdesk,
    "intercom": Intercom,
    "hubspot-tickets": HubSpot,
}

Change = Callable[[Account, random.Random], None]


def rename(account: Account, chance: random.Random) -> None:
    field, label = account.option(chance)
    account.emulator.rename_option(field, label, f"{label}{RENAMED}")


def remove(account: Account, chance: random.Random) -> None:
    account.emulator.remove_option(*account.option(chance))


def switch_off(account: Account, chance: random.Random) -> None:
    account.emulator.deactivate_field(account.ids[chance.choice(FIELDS)])


def require(account: Account, chance: random.Random) -> None:
    account.emulator.require_field(account.ids[chance.choice(FIELDS)])


def drop(account: Account, chance: random.Random) -> None:
    account.drop(chance.choice(FIELDS))


def off_form(account: Account, chance: random.Random) -> None:
    wanted = chance.choice(account.forms)
    form = next((key for key, name in account.labels.items() if name == wanted), wanted)
    account.emulator.take_off_form(account.ids[chance.choice(FIELDS)], form)


def leave(account: Account, chance: random.Random) -> None:
    account.employ(there=False)


def lose_group(account: Account, chance: random.Random) -> None:
    account.lose_group()


def tighten(account: Account, chance: random.Random) -> None:
    if isinstance(account, HubSpot):
        account.tighten(chance.choice(("Plan", "Conversation ID")))


CHANGES: Sequence[Change] = (
    rename, rename, remove, remove, switch_off, require, drop, drop, off_form, leave, lose_group, tighten,
)  # fmt: skip
