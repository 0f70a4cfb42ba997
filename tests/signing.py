"""Signing in to the pages: what its tests share."""

from __future__ import annotations

from argon2 import PasswordHasher

from batonpass.app.page_settings import UserConfig, UserRole
from batonpass.app.sign_in import Entered, SignIn
from batonpass.store import Database, Installation
from fakes import FakeClock
from page_rig import PASSWORD, PASSWORD_HASH

OLGA = UserConfig(role=UserRole.OPS, password_argon2=PASSWORD_HASH)
USERS = {"olga": OLGA, "lea": UserConfig(role=UserRole.LEAD, password_argon2=PASSWORD_HASH)}


def process(
    database: Database, clock: FakeClock, users: dict[str, UserConfig] = USERS, key: bytes = b"k"
) -> SignIn:
    """One of several over the same store."""
    installation = Installation(database, node="node", name="a test")
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return SignIn(users, key=key, installation=installation, clock=clock, hasher=quick)


async def entered(signing: SignIn, name: str = "olga") -> str:
    outcome = await signing.enter(name, PASSWORD)
    assert isinstance(outcome, Entered)
    return outcome.cookie
