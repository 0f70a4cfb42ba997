"""`when`: a condition in CEL, compiled once, without a way to run long: https://cel.dev."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import cel

from batonpass.domain.facts import FactValue, Money

LONGEST = 1_000
"""Of a condition, in characters."""
LONGEST_TEXT = 100_000
"""What a condition sees of one text, in characters."""
MOST_LINES = 100
"""What it sees of one list."""
MOST_SECONDS = 0.020
"""Of processor time, for one condition and one ticket."""
MOST_SLOW = 3
"""So often may one be slower; then it is not asked any more."""
FUNCTIONS: Final = (
    "contains",
    "double",
    "endsWith",
    "int",
    "size",
    "startsWith",
    "string",
)
"""What a condition may call, besides `has`, `in` and one of `exists` and `all`."""

_OPERATOR = re.compile(r"@.*|[^A-Za-z]+")
_TEXTS = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_LOOPS = re.compile(r"\.\s*(exists_one|exists|all|map|filter)\s*\(\s*([A-Za-z_]\w*)?")
_PATH = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\s*\.\s*([A-Za-z_]\w*)(?!\w*\s*\()")
_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?(.*)")
_SLIPS = (
    ("token recognition error at: '=", "write == to compare"),
    ("input 'and'", "write && for and"),
    ("input 'or'", "write || for or"),
    ("token recognition error at: '&", "write && for and"),
    ("token recognition error at: '|", "write || for or"),
    (" '<EOF>'", "something is missing at the end"),
    ("token recognition error at: '\"", "the closing quote is missing"),
    ("token recognition error at: ''", "the closing quote is missing"),
    ("token recognition error", "this sign means nothing here"),
    ("reserved identifier", "this word cannot stand here"),
)
_WHY: Mapping[type[BaseException], str] = MappingProxyType(
    {
        TypeError: "it compares or adds values of different kinds",
        ZeroDivisionError: "it divides by zero",
        OverflowError: "a number in it is too large",
        IndexError: "it asks for a line that is not there",
        ValueError: "a value in it cannot be read as what it is taken for",
    }
)


class ConditionError(ValueError):
    """A condition that cannot be read; the message says why, for the person who wrote it."""

    def __init__(
        self, message: str, *, line: int = 1, column: int = 1, hint: str | None = None, allowed: bool = True
    ) -> None:
        super().__init__(message)
        self.line, self.column, self.hint = line, column, hint
        self.allowed = allowed
        """Whether it is only written wrongly; otherwise it asks for what no condition may do."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Condition:
    text: str
    program: cel.Program
    roots: frozenset[str]
    """The first words of the values that it asks for."""
    paths: tuple[str, ...]
    """The values that it asks for by name, in order."""

    @classmethod
    def read(cls, text: str) -> Condition:
        """Raises `ConditionError`."""
        if len(text) > LONGEST:
            raise ConditionError(f"a condition has at most {LONGEST} characters", allowed=False)
        try:
            program = cel.compile(text)
        except ValueError as error:
            raise _unread(str(error)) from None
        bare = _TEXTS.sub(lambda found: " " * len(found[0]), text)
        loops = _LOOPS.findall(bare)
        _allowed(program.functions(), [name for name, _ in loops])
        own = {variable for _, variable in loops}
        roots = frozenset(program.variables()) - own
        paths = dict.fromkeys(f"{root}.{name}" for root, name in _PATH.findall(bare) if root in roots)
        return cls(text=text, program=program, roots=roots, paths=tuple(paths))

    @property
    def words(self) -> tuple[str, ...]:
        """The first words that it asks for without naming a value: each may be a name written wrongly."""
        named = {path.partition(".")[0] for path in self.paths}
        return tuple(sorted(self.roots - named))


class Asking:
    """Asks the conditions of one mapping, ticket after ticket."""

    def __init__(
        self, conditions: Iterable[Condition], *, spent: Callable[[], float] = time.thread_time
    ) -> None:
        """`spent`: the seconds of processor time so far; a busy machine makes no condition slow."""
        self._roots = frozenset(root for each in conditions for root in each.roots)
        self._spent = spent
        self._slow: dict[Condition, int] = {}

    def about(self, values: Mapping[str, FactValue]) -> cel.Context:
        """The values of one ticket as conditions see them: a value that is not known is not there."""
        seen: dict[str, dict[str, Any]] = {root: {} for root in self._roots}
        for path, value in values.items():
            root, _, name = path.partition(".")
            if root in seen and name:
                seen[root][name] = _seen(value)
        return cel.Context(variables=seen)

    def holds(self, condition: Condition, context: cel.Context) -> tuple[bool, str]:
        """Whether it holds, and why it could not be told; false then. One that asks for a value that is not known
        does not hold: nothing is wrong with it."""
        if self._slow.get(condition, 0) >= MOST_SLOW:
            return False, "its condition takes too long"
        began = self._spent()
        try:
            answer = condition.program.execute(context)
        except KeyError:
            return False, ""
        except Exception as error:  # noqa: BLE001 - whatever a condition does, the ticket is made
            return False, f"its condition failed: {_WHY.get(type(error), 'it cannot be worked out')}"
        if self._spent() - began > MOST_SECONDS:
            self._slow[condition] = self._slow.get(condition, 0) + 1
            return False, "its condition takes too long"
        if not isinstance(answer, bool):
            return False, "its condition is neither true nor false"
        return answer, ""


def _seen(value: FactValue) -> Any:
    match value:
        case bool():
            return value
        case int():
            return value if abs(value) < 2**63 else float(value)
        case str():
            return _text(value)
        case Money():
            return float(value.major)
        case Decimal():
            return float(value)
        case date():
            return value.isoformat()
        case tuple():
            return [_text(each) for each in value[:MOST_LINES]]


def _text(value: str) -> str:
    # Half an emoji, as bots cut it, would fail every condition about this ticket.
    text = value[:LONGEST_TEXT]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _unread(told: str) -> ConditionError:
    found = _PLACE.search(told)
    if found is None:
        return ConditionError("this is no condition")
    said = found[3]
    hint = next((hint for start, hint in _SLIPS if start in said), None)
    return ConditionError(
        "this condition cannot be read", line=int(found[1]), column=int(found[2]), hint=hint
    )


def _allowed(functions: Iterable[str], loops: list[str]) -> None:
    unknown = [name for name in functions if name not in FUNCTIONS and not _OPERATOR.fullmatch(name)]
    if unknown:
        raise ConditionError(
            f"a condition cannot call {unknown[0]}",
            hint=f"it can call: has, exists, all, {', '.join(FUNCTIONS)}",
            allowed=False,
        )
    if set(loops) - {"exists", "all"}:
        raise ConditionError(
            f"a condition cannot call {loops[0]}", hint="exists and all look at lists", allowed=False
        )
    if len(loops) > 1:
        raise ConditionError("a condition looks at one list at most", allowed=False)
