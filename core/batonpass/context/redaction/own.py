"""Patterns that a team writes itself, matched in linear time whatever the text is.

They run in RE2, which has no backtracking: a pattern that would take `re` minutes on a hostile message cannot be
written. It comes with `pip install "batonpass[patterns]"`; without it no pattern can be configured.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from batonpass.context.redaction.finds import Find

LONGEST = 500
"""Characters of a pattern."""
_MOST_MEMORY = 1 << 20


class PatternError(ValueError):
    """The pattern cannot be used; says why."""


class PatternsUnavailableError(PatternError):
    """RE2 is not installed."""


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """One pattern of the team's own; `kind` is the name it goes by in marks and counts."""

    kind: str
    pattern: str
    _compiled: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", _compiled(self.pattern))

    def finds(self, text: str) -> Iterator[Find]:
        for found in self._compiled.finditer(text):
            if found.end() > found.start():
                yield Find(found.start(), found.end(), self.kind)


def _compiled(pattern: str) -> Any:
    """Raises `PatternError`."""
    try:
        re2 = importlib.import_module("re2")
    except ImportError:
        raise PatternsUnavailableError('own patterns need pip install "batonpass[patterns]"') from None
    if len(pattern) > LONGEST:
        raise PatternError(f"a pattern has at most {LONGEST} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        why = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise PatternError(f"not a pattern of RE2 (no look-around, no back-references): {why}") from None
    if compiled.search("") is not None:
        raise PatternError("the pattern matches nothing at all: say what must stand there")
    return compiled
