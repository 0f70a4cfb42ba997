"""What a mapping is tried on: packages of past handoffs, or samples. Reads the store beside a running server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from batonpass.app.config import Config
from batonpass.app.furnishing import packing_of
from batonpass.app.planning.needs import Seen
from batonpass.app.planning.samples import samples
from batonpass.context.package import ContextPackage
from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import FactValue
from batonpass.domain.ids import HandoffId
from batonpass.engine.packing import package_from
from batonpass.engine.recent import Recent
from batonpass.store import StoreAddress, StoreError, mapping_versions, past
from batonpass.store.mapping_versions import MappingVersion
from batonpass.store.migrating import migrated
from batonpass.store.past import KeptPast
from batonpass.store.reading import look
from batonpass.store.transaction import Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """Newest first."""

    made: Sequence[tuple[HandoffId, ContextPackage]]
    samples: bool
    """Whether nobody had these conversations."""

    def seen(self) -> Seen:
        """The values that each path has had."""
        seen: defaultdict[str, list[FactValue]] = defaultdict(list)
        for _, package in self.made:
            for path, value in package.values().items():
                seen[path].append(value)
        return seen


async def packages_of(config: Config, clock: Clock, newest: int) -> Packages:
    """Of the newest handoffs whose conversation is kept; of the samples where there are none. Raises `StoreError`."""
    helpdesk = config.helpdesk.name
    kept = _looked(config.store, lambda tx: past.kept_past(tx, helpdesk=helpdesk, most=newest), KeptPast())
    recent, packing = Recent(kept), packing_of(config)
    made = []
    for each in kept.handoffs:
        with suppress(RefusedError):  # its conversation went just now
            made.append((each.id, await package_from(recent, packing, each.id)))
    if made:
        return Packages(made=made, samples=False)
    return Packages(made=[(each.id, each.package) for each in samples(clock.now())], samples=True)


def in_force(store: StoreAddress, connection: str) -> MappingVersion | None:
    """The version that a server had in force last; None where none has ever run with this store. Raises
    `StoreError`."""
    return _looked(store, lambda tx: mapping_versions.newest(tx, connection), None)


def _looked(store: StoreAddress, work: Callable[[Transaction], Awaitable[T]], otherwise: T) -> T:
    """What the store says; `otherwise` where there is none yet, or one from before this release."""
    try:
        if "0004_mappings" in migrated(store).pending:
            return otherwise
        return look(store, work)
    except StoreError as error:
        if error.code != "no_store":
            raise
        return otherwise
