"""Which migrations a store has had, and which it still needs. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType

import sqlite_utils

from batonpass.store import postgres_schema
from batonpass.store.address import StoreAddress
from batonpass.store.reading import look
from batonpass.store.sqlite_schema import MIGRATIONS
from batonpass.store.transaction import StoreError, Transaction

_SAYS = MappingProxyType(
    {
        True: "SELECT name FROM _sqlite_migrations WHERE migration_set = 'batonpass'",
        False: "SELECT name FROM migrations",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    pending: tuple[str, ...]
    """In their order."""
    unknown: tuple[str, ...]
    """Made by a later release; they only ever add, so this one works on."""


def migrated(store: StoreAddress) -> Migrated:
    """Where there is no store yet, all are pending. Raises `StoreError` where it cannot be read."""
    sql = _SAYS[store.path is not None]

    async def names(tx: Transaction) -> list[str]:
        return [each[0] for each in await tx.rows(sql)]

    try:
        had = look(store, names)
    except StoreError as error:
        if error.code != "no_store":
            raise
        had = []
    ours = _ours(store)
    return Migrated(
        pending=tuple(each for each in ours if each not in had),
        unknown=tuple(sorted(set(had) - set(ours))),
    )


def _ours(store: StoreAddress) -> Sequence[str]:
    if store.path is None:
        return list(postgres_schema.MIGRATIONS)
    with closing(sqlite_utils.Database(memory=True)) as empty:
        return [each.name for each in MIGRATIONS.pending(empty)]
