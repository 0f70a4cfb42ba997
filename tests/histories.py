"""Histories of runs that went well, to be spoilt by tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from batonpass.domain.handoff import HandoffRecord, HandoffState, StepKind, StepRecord, StepStatus
from batonpass.domain.ids import HandoffId
from batonpass.testing.emulator import Effect
from batonpass.testing.history import Acknowledged, Bound, History, Reply, StateSeen, TicketSeen, Told
from fakes import NOON


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def step(name: str, result: Mapping[str, Any] | None) -> StepRecord:
    return StepRecord(
        name=name,
        kind=StepKind(name.partition(":")[0]),
        status=StepStatus.READY if result is None else StepStatus.DONE,
        attempts=1,
        due_at=NOON,
        created_at=NOON,
        done_at=None if result is None else after(2),
        result=result,
    )


def opened(ticket: str, *, mapping: str = "v1", tier: str = "gold") -> dict[str, Any]:
    fields = [{"id": "f1", "name": "Tier", "kind": "plain", "value": tier}]
    return {
        "ticket": {"id": ticket, "url": "", "number": None},
        "adopted": False,
        "mapping": mapping,
        "priority": "high",
        "group": None,
        "tags": [],
        "fields": fields,
        "not_landed": [],
    }


def record(number: int, **changes: Any) -> HandoffRecord:
    """A handoff whose ticket, context and announcement are done."""
    handoff, ticket = f"ho_{number}", str(100 + number)
    made = HandoffRecord(
        id=HandoffId(handoff),
        state=HandoffState.ANNOUNCED,
        ai_agent="shop-bot",
        conversation_id=f"c-{number}",
        created_at=NOON,
        updated_at=after(3),
        mended=False,
        parked_because=None,
        ticket_id=ticket,
        ticket_url=f"https://desk.example/{ticket}",
        steps=(
            step("gather_facts", {"reports": []}),
            step("open_ticket", opened(ticket)),
            step("note_context", {"note": f"{handoff}-note_context"}),
            step("announce", {"told": True}),
        ),
    )
    return replace(made, **changes)


def unfinished(number: int, state: HandoffState = HandoffState.ENRICHED, **changes: Any) -> HandoffRecord:
    return record(number, state=state, ticket_id=None, ticket_url=None, steps=(), **changes)


def note(number: int) -> str:
    return f"<p>Word of the day: canary{number}x.</p><p>ref: batonpass-note-ho_{number}-note_context</p>"


def ticket(number: int, **changes: Any) -> TicketSeen:
    made = TicketSeen(
        id=str(100 + number),
        key=f"ho_{number}",
        opened_at=after(1),
        internal_notes=("<p>batonpass</p>", note(number)),
        public_replies=(Reply(text="A person has it.", at=after(2)),),
        other_texts=("Where is my parcel?",),
    )
    return replace(made, **changes)


def effects(number: int) -> tuple[Effect, ...]:
    handoff = f"ho_{number}"
    return (
        Effect(kind="ticket.opened", id=str(100 + number), key=handoff, at=after(1)),
        Effect(
            kind="note.appended", id=f"n{number}", key=f"batonpass-note-{handoff}-note_context", at=after(1.5)
        ),
        Effect(kind="reply.appended", id=f"r{number}", key=f"{handoff}-tell_customer", at=after(2)),
        Effect(kind="ticket.changed", id=str(100 + number), key=None, at=after(2)),
        Effect(kind="ticket.changed", id=str(100 + number), key=None, at=after(3)),
    )


def acknowledged(number: int, **changes: Any) -> Acknowledged:
    made = Acknowledged(
        key=f"k{number}",
        handoff_id=f"ho_{number}",
        conversation_id=f"c-{number}",
        sent_at=after(-1),
        at=NOON,
        canary=f"canary{number}x",
        ai_agent="shop-bot",
        request_hash="of the parcel",
    )
    return replace(made, **changes)


def told(number: int, kind: str = "ticketed", *, at: float = 2.5, **changes: Any) -> Told:
    made = Told(
        event_id=f"evt_ho_{number}_{kind}",
        kind=kind,
        handoff_id=f"ho_{number}",
        ticket_id=None if "delayed" in kind else str(100 + number),
        at=after(at),
        say="A person has it.",
    )
    return replace(made, **changes)


def good(handoffs: int = 3) -> History:
    """Every request was sent two times with its key, every event was heard two times."""
    numbers = range(1, handoffs + 1)
    return History(
        acknowledged=tuple(each for n in numbers for each in (acknowledged(n), acknowledged(n, at=after(1)))),
        told=tuple(each for n in numbers for each in (told(n), told(n, at=4))),
        tickets=tuple(ticket(n) for n in numbers),
        ledger=tuple(effect for n in numbers for effect in effects(n)),
        kept={f"ho_{n}": record(n) for n in numbers},
        kept_before={f"ho_{n}": unfinished(n) for n in numbers},
        states_seen=tuple(
            StateSeen(handoff_id=f"ho_{n}", state=state, at=after(at))
            for n in numbers
            for at, state in enumerate(
                (HandoffState.REQUESTED, HandoffState.TICKETED, HandoffState.ANNOUNCED)
            )
        ),
        bounds=(Bound(name="body bytes", most=1_000_000, seen=1_000_000),),
        failed_by_reload={"mappings/zendesk.toml": 0},
        config_versions=("v1",),
        outputs={"log": "handoff=ho_1 url=postgresql://batonpass@db.example.com/x event=step_done\n"},
        secrets=("s3cr3t/of the+desk",),
        ended_at=after(600),
    )
