"""Which records belong to which: a record's links to those of another type."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.desk_client import HubSpotDeskClient
from batonpass_hubspot.desk_wire import LinkEnd
from batonpass_hubspot.wire import Associated, AssociatedId, Record

PRIMARY: Mapping[int, str] = MappingProxyType({1: "contact_to_company", 5: "deal_to_company"})
"""The link to the one primary company: its type, and its label where a record is read with its links. All others are
`…_unlabeled` or the account's own: https://developers.hubspot.com/docs/api-reference/crm-associations-v3/guide"""
_LABELS = frozenset(PRIMARY.values())


def meant_company(record: Record) -> str | None:
    """The primary company, or the only one; of several without a primary one none is meant."""
    links = record.associated(ObjectType.COMPANIES)
    several = {link.id for link in links}
    if len(several) > 1:
        several = {link.id for link in links if link.type in _LABELS}
    return next(iter(several)) if len(several) == 1 else None


def linked_ids(record: Record, kind: ObjectType) -> list[str]:
    """The oldest first: ids grow."""
    ids = {link.id for link in record.associated(kind)}
    return list(ids) if len(ids) < 2 else sorted(ids, key=by_age)


def by_age(record_id: str) -> tuple[int, str]:
    return len(record_id), record_id


async def with_links(
    api: HubSpotDeskClient, kind: ObjectType, records: Sequence[Record], to: Sequence[ObjectType]
) -> list[Record]:
    """As if they had been read with their links to these types, which search does not tell."""
    if not records or not to:
        return list(records)
    ids = [each.id for each in records]
    told = await asyncio.gather(*(api.links(kind, ids, other) for other in to))
    found = dict(zip(to, told, strict=True))
    return [
        each.model_copy(
            update={
                "associations": {other: _as_listed(links.get(each.id, ())) for other, links in found.items()}
            }
        )
        for each in records
    ]


def _as_listed(ends: Sequence[LinkEnd]) -> Associated:
    return Associated(
        results=tuple(AssociatedId(id=end.to_object_id, type=label) for end in ends for label in _labels(end))
    )


def _labels(end: LinkEnd) -> Sequence[str]:
    return [PRIMARY.get(each.type_id or 0, "") for each in end.association_types] or [""]
