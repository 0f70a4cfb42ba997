"""What goes into the `Authorization` header, and how it is renewed: once for all callers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from batonpass.domain.clock import Clock


class Credentials(Protocol):
    @property
    def name(self) -> str:
        """Which of its connection's credentials these are, where it has several; else empty. Refused ones close the
        way for those of the same name only."""
        ...

    async def headers(self) -> Mapping[str, str]:
        """The headers that prove who we are. May fetch a token; raises our errors."""
        ...

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """Told that the vendor answered 401 to `refused`: whether `headers` now gives something else."""
        ...


@dataclass(frozen=True, slots=True)
class FixedCredentials:
    """A key that only a person can change."""

    fixed: Mapping[str, str]
    name: str = ""

    async def headers(self) -> Mapping[str, str]:
        return self.fixed

    async def renew(self, refused: Mapping[str, str]) -> bool:
        del refused
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    value: str
    lifetime: float
    """Seconds from the moment it was fetched."""


class ClientCredentials:
    """A bearer token by the OAuth client-credentials grant (RFC 6749 §4.4).

    It is fetched when first needed, again once three quarters of its life have passed, and at once after a 401;
    however many callers there are, one fetch runs.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Token]], clock: Clock, *, name: str = "") -> None:
        self.name = name
        self._fetch = fetch
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._headers: Mapping[str, str] | None = None
        self._fresh_until = 0.0

    async def headers(self) -> Mapping[str, str]:
        if self._headers is None or self._clock.monotonic() >= self._fresh_until:
            await self._replace(self._headers)
        assert self._headers is not None
        return self._headers

    async def renew(self, refused: Mapping[str, str]) -> bool:
        await self._replace(refused)
        return True

    async def _replace(self, stale: Mapping[str, str] | None) -> None:
        async with self._one_at_a_time:
            if self._headers is not None and self._headers != stale:
                return  # another caller has fetched it while we waited
            token = await self._fetch()
            self._headers = {"Authorization": f"Bearer {token.value}"}
            self._fresh_until = self._clock.monotonic() + token.lifetime * 0.75
