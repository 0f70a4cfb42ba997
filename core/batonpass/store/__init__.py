"""The journal: the only place with SQL. One file per table, one thread that writes."""

from batonpass.store.database import StoreError
from batonpass.store.journal import Journal
from batonpass.store.values import (
    Accepted,
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
    "Conflict",
    "Journal",
    "NewDelivery",
    "NewHandoff",
    "Received",
    "StaleClaimError",
    "Started",
    "StoreError",
    "StoredRequest",
]
