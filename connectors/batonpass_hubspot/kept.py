"""A record of the copy, as it was on the wire."""

from __future__ import annotations

from batonpass.domain.synced import KeptRecord
from batonpass_hubspot.wire import Record

VALUES = "properties"
"""In a document: the stored values, by the names of their properties."""


def record_in(kept: KeptRecord) -> Record:
    """The record as it was read, as far as its document has it."""
    document = kept.document or {}
    return Record(id=kept.id, properties=dict(document.get(VALUES) or {}))
