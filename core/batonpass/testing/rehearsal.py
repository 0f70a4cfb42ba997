"""Everything once, so that whoever is forked afterwards finds it imported, compiled and in its caches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batonpass.domain.event import EventKind
from batonpass.testing.crash_scene import Staged
from batonpass.testing.desk import desk


async def rehearse(staged: Staged, folder: Path, body: Mapping[str, Any]) -> None:
    """One handoff out and one in, all in this process, which then has no open file and no thread more than before."""
    emulator = staged.emulated()
    settings = {"start": dict(staged.start), **staged.settings}
    async with desk(
        folder,
        staged.manifest,
        mapping=staged.mapping,
        name=staged.name,
        settings=settings,
        emulator=emulator,
    ) as played:
        await played.hand_over(body)
        ticket = await played.happens(EventKind.TICKET_OPENED, text="Please refund one of the charges.")
        await played.happens(EventKind.HANDOFF_ASKED, ticket=ticket, **staged.asks)
        await played.settled()
