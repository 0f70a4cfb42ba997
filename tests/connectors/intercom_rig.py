"""An Intercom connection to a served emulator, every call held to Intercom's contract; and signed notifications."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from batonpass.domain.clock import Clock
from batonpass.domain.delivery import Delivery
from batonpass.domain.event import Event, EventKind
from batonpass.domain.ticket import FieldId, FieldValue, Note, Requester, TicketDraft, TicketKey, TicketRef
from batonpass.ports import Connecting
from batonpass.testing.serving import served
from batonpass.transport import Transport, open_sockets
from batonpass_intercom import IntercomSettings, connect
from batonpass_intercom.adapter import Intercom
from batonpass_intercom.emulator import IntercomEmulator
from batonpass_intercom.webhooks import receive
from contract import ContractChecked
from fakes import NOON, FakeClock
from shared import shared_file

UNCHECKED = ("/_emulator/", "/a/apps/")
_SCALARS = [{"type": "boolean"}, {"type": "number"}]


@functools.cache
def contract() -> Path:
    """The contract with one defect mended: it allows a conversation's attributes text and whole numbers only, while
    its own example of them has `true` and `155.5`."""
    document = yaml.load(
        shared_file("contracts", "intercom.openapi.yaml").read_bytes(), Loader=yaml.CSafeLoader
    )
    attributes = document["components"]["schemas"]["custom_attributes"]["additionalProperties"]["anyOf"]
    attributes += _SCALARS
    mended = Path(tempfile.mkdtemp()) / "intercom.openapi.yaml"
    mended.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper))
    return mended


def broken(door: ContractChecked) -> list[str]:
    """What breaks the contract. Of many operations it leaves out refusals that Intercom's reference describes for all
    of them: their status is let pass."""
    left_out = tuple(f"Unknown response http status: {status}" for status in (400, 401, 404, 409))
    return [each for each in door.violations if not each.endswith(left_out)]


def checked(emulator: IntercomEmulator) -> ContractChecked:
    return ContractChecked(emulator, contract(), unchecked=UNCHECKED)


@dataclass(frozen=True)
class Desk:
    emulator: IntercomEmulator
    intercom: Intercom
    url: str
    clock: FakeClock


@asynccontextmanager
async def desk(
    emulator: IntercomEmulator | None = None,
    *,
    clock: FakeClock | None = None,
    faulty: bool = False,
    **settings: Any,
) -> AsyncIterator[Desk]:
    """`faulty`: the emulator will break the contract on purpose, so nobody checks it."""
    time = clock or (emulator.clock if emulator else FakeClock())
    assert isinstance(time, FakeClock)
    made = emulator or IntercomEmulator.with_sample_account(clock=time)
    door = None if faulty else checked(made)
    async with served(door or made) as url, open_sockets() as http:
        yield Desk(emulator=made, intercom=connected(made, url, http, time, **settings), url=url, clock=time)
    if door is not None:
        violations = broken(door)
        assert not violations, "\n".join(violations)


def connected(emulator: IntercomEmulator, url: str, http: Any, clock: Clock, **settings: Any) -> Intercom:
    def open_transport(**told: Any) -> Transport:
        return Transport(connection="support", http=http, clock=clock, deadline=5.0, **told)

    told = {"connector": "intercom", "base_url": url, **emulator.login(), **settings}
    connecting = Connecting(name="support", clock=clock, open_transport=open_transport)
    intercom = connect(IntercomSettings.model_validate(told), connecting)
    assert isinstance(intercom, Intercom)
    return intercom


def a_draft(**changes: Any) -> TicketDraft:
    plain: dict[str, Any] = {
        "subject": "Refund for order 7",
        "note": Note(html="<p>Wants a refund.</p>", text="Wants a refund."),
        "requester": Requester(name="Grace Example", email="grace@customer.example"),
    }
    return TicketDraft(**{**plain, **changes})


def a_value(name: str, value: Any) -> FieldValue:
    return FieldValue(id=FieldId(name), name=name, value=value)


async def a_place(made: Desk, kind: str) -> TicketRef:
    if kind == "ticket":
        return await made.intercom.open_ticket(a_draft(), key=TicketKey("ho_1-open"))
    work = made.emulator.add_conversation("Where is my refund?", title="Refund")
    return made.intercom.ticket_ref(f"conversation-{work.id}")


# Notifications -------------------------------------------------------------------------------------------------

SECRET = "client-secret-of-the-app"
OTHER = "client-secret-of-another-app"


def settings(**start: str) -> IntercomSettings:
    told: dict[str, Any] = {"access_token": "dG9rOmVtdWxhdGVkX3Rva2Vu", "start": start or None}
    return IntercomSettings.model_validate(told)


def told(topic: str, item: Any = None, **changes: Any) -> dict[str, Any]:
    plain = {
        "type": "notification_event",
        "app_id": "abc",
        "topic": topic,
        "id": "notif_1",
        "delivery_attempts": 1,
        "created_at": 1732147200,
        "data": {"type": "notification_event_data", "item": item or {"type": "conversation", "id": "1895"}},
    }
    return {**plain, **changes}


def sha1(body: bytes, secret: str = SECRET) -> str:
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def sha256(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def received(
    body: bytes,
    headers: Sequence[tuple[str, str]] | None = None,
    *,
    secrets: Sequence[str] = (SECRET,),
    made: IntercomSettings | None = None,
) -> tuple[Event, ...]:
    sent = [("x-hub-signature", sha1(body))] if headers is None else headers
    delivery = Delivery(method="POST", url="https://bp.example/webhooks/support", headers=sent, body=body)
    keys = [SecretStr(secret) for secret in secrets]
    return receive(delivery, secrets=keys, settings=made or settings(), now=NOON)


def events(topic: str, item: Any = None, **start: str) -> list[tuple[EventKind, str | None]]:
    got = received(json.dumps(told(topic, item)).encode(), made=settings(**start))
    assert len({event.id for event in got}) == len(got)
    return [(event.kind, event.subject_id) for event in got]
