"""V27: the account requires a field that no mapping fills; the ticket is made all the same, and says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from test_both_directions import body

from batonpass.testing.desk import Desk
from helpdesks import HELPDESKS

LABEL = "Sales region"
TICKETS = "tickets"


@dataclass(frozen=True, kw_only=True)
class Requires:
    """How a helpdesk's account comes to require a dropdown, and what a ticket holds in it."""

    make: Callable[[Any], str]
    """The emulator → the field's name there."""
    held: Callable[[Any, str, str], Any]
    """The emulator, the ticket, the field's name → its value."""


def _freshdesk(emulator: Any) -> str:
    name: str = emulator.add_field(LABEL, "custom_dropdown", choices=["EU", "Other"], required=True).name
    return name


def _hubspot(emulator: Any) -> str:
    options = {"EU": "EU", "Other": "Other"}
    made = emulator.account.define(
        TICKETS,
        "sales_region",
        "enumeration",
        field_type="select",
        options=options,
        label=LABEL,
        group="batonpass",
    )
    emulator.account.rules.required[TICKETS] = {made["name"]}
    name: str = made["name"]
    return name


def _hubspot_holds(emulator: Any, ticket: str, name: str) -> Any:
    (record,) = (each for each in emulator.account.of_kind(TICKETS) if each.id == ticket)
    return record.properties.get(name)


REQUIRING: Mapping[str, Requires] = {
    "freshdesk": Requires(
        make=_freshdesk,
        held=lambda emulator, ticket, name: emulator.tickets[int(ticket)].fields.get(name),
    ),
    "hubspot-tickets": Requires(make=_hubspot, held=_hubspot_holds),
}
"""Those whose emulators take no ticket without such a field. Zendesk wants it only when a ticket is solved; the one of
Intercom asks for none."""


@pytest.fixture(params=sorted(REQUIRING))
def requiring(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def _newly_required(played: Desk, name: str) -> tuple[str, str]:
    """A handoff once the field is required: its ticket and the field."""
    first = await played.hand_over(body())
    await played.ticket_of(first)  # the account's fields have been read by now
    field = REQUIRING[name].make(played.emulator)
    handoff_id = await played.hand_over(body())
    ticket = await played.ticket_of(handoff_id)
    await played.settled()
    return ticket, field


async def test_v27_a_field_that_became_required_is_filled_and_the_note_says_so(
    requiring: str, tmp_path: Path
) -> None:
    known = next(each for each in HELPDESKS if each.name == requiring)

    async with known.plays(tmp_path) as played:
        ticket, field = await _newly_required(played, requiring)

        notes = [note for note in played.emulator.internal_notes(ticket) if "Conversation History" in note]
        assert REQUIRING[requiring].held(played.emulator, ticket, field) == "Other"
        assert len(notes) == 1
        assert LABEL in notes[0]
        assert "the helpdesk requires it" in notes[0]
        assert len(played.emulator.effects("ticket.opened")) == 2
