"""The requests of the handoffs under way, read and checked once instead of once a step. They never change."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.errors import RefusedError
from batonpass.domain.ids import HandoffId
from batonpass.store import Journal, StoredRequest

MOST = 512
LARGEST_BODY = 64_000
"""Bytes; a larger one is read from the journal each time rather than kept in memory."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, and when and by whom."""

    request: HandoffRequest
    stored: StoredRequest


class RecentRequests:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: OrderedDict[HandoffId, Asked] = OrderedDict()

    async def get(self, handoff_id: HandoffId) -> Asked:
        """Raises `RefusedError` where the journal has no such handoff."""
        known = self._kept.get(handoff_id)
        if known is not None:
            return known
        stored = await self._journal.request(handoff_id)
        if stored is None:
            raise RefusedError(f"{handoff_id}: no such handoff in the journal", code="no_handoff")
        asked = Asked(HandoffRequest.model_validate_json(stored.body), stored)
        if len(stored.body) <= LARGEST_BODY:
            self._kept[handoff_id] = asked
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return asked
