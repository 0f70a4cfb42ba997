"""What is known to every call within a step, set once around it: its lane, and whether it may still act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from batonpass.domain.handoff import Lane

lane: ContextVar[Lane] = ContextVar("lane", default=Lane.LIVE)


@contextmanager
def in_lane(which: Lane) -> Iterator[None]:
    """Calls within, and in the tasks that are begun within, belong to this lane."""
    before = lane.set(which)
    try:
        yield
    finally:
        lane.reset(before)


may_act: ContextVar[Callable[[], bool]] = ContextVar("may_act", default=lambda: True)


@contextmanager
def acting_while(allowed: Callable[[], bool]) -> Iterator[None]:
    """Calls within that change something are made only while `allowed()`: another process may have taken over the work
    of one that was paused, and must not meet it."""
    before = may_act.set(allowed)
    try:
        yield
    finally:
        may_act.reset(before)
