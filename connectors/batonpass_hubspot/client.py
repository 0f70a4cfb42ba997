"""HubSpot's endpoints, one method each: https://developers.hubspot.com/docs/api-reference

Dated paths. That `2026-09` has them, and that reading one contact takes `idProperty` and `associations`, is in
HubSpot's own descriptions: github.com/HubSpot/HubSpot-public-api-spec-collection, `PublicApiSpecs/CRM/Contacts`,
`Crm Owners`, `Pipelines`, `Properties`, each `/Rollouts/*/2026-09`. The path of the account details is that of
`/docs/api-reference/latest/account/account-information` with this date.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from urllib.parse import quote

from batonpass.domain.errors import RefusedError
from batonpass.transport import Call, Transport
from batonpass_hubspot.wire import Account, Owner, Page, Pipeline, Property, Record

# Made once: pydantic looks a generic model up anew at every subscription.
_OWNERS = Page[Owner]
_PIPELINES = Page[Pipeline]
_PROPERTIES = Page[Property]
_RECORDS = Page[Record]

VERSION = "2026-09"
MOST_IN_A_BATCH = 100
MOST_ON_A_PAGE = 100
OWNERS_PER_PAGE = 500
MOST_OWNER_PAGES = 10
_NAMES_DEADLINE = 3.0
"""Seconds for a list that only makes values readable: it is not worth a longer wait."""


class ObjectType(StrEnum):
    """An object type, as paths and associations name it."""

    CONTACTS = "contacts"
    COMPANIES = "companies"
    DEALS = "deals"
    TICKETS = "tickets"
    NOTES = "notes"
    FEEDBACK = "feedback_submissions"


class HubSpotClient:
    """Reads one account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._names_deadline = min(_NAMES_DEADLINE, transport.deadline)

    async def account(self) -> Account:
        """Needs no scope beyond a valid token."""
        call = Call(operation="account.get", method="GET", path=f"/account-info/{VERSION}/details")
        return (await self._transport.call(call)).read_as(Account)

    async def contact(
        self,
        key: str,
        *,
        id_property: str | None,
        properties: Collection[str],
        associations: Sequence[ObjectType],
    ) -> Record | None:
        """The contact whose id, or unique property, is `key`; None where there is none. Strongly consistent,
        unlike search. A property that does not exist is left out of the answer."""
        params = [("properties", ",".join(sorted(properties)))]
        if associations:
            params.append(("associations", ",".join(associations)))
        if id_property:
            params.append(("idProperty", id_property))
        call = Call(
            operation="contacts.get",
            method="GET",
            path=f"/crm/objects/{VERSION}/contacts/{quote(key, safe='')}",
            params=params,
        )
        try:
            answer = await self._transport.call(call)
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
        return answer.read_as(Record)

    async def contacts_with_phone(
        self, numbers: Sequence[str], properties: Collection[str]
    ) -> tuple[Record, ...]:
        """At most ten, by the search index, which lags: compare afterwards. HubSpot keeps numbers as they were typed,
        and in a property of its own in E.164."""
        asked = [("hs_calculated_phone_number", numbers[:1]), ("phone", numbers), ("mobilephone", numbers)]
        call = Call(
            operation="contacts.search",
            method="POST",
            path=f"/crm/objects/{VERSION}/contacts/search",
            json={
                "filterGroups": [
                    {"filters": [{"propertyName": name, "operator": "IN", "values": list(values)}]}
                    for name, values in asked
                ],
                "properties": sorted(properties),
                "limit": 10,
            },
        )
        return (await self._transport.call(call)).read_as(_RECORDS).results

    async def read_batch(
        self, kind: ObjectType, ids: Sequence[str], properties: Collection[str]
    ) -> tuple[Record, ...]:
        """Those of these records (at most 100) that exist, in any order."""
        call = Call(
            operation=f"{kind}.batch_read",
            method="POST",
            path=f"/crm/objects/{VERSION}/{kind}/batch/read",
            json={
                "properties": sorted(properties),
                "propertiesWithHistory": [],
                "inputs": [{"id": each} for each in ids],
            },
        )
        return (await self._transport.call(call)).read_as(_RECORDS).results

    async def any_of(self, kind: ObjectType) -> None:
        """One cheap read: refused where the token lacks the scope for this object type."""
        path = f"/crm/objects/{VERSION}/{kind}"
        await self._transport.call(
            Call(operation=f"{kind}.list", method="GET", path=path, params=[("limit", "1")])
        )

    async def list_page(
        self,
        kind: ObjectType,
        *,
        properties: Collection[str],
        associations: Sequence[ObjectType] = (),
        after: str | None = None,
        archived: bool = False,
    ) -> Page[Record]:
        """A hundred records, or, with `archived`, of those that were deleted in the last 90 days. It reads the store,
        not the search index; only a short list of properties has room in the address."""
        params = [("limit", str(MOST_ON_A_PAGE)), ("properties", ",".join(sorted(properties)))]
        if associations:
            params.append(("associations", ",".join(associations)))
        if archived:
            params.append(("archived", "true"))
        if after is not None:
            params.append(("after", after))
        call = Call(
            operation=f"{kind}.list", method="GET", path=f"/crm/objects/{VERSION}/{kind}", params=params
        )
        return (await self._transport.call(call)).read_as(_RECORDS)

    async def owners(self) -> tuple[Owner, ...]:
        """Everybody who can own records now: active users, up to 5,000."""
        owners: list[Owner] = []
        after: str | None = None
        for _ in range(MOST_OWNER_PAGES):
            page = await self.owners_page(after=after, deadline=self._names_deadline)
            owners += page.results
            after = page.after
            if after is None:
                break
        return tuple(owners)

    async def owners_page(
        self, *, after: str | None = None, archived: bool = False, deadline: float | None = None
    ) -> Page[Owner]:
        """Of the active users, or, with `archived`, of those who are not any more."""
        params = [("limit", str(OWNERS_PER_PAGE))]
        if archived:
            params.append(("archived", "true"))
        if after is not None:
            params.append(("after", after))
        call = Call(
            operation="owners.list",
            method="GET",
            path=f"/crm/owners/{VERSION}",
            params=params,
            deadline=deadline,
        )
        return (await self._transport.call(call)).read_as(_OWNERS)

    async def pipelines(self, kind: ObjectType) -> tuple[Pipeline, ...]:
        path = f"/crm/pipelines/{VERSION}/{kind}"
        call = Call(operation=f"{kind}.pipelines", method="GET", path=path, deadline=self._names_deadline)
        return (await self._transport.call(call)).read_as(_PIPELINES).results

    async def properties(self, kind: ObjectType) -> tuple[Property, ...]:
        """The definitions of all properties of this object type."""
        path = f"/crm/properties/{VERSION}/{kind}"
        call = Call(operation=f"{kind}.properties", method="GET", path=path, deadline=self._names_deadline)
        return (await self._transport.call(call)).read_as(_PROPERTIES).results
