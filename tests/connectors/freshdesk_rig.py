"""A Freshdesk connection to a served emulator, every call held to the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from batonpass.domain.clock import Clock
from batonpass.domain.ticket import FieldId, FieldValue, Note, Requester, TicketDraft
from batonpass.ports import Connecting
from batonpass.testing.serving import served
from batonpass.transport import Transport, open_sockets
from batonpass_freshdesk import FreshdeskSettings, connect
from batonpass_freshdesk.adapter import Freshdesk
from batonpass_freshdesk.emulated_account import EmulatedField
from batonpass_freshdesk.emulator import FreshdeskEmulator
from contract import ContractChecked
from shared import shared_file

SECRET = "s3cret-of-forty-characters-0123456789abcd"
UNCHECKED = ("/_emulator/", "/a/", "/api/v2/automations/1/rules/", "/api/v2/automations/4/rules/")
"""The last two: the contract does not have the change of a rule, which the vendor's reference has."""


@dataclass(frozen=True)
class Desk:
    emulator: FreshdeskEmulator
    freshdesk: Freshdesk
    url: str


@asynccontextmanager
async def desk(
    emulator: FreshdeskEmulator,
    *,
    clock: Clock | None = None,
    deadline: float = 5.0,
    faulty: bool = False,
    **settings: Any,
) -> AsyncIterator[Desk]:
    """`faulty`: the emulator will answer what the contract does not have, on purpose, so nobody checks it."""
    contract = shared_file("contracts", "freshdesk.openapi.yaml")
    checked = None if faulty else ContractChecked(emulator, contract, unchecked=UNCHECKED)
    async with served(checked or emulator) as url, open_sockets() as http:
        yield Desk(
            emulator=emulator,
            freshdesk=connection(emulator, url, http, clock=clock, deadline=deadline, **settings),
            url=url,
        )
    assert checked is None or checked.violations == []


def connection(
    emulator: FreshdeskEmulator,
    url: str,
    http: Any,
    *,
    clock: Clock | None = None,
    deadline: float = 5.0,
    **settings: Any,
) -> Freshdesk:
    """One process's connection; a second one remembers nothing of the first."""

    def open_transport(**told: Any) -> Transport:
        return Transport(
            connection="support", http=http, clock=clock or emulator.clock, deadline=deadline, **told
        )

    told = {"connector": "freshdesk", "base_url": url, **emulator.login(), **settings}
    made = connect(
        FreshdeskSettings.model_validate(told),
        Connecting(name="support", clock=clock or emulator.clock, open_transport=open_transport),
    )
    assert isinstance(made, Freshdesk)
    return made


class Door:
    """Takes deliveries and keeps them."""

    def __init__(self) -> None:
        self.taken: list[tuple[tuple[tuple[str, str], ...], bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = tuple((name.decode(), value.decode("latin-1")) for name, value in scope["headers"])
        self.taken.append((headers, await request.body()))
        await Response(status_code=204)(scope, receive, send)


def a_draft(**changes: Any) -> TicketDraft:
    plain: dict[str, Any] = {
        "subject": "Refund for order 7",
        "note": Note(html="<p>Wants a refund.</p>", text="Wants a refund."),
        "requester": Requester(name="Grace Example", email="grace@customer.example"),
    }
    return TicketDraft(**{**plain, **changes})


def a_value(field: EmulatedField | str, value: Any) -> FieldValue:
    name = field if isinstance(field, str) else field.name
    return FieldValue(id=FieldId(name), name="a field", value=value)
