"""Steps that are held back because a vendor takes no calls of theirs for a while."""

from __future__ import annotations

from collections.abc import Callable

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.handoff import ClaimedStep, StepKind


class Held:
    """By kind of step, what last refused one: so that the next one hears it before its package, mapping and note are
    made. During an outage everybody who waits comes again and again; that must cost next to nothing."""

    def __init__(self) -> None:
        self._refusing: dict[StepKind, Callable[[], None]] = {}

    def heed(self, kind: StepKind, error: Exception) -> None:
        if isinstance(error, RetryLaterError) and error.still is not None:
            self._refusing[kind] = error.still

    def let_pass(self, step: ClaimedStep) -> None:
        """Raises `RetryLaterError` while what refused a step of this kind still would. One that has never been tried
        goes its own way: it may need none of the calls that are refused."""
        refusing = self._refusing.get(step.kind) if step.may_have_happened else None
        if refusing is not None:
            refusing()
