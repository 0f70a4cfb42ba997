"""A store that knows a person in every place where it can, and others who must not suffer when she is forgotten."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.event import Event, EventKind
from batonpass.domain.handoff import AttemptRecord, HandoffState, NewStep, Plan, Reaction, StepKind
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.domain.ticket import Agent, TicketRef
from batonpass.engine import decide
from batonpass.store import Database, Installation, Journal, NewDelivery, NewHandoff, Started
from batonpass.store.people import person

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ANNA = "Anna.Lang+vip@Example.com"
HERS = (
    "Zyxanna",
    "zebraphone",
    "zebraword",
    "zebrafact",
    "zebrafield",
    "zebracomment",
    "zebradelivery",
    "zebradetail",
)
"""Words that stand nowhere but in what is hers."""
BOB = ("bobsword", "bobsfact", "bobsnote")
"""Words of somebody who has mentioned her: they stay."""
NEAR = "joanna.lang+vip@example.com", "anna.lang+vip@example.com.au"
"""Others' addresses, which hers is a part of."""
ALL = tuple(StepKind)
STARTED = Started(new_id=new_handoff_id, ai_agent="helpdesk:zendesk", plan=decide.on_asked_by_ticket())


def request(
    email: str | None, *said: str, name: str | None = None, phone: str | None = None
) -> dict[str, Any]:
    customer = {"name": name, "email": email, "phone": phone}
    return {
        "conversation": {
            "id": "c1",
            "language": "de",
            "turns": [{"role": "customer", "text": text} for text in said],
        },
        "customer": {key: kept for key, kept in customer.items() if kept is not None},
        "reason": {"code": "billing_dispute"},
    }


async def accepted(
    journal: Journal, asked: Mapping[str, Any], *, pepper: bytes | None = None, at: datetime = NOW
) -> HandoffId:
    body = json.dumps(asked).encode()
    handoff_id = new_handoff_id()
    email = asked["customer"].get("email")
    await journal.accept(
        NewHandoff(
            id=handoff_id, ai_agent="bot", conversation_id=f"c-{handoff_id}", body=body, request=body, mended=False,
            idempotency_key=None, body_sha256=b"", received_at=at, helpdesk="zendesk",
            person=None if pepper is None or email is None else person(pepper, email),
        ),
        decide.on_request(),
    )  # fmt: skip
    return handoff_id


def facts(value: str) -> dict[str, Any]:
    fact = {"name": "plan", "source": "hubspot", "as_of": NOW.isoformat(), "kind": "plain", "value": value}
    report = {"source": "hubspot", "standing": "found", "seconds": 0.1, "detail": value, "facts": [fact]}
    return {"reports": [report]}


def opened(ticket: str, value: str) -> dict[str, Any]:
    return {
        "ticket": {"id": ticket, "url": f"https://desk.example/{ticket}", "number": None},
        "adopted": False, "mapping": "m1", "priority": "high", "group": None, "tags": [value],
        "fields": [{"id": "7", "name": "Company", "kind": "plain", "value": value}],
        "not_landed": [{"field": "Plan", "value": value, "why": "no such field", "where": "note"}],
    }  # fmt: skip


async def lived(
    journal: Journal,
    handoff_id: HandoffId,
    *,
    ticket: str,
    value: str,
    said: str = "",
    state: HandoffState = HandoffState.RESOLVED,
    at: datetime = NOW,
) -> None:
    """Its facts are gathered, its ticket is opened and rated, and it comes into this state."""
    (step,) = [each for each in await journal.claim(ALL, now=at, most=99) if each.handoff_id == handoff_id]
    rated = LifeEvent(kind=LifeKind.RATED, at=at, score=0.2, detail=said, person=Agent(id="9", name="Max"))
    plan = Plan(steps=(NewStep(kind=StepKind.OPEN_TICKET),))
    (opening,) = await journal.finish(
        step, result=facts(value), plan=plan, attempt=attempt(step.name, said, at), now=at
    )
    await journal.finish(
        opening,
        result=opened(ticket, value),
        plan=Plan(
            state=state, life=(rated,), steps=(NewStep(kind=StepKind.LATE_FACTS, about="hubspot", delay=60),)
        ),
        attempt=attempt(opening.name, said, at),
        now=at,
        ticket=TicketRef(id=ticket, url=f"https://desk.example/{ticket}"),
    )


