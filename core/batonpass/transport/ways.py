"""The ways out of one connection: a gate, a breaker and a count for each operation, and what they all share."""

from __future__ import annotations

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RetryLaterError
from batonpass.transport.allowance import Allowance
from batonpass.transport.breaker import Breaker
from batonpass.transport.budget import RetryBudget
from batonpass.transport.calls import Call
from batonpass.transport.condition import ClosedGate, Condition, Tally
from batonpass.transport.gate import Gate, Hear
from batonpass.transport.sharing import Board, LocalBoard

_MOST_OBJECTS = 1000


class Way:
    """One operation's."""

    __slots__ = ("breaker", "gate", "tally")

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.breaker = Breaker()
        self.tally = Tally()

    def answered(self, status: int, now: float, seconds: float) -> None:
        self.tally.answered(status, seconds)
        if status >= 500:
            self.gate.failed(enough=self.breaker.failed(now))
        else:
            self.breaker.answered(now)

    def unanswered(self, now: float, seconds: float) -> None:
        self.tally.unanswered(seconds)
        self.gate.failed(enough=self.breaker.failed(now))


class Ways:
    def __init__(
        self, connection: str, account: str, clock: Clock, *, board: Board | None, on_trouble: Hear | None
    ) -> None:
        """`account` names the credentials where the connection has several."""
        self._connection = connection
        self._clock = clock
        self._board = LocalBoard(clock) if board is None else board
        self._on_trouble = on_trouble
        name = f"{connection} {account}" if account else connection
        self.account_gate = Gate(name, clock, board=self._board, on_trouble=on_trouble)
        self.allowance = Allowance(name, clock)
        self.budget = RetryBudget(clock)
        self._ways: dict[str, Way] = {}
        self._objects: dict[tuple[str, str | None], Gate] = {}
        """Gates of single objects, only while they are closed; no other node is told of them."""

    def of(self, call: Call) -> Way:
        """Raises `RetryLaterError` while the vendor takes no such call about this one object."""
        if self._objects:
            self._pass_object(call)
        way = self._ways.get(call.operation)
        if way is None:
            name = f"{self._connection} {call.operation}"
            gate = Gate(name, self._clock, board=self._board, on_trouble=self._on_trouble)
            way = self._ways[call.operation] = Way(gate)
        return way

    def limit_object(self, call: Call, seconds: float) -> RetryLaterError:
        """The vendor takes no such call about this one object for so long."""
        if len(self._objects) >= _MOST_OBJECTS:
            self._objects = {about: gate for about, gate in self._objects.items() if gate.closed}
        own = Gate(f"{self._connection} {call.operation} of {call.about}", self._clock)
        self._objects[call.operation, call.about] = own
        return own.limited(seconds)

    def condition(self) -> Condition:
        gates = (self.account_gate, *(way.gate for way in self._ways.values()))
        for gate in gates:
            gate.look()
        return Condition(
            connection=self._connection,
            account=self.account_gate.name,
            closed=tuple(
                ClosedGate(name=gate.name, why=gate.code, seconds_left=gate.seconds_left)
                for gate in gates
                if gate.code
            ),
            calls_left=self.allowance.left,
            calls_total=self.allowance.total,
            repeats_refused=self.budget.refused,
            operations=tuple(way.tally.read(operation) for operation, way in self._ways.items()),
        )

    def _pass_object(self, call: Call) -> None:
        own = self._objects.get((call.operation, call.about))
        if own is None:
            return
        if own.closed:
            raise own.refusal(own.seconds_left)
        del self._objects[call.operation, call.about]
