"""Keeps every mapping text that comes into force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from batonpass.app.mappings import Mappings
from batonpass.domain.clock import Clock
from batonpass.mapping import InForce
from batonpass.store import Database, mapping_versions
from batonpass.store.instants import to_ms
from batonpass.store.mapping_versions import BY_FILE, Layer, MappingVersion

log = structlog.get_logger()


class Versions:
    """Of one installation. Every method raises `StoreError` where the store does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def keep(
        self, connection: str, version: str, layers: Sequence[Layer], *, put_by: str = BY_FILE
    ) -> bool:
        """This version is in force from now on; whether that is new. `put_by`: the user who did it."""
        at = to_ms(self._clock.now())
        return await self._database.run(
            partial(
                mapping_versions.keep,
                connection=connection,
                version=version,
                at=at,
                put_by=put_by,
                layers=layers,
            )
        )

    async def history(self, connection: str, *, most: int = 50) -> list[MappingVersion]:
        """Newest first: the first is in force."""
        return await self._database.run(partial(mapping_versions.history, connection=connection, most=most))

    async def version(self, connection: str, version: str) -> MappingVersion | None:
        return await self._database.run(
            partial(mapping_versions.with_version, connection=connection, version=version)
        )


class KeepingVersions:
    """Looks, as often as it is told to, at what is in force in this process."""

    def __init__(self, mappings: Mappings, versions: Versions) -> None:
        self._mappings = mappings
        self._versions = versions
        self._kept: dict[str, str] = {}

    async def look(self) -> None:
        """Keep what has come into force since the last look. Raises `StoreError`; then the next look keeps it."""
        in_force: Mapping[str, InForce[Any]] = self._mappings.in_force
        for connection, current in in_force.items():
            if self._kept.get(connection) == current.version:
                continue
            layers = [Layer(file=file, text=text) for file, text in current.layers]
            if await self._versions.keep(connection, current.version, layers):
                log.info("mapping_in_force", connection=connection, version=current.version)
            self._kept[connection] = current.version