def attempt(step: str, detail: str, at: datetime = NOW) -> AttemptRecord:
    return AttemptRecord(step=step, number=1, started_at=at, seconds=0.1, outcome="done", detail=detail)


async def delivered(
    journal: Journal, body: bytes, *, ticket: str | None, event_id: str, at: datetime = NOW
) -> None:
    event = Event(
        kind=EventKind.TICKET_ASSIGNED, id=event_id, subject_id=ticket, at=at, vendor_kind="v", actor_id="7"
    )
    new = NewDelivery(connection="zendesk", body=body, received_at=at, events=(event,))
    await journal.receive(new, reacts=lambda event, known: Reaction.FOLLOW, started=STARTED)


async def peopled(
    journal: Journal, *, state: HandoffState = HandoffState.RESOLVED
) -> tuple[HandoffId, HandoffId, HandoffId]:
    """Anna's handoff; one of hers whose person nobody has noted; Bob's, who mentions her."""
    installation = Installation(journal.database, node="me", name="me")
    pepper = await installation.pepper(NOW)
    noted = await accepted(
        journal,
        request(ANNA, f"zebraword, write to {ANNA}", name="Zyxanna Lang", phone="zebraphone"),
        pepper=pepper,
    )
    await lived(
        journal, noted, ticket="5", value="zebrafact zebrafield", said="zebracomment zebradetail", state=state
    )
    unnoted = await accepted(journal, request(f" {ANNA.upper()}", "zebraword"))
    await lived(journal, unnoted, ticket="6", value="zebrafact")
    bobs = await accepted(
        journal,
        request("bob@example.com", f"bobsword: ask anna.lang%2Bvip%40example.com, or <{ANNA}>", *NEAR),
    )
    await lived(journal, bobs, ticket="7", value=f"bobsfact {ANNA.lower()}", said=f"bobsnote {ANNA}")
    await delivered(journal, b'{"about": "zebradelivery"}', ticket="5", event_id="hers")
    await delivered(
        journal,
        b'{"from": "anna.lang\\u002bvip\\u0040example.com zebradelivery"}',
        ticket="8",
        event_id="json",
    )
    await delivered(
        journal, b"<p>anna&#46;lang&#x2b;vip&#64;example&#46;com zebradelivery", ticket="8", event_id="html"
    )
    await delivered(
        journal, b'{"text": "hello\\n%s zebradelivery"}' % ANNA.encode(), ticket="8", event_id="plain"
    )
    await delivered(journal, b'{"from": "%s", "bobsword": 1}' % NEAR[0].encode(), ticket="8", event_id="near")
    await delivered(journal, b"{}", ticket="8", event_id=f"of {ANNA}")
    alert = NewAlert(kind=AlertKind.HANDOFF_PARKED, about="x", detail=f"no such user: {ANNA}")
    await installation.alert(alert, NOW)
    await installation.set_checkpoint("reading", json.dumps({"after": ANNA}), NOW)
    return noted, unnoted, bobs


class KilledError(Exception):
    """Where a test ends the process."""


class Killed:
    """A database whose process dies after so many transactions."""

    is_shared = False

    def __init__(self, database: Database, after: int) -> None:
        self._database, self._left = database, after

    async def run(self, work: Any) -> Any:
        if self._left == 0:
            raise KilledError
        self._left -= 1
        return await self._database.run(work)


async def tables(journal: Journal, query: Any) -> list[str]:
    found = (
        await query("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        if journal.database.is_shared
        else await query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    )
    return [name for (name,) in found]


async def everything(journal: Journal, query: Any) -> str:
    """All columns of all tables, as one text."""
    rows = [row for table in await tables(journal, query) for row in await query(f"SELECT * FROM {table}")]
    return "\n".join(
        cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
        for row in rows
        for cell in row
    )


def days(n: float) -> timedelta:
    return timedelta(days=n)
