"""HubSpot's strings as columns and keys of the copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from batonpass.domain.synced import Column, Key, KeyKind, Record, RecordKind
from batonpass.ports import address_key
from batonpass_hubspot import wire
from batonpass_hubspot.values import instant

MERGED = "hs_merged_object_ids"
"""The ids of the records that were merged into this one, semicolons between."""


def known(columns: dict[str, Column]) -> dict[str, Column]:
    """Without those of which HubSpot tells nothing."""
    return {name: value for name, value in columns.items() if value is not None and value != ""}


def utc(stored: str) -> str | None:
    """To the second."""
    if len(stored) == 24 and stored[10] == "T" and stored[-1] == "Z":
        return f"{stored[:19]}Z"
    at = instant(stored)
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def several(stored: str) -> list[str]:
    return [part for each in stored.split(";") if (part := each.strip())] if stored else []


def email_keys(addresses: Iterable[str]) -> Iterator[Key]:
    for address in addresses:
        if known := address_key(address):
            yield Key(kind=KeyKind.EMAIL, value=known)


def with_merged(record: Record, former: Iterable[str]) -> Iterator[Record]:
    """The record, and that what was merged into it is no more."""
    yield record
    for each in former:
        yield Record(kind=record.kind, id=each, changed_at=record.changed_at, deleted=True)


def former_ids(record: wire.Record) -> list[str]:
    stored = record.stored(MERGED)
    return [each for each in several(stored) if each != record.id] if stored else []


def former_keys(ids: Iterable[str]) -> list[Key]:
    return [Key(kind=KeyKind.FORMER_ID, value=each) for each in ids]


def deleted(kind: RecordKind, record: wire.Record, changed_at: str, now: datetime) -> Record:
    """One of the archived ones."""
    told = (instant(record.archived_at or ""), instant(record.stored(changed_at)))
    at = max((each for each in told if each is not None), default=now)
    return Record(kind=kind, id=record.id, changed_at=at, deleted=True)
