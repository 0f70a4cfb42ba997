"""What happens in one run of the crash test: everything that is left to chance follows from its seed."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batonpass.domain.handoff import StepKind
from batonpass.testing.crash_node import CALL_DEADLINE
from batonpass.testing.crash_points import kind_of
from batonpass.testing.failpoints import ACTIONS
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
    "store.begun": 30,
    "store.committing": 20,
    "store.committed": 20,
    "alive.beaten": 3,
    "failure.met": 1,
    "failure.kept": 1,
    "recovery.taken": 1,
    "overdue.judged": 1,
}
"""Points that are visited often in a run: the visit that counts is one of so many."""
_BY_TICKET = frozenset(
    {StepKind.READ_CONVERSATION, StepKind.ENRICH_TICKET, StepKind.NOTE_CONTEXT, StepKind.TELL_CUSTOMER}
)
_LATE_FACTS = frozenset({StepKind.LATE_FACTS, StepKind.NOTE_LATE_FACTS})
_NEEDS_FAULTS = frozenset({"failure.met", "failure.kept", "transport.sent"})
_SHORT = {"ticket_within": 0.9, "announce_within": 5.0, "accept_within": 6.0}


@dataclass(frozen=True, slots=True, order=True)
class Shot:
    """What is to happen where."""

    point: str
    action: str

    def __str__(self) -> str:
        return f"{self.point}:{self.action}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run, by name: with the same values it goes the same way as far as a machine allows."""

    shots: tuple[Shot, ...]
    """Each fires once, in whichever process comes to its point first."""
    helpdesk: str
    store: str
    seed: int

    @property
    def name(self) -> str:
        return f"{','.join(map(str, self.shots))} {self.helpdesk} {self.store} {self.seed}"

    @classmethod
    def named(cls, name: str) -> Case:
        """The case of this name. Raises ValueError for what is no name."""
        shots, helpdesk, store, seed = name.split()
        each = (shot.partition(":") for shot in shots.split(","))
        return cls(
            shots=tuple(Shot(point, action) for point, _, action in each),
            helpdesk=helpdesk,
            store=store,
            seed=int(seed),
        )


def together(points: Sequence[str], *, helpdesk: str, store: str, seed: int) -> Iterator[Case]:
    """As many runs as points: in each, one process after the other is killed, raises, hangs and finds the disk full,
    at four points; over all runs every action is met at every point once. There must be four points or more."""
    shuffled = list(points)
    random.Random(zlib.crc32(f"{helpdesk} {store} {seed}".encode())).shuffle(shuffled)  # noqa: S311 - as below
    for first in range(len(shuffled)):
        steps = (first + len(shuffled) * n // len(ACTIONS) for n in range(len(ACTIONS)))
        at = (shuffled[step % len(shuffled)] for step in steps)
        yield Case(shots=tuple(map(Shot, at, ACTIONS)), helpdesk=helpdesk, store=store, seed=seed)


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
    """Of every process. One that has fired fires in no other."""
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
    points = {shot.point for shot in case.shots}
    kinds = {kind_of(point) for point in points}
    by_ticket = kinds & _BY_TICKET or any(point.startswith("webhook.") for point in points)
    late = bool(kinds & _LATE_FACTS) or chance.random() < 0.1
    overdue = StepKind.TELL_DELAY in kinds or "overdue.judged" in points
    faults = 2 + chance.randrange(2) if points & _NEEDS_FAULTS else chance.choice((0, 1, 1, 2, 3))
    tickets = 2 if by_ticket else chance.choice((1, 1, 2))
    return CrashPlan(
        failpoints=tuple(_failpoints(case, chance)),
        seed=chance.randrange(1 << 31),
        askings=_askings(case, chance),
        tickets=tickets,
        faults=tuple(_fault(chance) for _ in range(faults)),
        latency=chance.choice((0.001, 0.003, 0.01)),
        twice=chance.random() < 0.5,
        shuffled=chance.random() < 0.4,
        callback_fails=chance.choice((0, 0, 0, 1, 2)),
        late_facts=late,
        drops=StepKind.NOTE_NOT_LANDED in kinds or chance.random() < 0.1,
        passes=StepKind.PASS_CONVERSATION in kinds or chance.random() < 0.1,
        silent=3 if overdue else 0,
        deadlines=_SHORT if overdue else None,
        restarted_after=chance.choice((0.0, 0.05, 0.3)),
        left_dead=case.store == "postgres" and chance.random() < 0.6,
    )


def _failpoints(case: Case, chance: random.Random) -> Iterator[str]:
    """The case's own first."""
    second = 0.7 if len(case.shots) == 1 else 0.2  # in one of several, little is left when its turn comes
    for shot in case.shots:
        most = _MOST_VISITS.get(shot.point, 2 if chance.random() < second else 1)
        yield f"{shot}:{1 + chance.randrange(most)}"
    if any(shot.point == "recovery.taken" for shot in case.shots):
        yield f"step.{StepKind.GATHER_FACTS}.called:kill:1"  # nobody takes over from the living
    elif chance.random() < 0.15:
        yield f"store.committed:kill:{1 + chance.randrange(30)}"


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
