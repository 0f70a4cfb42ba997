"""What is the same for everybody in an account: owners' names, stage labels, the meaning of properties."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError, RefusedError
from batonpass_hubspot.client import HubSpotClient, ObjectType
from batonpass_hubspot.wanted import Wanted
from batonpass_hubspot.wire import Property

KEPT_SECONDS = 600.0

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was looked up. What could not be read is empty."""

    owners: Mapping[str, str] = field(default_factory=dict)
    """Owner id → name."""
    stages: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(pipeline id, stage id) → label."""
    properties: Mapping[tuple[ObjectType, str], Property] = field(default_factory=dict)
    """By object type and name."""


class Kept(Generic[Value]):
    """A value that is loaded when first asked for and again after ten minutes; however many ask, one load runs."""

    def __init__(self, load: Callable[[], Awaitable[Value]], clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._kept: tuple[Value, float] | None = None

    async def get(self) -> Value:
        async with self._one_at_a_time:
            if self._kept is None or self._clock.monotonic() >= self._kept[1]:
                self._kept = (await self._load(), self._clock.monotonic() + KEPT_SECONDS)
            return self._kept[0]

    @property
    def known(self) -> Value | None:
        """As it was loaded last, however long ago; None: never."""
        return None if self._kept is None else self._kept[0]

    def forget(self) -> None:
        """Load it anew when next asked for."""
        self._kept = None


class Directory:
    """Looks up and keeps. What fails costs only the facts that need it: an owner's name is not worth the rest."""

    def __init__(self, client: HubSpotClient, clock: Clock) -> None:
        self._client = client
        self._owners = Kept(self._load_owners, clock)
        self._stages = Kept(self._load_stages, clock)
        self._properties = {kind: Kept(self._loader_of_properties(kind), clock) for kind in ObjectType}

    async def look_up(self, wanted: Wanted) -> Known:
        """What is wanted, all at once."""
        owners, stages, defined = await asyncio.gather(
            _or_nothing(self._owners if wanted.owners else None),
            _or_nothing(self._stages if wanted.stages else None),
            asyncio.gather(*(_or_nothing(self._properties[kind]) for kind in wanted.defined)),
        )
        properties = {key: each for several in defined for key, each in several.items()}
        return Known(owners=owners, stages=stages, properties=properties)

    async def told_by(self, wanted: Wanted, *, stages: bool) -> Known:
        """As `look_up`, without owners, for what is kept: raises `RetryLaterError` where a list cannot be read now. One
        that this token may not read is empty."""
        labels = await _unless_refused(self._stages if stages else None)
        defined = [await _unless_refused(self._properties[kind]) for kind in wanted.defined]
        return Known(stages=labels, properties={key: each for some in defined for key, each in some.items()})

    async def _load_owners(self) -> Mapping[str, str]:
        return {owner.id: owner.name for owner in await self._client.owners() if owner.name}

    async def _load_stages(self) -> Mapping[tuple[str, str], str]:
        pipelines = await self._client.pipelines(ObjectType.DEALS)
        return {(each.id, stage.id): stage.label for each in pipelines for stage in each.stages}

    def _loader_of_properties(
        self, kind: ObjectType
    ) -> Callable[[], Awaitable[Mapping[tuple[ObjectType, str], Property]]]:
        async def load() -> Mapping[tuple[ObjectType, str], Property]:
            return {(kind, each.name): each for each in await self._client.properties(kind)}

        return load


Key = TypeVar("Key")
Named = TypeVar("Named")


async def _unless_refused(kept: Kept[Mapping[Key, Named]] | None) -> Mapping[Key, Named]:
    try:
        return {} if kept is None else await kept.get()
    except RefusedError:
        return {}


async def _or_nothing(kept: Kept[Mapping[Key, Named]] | None) -> Mapping[Key, Named]:
    if kept is None:
        return {}
    try:
        return await kept.get()
    except BatonpassError:
        return {}
