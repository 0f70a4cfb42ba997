"""What happens in one run of the crash test: everything that is left to chance follows from its seed."""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batonpass.domain.handoff import StepKind
from batonpass.testing.crash_node import CALL_DEADLINE
from batonpass.testing.crash_points import kind_of
from batonpass.testing.faults import Fault

STORES = ("sqlite", "postgres")
_LATE = CALL_DEADLINE + 0.2
_FAULTS: tuple[tuple[Fault, dict[str, Any]], ...] = (
    (Fault.ANSWER_LOST, {}),
    (Fault.ERROR_AFTER_COMMIT, {}),
    (Fault.ANSWERED_LATE, {"seconds": _LATE}),
    (Fault.ANSWER_TRUNCATED, {}),
    (Fault.RESET, {}),
    (Fault.RATE_LIMITED, {"retry_after": 1.0}),
)
_MOST_VISITS = {
    "store.begun": 40,
    "store.committing": 25,
    "store.committed": 25,
    "alive.beaten": 3,
    "failure.met": 1,
    "failure.kept": 1,
}
"""Points that are visited often in a run: the visit that counts is one of so many."""
_RARE = frozenset({"recovery.taken", "overdue.judged"})
_NEEDS_FAULTS = frozenset({"failure.met", "failure.kept", "transport.sent"})
_SHORT = {"ticket_within": 0.9, "announce_within": 5.0, "accept_within": 6.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run, by name: with the same five values it goes the same way as far as a machine allows."""

    point: str
    action: str
    helpdesk: str
    store: str
    seed: int

    @property
    def of_second(self) -> bool:
        """Whether the failpoint is one of the process that comes after one that has died."""
        return self.point == "recovery.taken"

    @property
    def name(self) -> str:
        return f"{self.point} {self.action} {self.helpdesk} {self.store} {self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One handoff that the AI agent asks for."""

    key: str
    conversation: str
    canary: str
    after: float
    """Seconds from the beginning of the run."""
    again: bool
    """Whether it is sent once more with its key after it was acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    fault: Fault
    on_write: bool
    """Whether it meets a call that changes something; else the next one, whichever it is."""
    told: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashPlan:
    failpoints: tuple[str, ...]
    """Of a node's first process, of its second, …; those after them have none. One that has fired on a node fires on no
    other."""
    seed: int
    askings: tuple[Asking, ...]
    tickets: int
    """How many tickets ask for a person."""
    faults: tuple[PlannedFault, ...]
    latency: float
    twice: bool
    """Whether the vendor sends every webhook two times at once."""
    shuffled: bool
    """Whether the webhooks of the first moments arrive in another order."""
    callback_fails: int
    """How often the AI agent's callback answers 503 at first."""
    late_facts: bool
    drops: bool
    """Whether the helpdesk keeps nothing of one field, without a word."""
    passes: bool
    """Whether one handoff is of a conversation that the AI agent holds in the helpdesk's own messenger."""
    silent: int
    """How many creates the helpdesk leaves unanswered at first, so that tickets come late."""
    deadlines: Mapping[str, float] | None
    """In seconds; None: as everybody has them."""
    restarted_after: float
    """Seconds until the supervisor starts a process again that has ended."""
    left_dead: bool
    """Where several nodes share the store: whether a dead one stays away until the others have done its work."""


def planned(case: Case) -> CrashPlan:
    chance = random.Random(zlib.crc32(case.name.encode()))  # noqa: S311 - no secret; the same on every machine
    kind = kind_of(case.point)
    by_ticket = kind in {StepKind.READ_CONVERSATION, StepKind.TELL_CUSTOMER} or case.point.startswith(
        "webhook."
    )
    late = kind in {StepKind.LATE_FACTS, StepKind.NOTE_LATE_FACTS} or chance.random() < 0.1
    overdue = kind is StepKind.TELL_DELAY or case.point == "overdue.judged"
    faults = 1 + chance.randrange(2) if case.point in _NEEDS_FAULTS else chance.choice((0, 1, 1, 2, 3))
    tickets = 2 if by_ticket else chance.choice((1, 1, 2))
    visit = 1 + chance.randrange(_MOST_VISITS.get(case.point, 2 if chance.random() < 0.7 else 1))
    return CrashPlan(
        failpoints=_failpoints(case, visit, chance),
        seed=chance.randrange(1 << 31),
        askings=_askings(case, chance),
        tickets=tickets,
        faults=tuple(_fault(chance) for _ in range(faults)),
        latency=chance.choice((0.001, 0.003, 0.01)),
        twice=chance.random() < 0.5,
        shuffled=chance.random() < 0.4,
        callback_fails=chance.choice((0, 0, 0, 1, 2)),
        late_facts=late,
        drops=kind is StepKind.NOTE_NOT_LANDED or chance.random() < 0.1,
        passes=kind is StepKind.PASS_CONVERSATION or chance.random() < 0.1,
        silent=3 if overdue else 0,
        deadlines=_SHORT if overdue else None,
        restarted_after=chance.choice((0.0, 0.05, 0.3)),
        left_dead=case.store == "postgres" and chance.random() < 0.6,
    )


def _failpoints(case: Case, visit: int, chance: random.Random) -> tuple[str, ...]:
    wanted = f"{case.point}:{case.action}:{visit if case.point not in _RARE else 1}"
    if case.of_second:
        return f"step.{StepKind.GATHER_FACTS}.called:kill:1", wanted
    again = chance.random() < 0.15
    return (wanted, f"store.committed:kill:{1 + chance.randrange(30)}") if again else (wanted,)


def _askings(case: Case, chance: random.Random) -> tuple[Asking, ...]:
    number = chance.choice((2, 2, 3))
    one_conversation = chance.random() < 0.4
    return tuple(
        Asking(
            key=f"key-{n}",
            conversation="c-0" if one_conversation and n < 2 else f"c-{n}",
            canary=f"canary{case.seed}x{0 if one_conversation and n < 2 else n}",
            after=chance.random() * 0.15,
            again=chance.random() < 0.5,
        )
        for n in range(number)
    )


def _fault(chance: random.Random) -> PlannedFault:
    fault, told = chance.choice(_FAULTS)
    return PlannedFault(fault=fault, on_write=chance.random() < 0.7, told=told)
