"""A Zendesk connection to a served emulator, every call held to Zendesk's contract."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from batonpass.domain.clock import Clock
from batonpass.domain.ticket import Note, Requester, TicketDraft
from batonpass.ports import Connecting
from batonpass.testing.serving import served
from batonpass.transport import Transport, open_sockets
from batonpass_zendesk import ZendeskSettings, connect
from batonpass_zendesk.adapter import Zendesk
from batonpass_zendesk.emulator import ZendeskEmulator
from contract import UNCHECKED, ContractChecked
from shared import shared_file


class HandClock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed


@dataclass(frozen=True)
class Desk:
    emulator: ZendeskEmulator
    zendesk: Zendesk
    url: str
    http: httpx.AsyncClient


@asynccontextmanager
async def desk(
    emulator: ZendeskEmulator,
    *,
    clock: Clock | None = None,
    api_token: bool = False,
    deadline: float = 5.0,
    faulty: bool = False,
    unchecked: tuple[str, ...] = (),
    **settings: Any,
) -> AsyncIterator[Desk]:
    """`faulty`: the emulator will break the contract on purpose, so nobody checks it. `unchecked`: beginnings of paths
    that the contract does not know."""
    checked = [] if faulty else [_support(emulator, unchecked)]
    if "messaging_app_id" in settings and checked:
        checked.append(ContractChecked(checked[0], _messaging_contract(), unchecked=_NOT_MESSAGING))
    async with served(checked[-1] if checked else emulator) as url, open_sockets() as http:

        def open_transport(**told: Any) -> Transport:
            return Transport(
                connection="support", http=http, clock=clock or emulator.clock, deadline=deadline, **told
            )

        login = (
            {"email": emulator.email, "api_token": emulator.api_token}
            if api_token
            else {"client_id": emulator.client_id, "client_secret": emulator.client_secret}
        )
        made = ZendeskSettings.model_validate({"connector": "zendesk", "base_url": url, **login, **settings})
        connecting = Connecting(name="support", clock=clock or emulator.clock, open_transport=open_transport)
        zendesk = connect(made, connecting)
        assert isinstance(zendesk, Zendesk)
        yield Desk(emulator=emulator, zendesk=zendesk, url=url, http=http)
    assert [violation for each in checked for violation in each.violations] == []


_NOT_MESSAGING = ("/api/", *UNCHECKED)


def _support(emulator: ZendeskEmulator, unchecked: tuple[str, ...]) -> ContractChecked:
    """The contract has neither surveys nor messaging."""
    beside = (*UNCHECKED, "/sc/", "/api/v2/guide/", *unchecked)
    return ContractChecked(emulator, shared_file("contracts", "zendesk.openapi.yaml"), unchecked=beside)


@functools.cache
def _messaging_contract() -> Path:
    """The messaging contract with a server that has no variable in its address: it gives none a value."""
    text = shared_file("contracts", "zendesk-messaging.openapi.yaml").read_text(encoding="utf-8")
    patched = Path(tempfile.mkdtemp()) / "messaging.openapi.yaml"
    patched.write_text(text.replace("https://{subdomain}.", "https://acme."), encoding="utf-8")
    return patched


def a_draft(**changes: Any) -> TicketDraft:
    plain: dict[str, Any] = {
        "subject": "Refund for order 7",
        "note": Note(html="<p>Wants a refund.</p>", text="Wants a refund."),
        "requester": Requester(name="Grace Example", email="grace@customer.example"),
    }
    return TicketDraft(**{**plain, **changes})
