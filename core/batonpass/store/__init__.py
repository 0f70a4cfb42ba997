"""The journal: the only place with SQL. One file per table, one thread that writes."""

from batonpass.store.database import StoreError, WriterThread
from batonpass.store.journal import Accepted, Conflict, Journal, NewHandoff, StaleClaimError

__all__ = ["Accepted", "Conflict", "Journal", "NewHandoff", "StaleClaimError", "StoreError", "WriterThread"]
