"""The database at an address."""

from __future__ import annotations

from batonpass.store.address import StoreAddress
from batonpass.store.sqlite import SqliteDatabase
from batonpass.store.transaction import Database, StoreError


def database_at(address: StoreAddress, *, connections: int | None = None) -> Database:
    """Not opened yet. `connections`: of PostgreSQL, the most for each event loop. Raises `StoreError` where the
    package for PostgreSQL is missing."""
    if address.path is not None:
        return SqliteDatabase(address.path)
    try:
        from batonpass.store.postgres import MOST_CONNECTIONS, PostgresDatabase  # noqa: PLC0415 - an extra
    except ImportError:
        raise StoreError(
            f"{address.name}: PostgreSQL needs the package psycopg: pip install 'batonpass[postgres]'",
            code="store_package_missing",
        ) from None
    return PostgresDatabase(address, connections=connections or MOST_CONNECTIONS)
