"""The context package of a handoff that somebody only looks at: made of what the journal has, beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batonpass.context.package import ContextPackage
from batonpass.domain.errors import RefusedError
from batonpass.domain.handoff import HandoffRecord
from batonpass.domain.ids import HandoffId
from batonpass.engine.packing import package_from
from batonpass.engine.recent import Recent
from batonpass.engine.world import Packing
from batonpass.store import Journal, StoredRequest
from batonpass.store.emptied import is_emptied

NOT_READ = "The conversation has not been read from the helpdesk yet. Look again in a minute."
GONE = "The conversation is no longer kept here. What stands on the ticket is the helpdesk's."


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that the journal has of one handoff, as it was at one moment."""

    record: HandoffRecord
    stored: StoredRequest | None

    async def request(self, handoff_id: HandoffId) -> StoredRequest | None:
        return self.stored if handoff_id == self.record.id else None

    async def result(self, handoff_id: HandoffId, name: str) -> Mapping[str, Any] | None:
        return self.record.result_of(name) if handoff_id == self.record.id else None

    def package(self, packing: Packing) -> tuple[ContextPackage | None, str]:
        """The package as it left; why there is none where there is none.

        To be called in a thread: one of a hundred thousand turns must not keep those waiting who hand over.
        """
        try:
            made = asyncio.run(package_from(Recent(self), packing, self.record.id))
        except RefusedError:
            return None, NOT_READ
        return (None, GONE) if is_emptied(made.request) else (made, "")


async def kept(journal: Journal, handoff_id: HandoffId) -> Kept | None:
    """None where there is no such handoff. Raises `StoreError`."""
    record = await journal.handoff(handoff_id)
    return None if record is None else Kept(record=record, stored=await journal.request(handoff_id))
