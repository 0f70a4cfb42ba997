"""Who uses the pages: passwords, sessions, and how fast passwords can be tried.

A session is a cookie that only this installation can have signed, so that any of its processes knows it. It ends after
`SESSION`, when its user signs out anywhere, gets another password, or is taken out of the configuration.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from batonpass.app.page_settings import UserConfig, UserRole
from batonpass.domain.clock import Clock
from batonpass.store import Installation

SESSION = timedelta(hours=12)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1000
FREE_TRIES = 5
LONGEST_PAUSE = 300
FORGIVEN_AFTER = timedelta(hours=1)
"""Without a wrong password."""
_BUCKETS = 256
"""Wrong passwords are counted by these, not by name: made-up names must not fill the store."""
_COOKIE = re.compile(r"([a-z0-9_-]{1,64})\.([0-9]{1,12})\.([A-Za-z0-9_-]{22})\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who has signed in."""

    name: str
    role: UserRole
    form_token: str
    """Every form of theirs carries it: a page of somebody else's cannot send one in their name."""

    @property
    def may_edit(self) -> bool:
        return self.role is UserRole.OPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    cookie: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEntered:
    """`seconds` until another try is looked at; 0: now."""

    seconds: int = 0


class SignIn:
    def __init__(
        self,
        users: Mapping[str, UserConfig],
        *,
        key: bytes,
        installation: Installation,
        clock: Clock,
        hasher: PasswordHasher | None = None,
    ) -> None:
        """`hasher`: as slow as those that made the users' hashes, so that an unknown name takes as long as a known one."""
        self._users = users
        self._key = key
        self._installation = installation
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._nobody: str | None = None
        # Each look at a password takes 64 MiB and a core for a moment: one at a time.
        self._one_at_a_time = asyncio.Semaphore(1)

    @property
    def has_users(self) -> bool:
        return bool(self._users)

    async def enter(self, name: str, password: str) -> Entered | NotEntered:
        """A session for who knows the password. An unknown name is answered like a wrong password."""
        name = name.strip().lower()
        bucket = f"sign_in:{self._mac('bucket', name)[0] % _BUCKETS}"
        pause = await self._take_try(bucket)
        if pause:
            return NotEntered(seconds=pause)
        if not await self._knows(name, password):
            return NotEntered()
        await self._installation.set_checkpoint(bucket, "0 0", self._clock.now())
        started, nonce = int(self._clock.now().timestamp()), secrets.token_urlsafe(16)
        return Entered(cookie=f"{name}.{started}.{nonce}.{await self._signature(name, str(started), nonce)}")

    async def visitor(self, cookie: str) -> Visitor | None:
        """Whose session this is; None where it is none or has ended."""
        found = _COOKIE.fullmatch(cookie)
        user = self._users.get(found[1]) if found else None
        if found is None or user is None:
            return None
        signature = await self._signature(found[1], found[2], found[3])
        age = self._clock.now().timestamp() - int(found[2])
        if not hmac.compare_digest(signature, found[4]) or not 0 <= age < SESSION.total_seconds():
            return None
        return Visitor(name=found[1], role=user.role, form_token=self._mac("form", cookie).hex())

    async def leave(self, visitor: Visitor) -> None:
        """End all sessions of this user."""
        await self._installation.set_checkpoint(_ended(visitor.name), secrets.token_hex(8), self._clock.now())

    async def _signature(self, name: str, started: str, nonce: str) -> str:
        """Of a session of this user with the password of now, begun since the last time they signed out."""
        ended = await self._installation.checkpoint(_ended(name)) or ""
        return self._mac("session", name, started, nonce, self._users[name].password_argon2, ended).hex()

    async def _take_try(self, bucket: str) -> int:
        """Count a try before it is looked at; gives the seconds to wait where it comes too soon."""
        now = self._clock.now()
        pause = 0

        def counted(before: str | None) -> str | None:
            nonlocal pause
            failures, last = _failures(before, now)
            wait = 0 if failures < FREE_TRIES else min(LONGEST_PAUSE, 2 ** (failures - FREE_TRIES + 1))
            pause = max(0, math.ceil(last + wait - now.timestamp()))
            return None if pause else f"{failures + 1} {int(now.timestamp())}"

        await self._installation.change_checkpoint(bucket, counted, now)
        return pause

    async def _knows(self, name: str, password: str) -> bool:
        user = self._users.get(name)
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._verified, user, password[:LONGEST_PASSWORD])

    def _verified(self, user: UserConfig | None, password: str) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_hex(16))
        try:
            self._hasher.verify(self._nobody if user is None else user.password_argon2, password)
        except (Argon2Error, InvalidHashError):
            return False
        return user is not None

    def _mac(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\n".join(parts).encode("utf-8", "replace"), "sha256")


def hashed(password: str) -> str:
    """What `config.toml` keeps of a password."""
    return PasswordHasher().hash(password)


def _ended(name: str) -> str:
    return f"signed_out:{name}"


def _failures(kept: str | None, now: datetime) -> tuple[int, int]:
    """(how many in a row, when the last one was)."""
    failures, last = (int(part) for part in (kept or "0 0").split())
    if now.timestamp() - last > FORGIVEN_AFTER.total_seconds():
        return 0, 0
    return failures, last
