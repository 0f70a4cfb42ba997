"""What the crash test calls wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from batonpass.domain.handoff import HandoffState
from batonpass.testing.crash_scene import AiAgent
from batonpass.testing.crash_verdict import Verdict, judged
from batonpass.testing.emulator import Effect
from histories import acknowledged, after, effects, note, record, told

ASKING = {"201": after(0)}


@dataclass
class Vendor:
    """As much of an emulator as the verdict looks at."""

    ledger: list[Effect]
    notes: dict[str, list[str]] = field(default_factory=dict)

    def effects(self, kind: str) -> list[Effect]:
        return [effect for effect in self.ledger if effect.kind == kind]

    def internal_notes(self, ticket: str) -> list[str]:
        return self.notes.get(ticket, [])


def verdict(**changes: Any) -> Verdict:
    """Of a run in which one handoff was asked for by an AI agent and one by ticket 201."""
    by_ticket = record(2, ticket_id="201", state=HandoffState.RESOLVED, started_by="toy", steps=())
    records = {"ho_1": record(1, state=HandoffState.RESOLVED), "ho_2": by_ticket}
    vendor = Vendor([effect for effect in effects(1) if effect.kind != "reply.appended"])
    vendor.notes = {"101": [note(1)], "201": ["<p>Conversation History</p>"]}
    agent = AiAgent(url="", fails=0, acknowledged=[acknowledged(1)], told=[told(1)])
    given = {"emulator": vendor, "agent": agent, "records": records, "log": "", **changes}
    return judged(asking=ASKING, replies=False, secrets=["sesame-4711"], ticket_within=120.0, **given)


def test_a_run_that_went_well_has_nothing_wrong() -> None:
    found = verdict()

    assert found.wrong == ()
    assert (found.acknowledged, found.tickets) == (2, 2)


def test_a_second_ticket_of_one_handoff_is_doubled() -> None:
    twice = [each for each in effects(1) if each.kind == "ticket.opened"] * 2
    twice[1] = replace(twice[1], id="999")

    found = verdict(emulator=Vendor(twice, {"201": ["Conversation History"]}))

    assert found.doubled > 0


def test_a_handoff_that_the_store_has_not_is_lost() -> None:
    found = verdict(records={"ho_2": record(2, ticket_id="201", started_by="toy", steps=())})

    assert found.lost > 0


def test_a_ticket_that_nobody_opened_is_a_false_promise() -> None:
    agent = AiAgent(url="", fails=0, acknowledged=[acknowledged(1)], told=[told(1, ticket_id="404")])

    assert verdict(agent=agent).untrue > 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"log": "key=sesame-4711"}, "I4 the log: a secret in line 1"),
        ({"emulator": Vendor(list(effects(1)))}, "has the context 0 times"),
        ({"records": {"ho_1": record(1)}}, "its ticket is solved, but it is announced"),
    ],
    ids=["a secret in the log", "no context", "not resolved"],
)
def test_what_else_is_wrong_is_said(changes: dict[str, Any], said: str) -> None:
    assert any(said in each for each in verdict(**changes).wrong)
