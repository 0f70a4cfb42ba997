"""The scheduled sync: which streams are read how often, by whom, and how people steer it."""

from batonpass.app.syncing.rounds import Order, Syncing
from batonpass.app.syncing.settings import SyncConfig, SyncedStream

__all__ = ["Order", "SyncConfig", "SyncedStream", "Syncing"]
