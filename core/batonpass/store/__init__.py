"""The journal: the only place with SQL. One file per table; two databases under the same statements."""

from batonpass.store.address import StoreAddress
from batonpass.store.installation import Installation
from batonpass.store.journal import Journal
from batonpass.store.opening import database_at
from batonpass.store.recovery import Recovery
from batonpass.store.retention import Retention
from batonpass.store.sync_book import SyncBook
from batonpass.store.transaction import Database, StoreError
from batonpass.store.values import (
    Accepted,
    Backlog,
    Conflict,
    NewDelivery,
    NewHandoff,
    Received,
    StaleClaimError,
    Started,
    StoredRequest,
)

__all__ = [
    "Accepted",
    "Backlog",
    "Conflict",
    "Database",
    "Installation",
    "Journal",
    "NewDelivery",
    "NewHandoff",
    "Received",
    "Recovery",
    "Retention",
    "StaleClaimError",
    "Started",
    "StoreAddress",
    "StoreError",
    "StoredRequest",
    "SyncBook",
    "database_at",
]
