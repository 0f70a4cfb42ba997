"""After a plan was put in place: what the store is told of it, and whether a running server has taken it up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from batonpass.app.config import Config
from batonpass.app.control import listens
from batonpass.app.planning.packages import in_force
from batonpass.app.planning.texts import MappingText
from batonpass.app.planning.versions import Versions
from batonpass.domain.clock import Clock
from batonpass.store import StoreError, database_at
from batonpass.store.condition import SharedCondition, condition_of

TAKEN_UP_WITHIN = 10.0
"""Seconds; a server looks at its files every second."""
LOOK_EVERY = 0.2


def server_runs(config: Config) -> bool:
    """Whether a process works with this store now."""
    condition = condition_of(config.store)
    return bool(condition.nodes) if isinstance(condition, SharedCondition) else condition.in_use


async def keep_versions(
    config: Config, clock: Clock, texts: Mapping[str, MappingText], *, put_by: str
) -> bool:
    """Note in the store that these are in force; False where only the running server can, which then does so itself.

    Raises `StoreError` where the store does not answer.
    """
    if config.store.path is not None and (listens(config.store.path) or server_runs(config)):
        return False
    database = database_at(config.store)
    try:
        await database.open()
    except StoreError as error:
        if error.code == "store_locked":
            return False
        raise
    try:
        versions = Versions(database, clock)
        for connection, text in texts.items():
            await versions.keep(connection, text.version, text.layers, put_by=put_by)
    finally:
        await database.close()
    return True


async def taken_up(config: Config, wanted: Mapping[str, MappingText]) -> list[str]:
    """Wait until the running server has these in force; gives the connections of which it has not said so."""
    left = dict(wanted)
    for _ in range(int(TAKEN_UP_WITHIN / LOOK_EVERY)):
        left = {name: text for name, text in left.items() if not _is_in_force(config, name, text)}
        if not left:
            return []
        await asyncio.sleep(LOOK_EVERY)
    return list(left)


def _is_in_force(config: Config, connection: str, text: MappingText) -> bool:
    found = in_force(config.store, connection)
    return found is not None and found.version == text.version
