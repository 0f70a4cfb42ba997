"""What the handoffs under way have been asked and have found out, kept in memory so that no step reads it again.

Only what never changes is kept: requests, results once they are committed, and packages made of both. The journal has the truth; whatever is
not here, after a restart everything, is read from it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from batonpass.context.package import ContextPackage
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.errors import RefusedError
from batonpass.domain.ids import HandoffId
from batonpass.store import StoredRequest

MOST = 512
"""Handoffs."""
LARGEST_BODY = 64_000
"""Bytes; a larger request is read from the journal each time rather than kept in memory."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, and when and by whom."""

    request: HandoffRequest
    stored: StoredRequest


@dataclass(slots=True)
class _Known:
    asked: Asked | None = None
    package: ContextPackage | None = None
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)


class Reads(Protocol):
    """The journal, or as much of it as is kept elsewhere."""

    async def request(self, handoff_id: HandoffId) -> StoredRequest | None: ...

    async def result(self, handoff_id: HandoffId, name: str) -> Mapping[str, Any] | None: ...


class Recent:
    def __init__(self, journal: Reads) -> None:
        self._journal = journal
        self._known: OrderedDict[HandoffId, _Known] = OrderedDict()

    async def asked(self, handoff_id: HandoffId) -> Asked:
        """Raises `RefusedError` where the journal has no such handoff."""
        known = self._about(handoff_id)
        if known.asked is not None:
            return known.asked
        stored = await self._journal.request(handoff_id)
        if stored is None:
            raise RefusedError(f"{handoff_id}: no such handoff in the journal", code="no_handoff")
        if not stored.body:
            raise RefusedError(f"{handoff_id}: its conversation has not been read yet", code="no_request")
        asked = Asked(HandoffRequest.model_validate_json(stored.body), stored)
        if len(stored.body) <= LARGEST_BODY:
            known.asked = asked
        return asked

    async def result(self, handoff_id: HandoffId, name: str) -> Mapping[str, Any] | None:
        """The result of a step; None while it has none."""
        known = self._about(handoff_id)
        if name in known.results:
            return known.results[name]
        return await self._journal.result(handoff_id, name)

    def package(self, handoff_id: HandoffId) -> ContextPackage | None:
        """Its context package, where it has been put together: several steps need it."""
        return self._about(handoff_id).package

    def keep_package(self, package: ContextPackage) -> None:
        """To be called once all that goes into it is committed."""
        known = self._about(package.handoff_id)
        if known.asked is not None:  # else it is too large
            known.package = package

    def keep(self, handoff_id: HandoffId, name: str, result: Mapping[str, Any]) -> None:
        """To be called once the result is committed."""
        self._about(handoff_id).results[name] = result

    def forget(self, handoff_id: HandoffId) -> None:
        """Its customer is forgotten."""
        self._known.pop(handoff_id, None)

    def _about(self, handoff_id: HandoffId) -> _Known:
        known = self._known.get(handoff_id)
        if known is None:
            known = self._known[handoff_id] = _Known()
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return known
