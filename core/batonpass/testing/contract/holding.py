"""Which test holds which sentence of the ports' docstrings, so that none is forgotten."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from batonpass import ports

Test = TypeVar("Test", bound=Callable[..., Any])

HELD: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
"""`Helpdesk.open_ticket` → the beginning of a sentence → the tests that hold it."""

_END_OF_SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z`])")
_PORTS = (
    ports.Helpdesk,
    ports.Replies,
    ports.ReadsConversations,
    ports.FollowsTickets,
    ports.ListsChanges,
    ports.ListsAgents,
    ports.TellsPresence,
    ports.ProvisionsFields,
    ports.PassesConversations,
    ports.FactSource,
    ports.Probe,
    ports.Receive,
    ports.Read,
    ports.RegistersWebhooks,
    ports.Streams,
    ports.TellsFromCopy,
)


def holds(promise: Callable[..., Any], *sentences: str) -> Callable[[Test], Test]:
    """Marks a test as the one that holds the sentences of `promise` that begin so."""

    def mark(test: Test) -> Test:
        for sentence in sentences:
            HELD[promise.__qualname__][sentence].append(test.__qualname__)
        return test

    return mark


def sentences() -> Iterator[tuple[str, str]]:
    """Every method of every port with each sentence of its docstring."""
    for port in _PORTS:
        for name, member in vars(port).items():
            public = not name.startswith("_") or name == "__call__"
            if public and inspect.isfunction(member):
                told = " ".join((inspect.getdoc(member) or "").split())
                yield from ((member.__qualname__, each) for each in _END_OF_SENTENCE.split(told) if each)
