"""The customer as Intercom's contact: found, or made once."""

from __future__ import annotations

from collections.abc import Sequence

from batonpass.domain.errors import OutcomeUnknownError, RefusedError, RetryLaterError
from batonpass.domain.ticket import Requester, TicketKey
from batonpass_intercom import sent_wire, wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.complaints import EXISTING

NAME_OF_NOBODY = "Customer"
SEARCH_LAG = 10.0
"""Seconds until it is worth looking again for a contact that exists but is missing from the search index."""


class Contacts:
    def __init__(self, client: IntercomClient) -> None:
        self._client = client

    async def id_for(self, requester: Requester | None, key: TicketKey) -> str:
        """The contact of this customer; one without an address gets a contact of this ticket's own, by our key.

        Making a contact twice makes one (the second is refused with the first's id), so an unclear answer to it is a
        reason to try again and says nothing about the ticket.
        """
        email = (requester.email or "").strip() if requester else ""
        try:
            if email:
                return await self._with_email(email, requester.name if requester else None)
            return await self._nameless(requester.name if requester else None, f"batonpass-{key}")
        except OutcomeUnknownError as error:
            raise RetryLaterError("contacts.create: no clear answer", code=error.code) from None

    async def with_email(self, email: str) -> tuple[wire.Contact, ...]:
        """All that have exactly this address, as far as the search index knows them; users before leads. Asked for in
        small letters: that Intercom keeps addresses so is assumed, not documented."""
        same = email.strip().casefold()
        found = await self._client.contacts_with_email(email.strip().lower())
        return tuple(_ranked([each for each in found if (each.email or "").casefold() == same]))

    async def _with_email(self, email: str, name: str | None) -> str:
        known = await self.with_email(email)
        if known:
            return known[0].id
        new = sent_wire.NewContact(email=email, name=name or NAME_OF_NOBODY)
        try:
            return (await self._client.create_contact(new)).id
        except RefusedError as refused:
            return await self._after_conflict(refused, email)

    async def _after_conflict(self, refused: RefusedError, email: str) -> str:
        """The search index did not know the contact yet: the refusal's message tells its id, or we look again."""
        if refused.status != 409:
            raise refused
        told = next((reason for reason in refused.reasons if reason.startswith(EXISTING)), None)
        if told is not None:
            return told.removeprefix(EXISTING)
        known = await self.with_email(email)
        if not known:
            raise RetryLaterError(
                "contacts.search: the contact exists and is not in the search index yet",
                retry_after=SEARCH_LAG,
                code="search_lag",
            )
        return known[0].id

    async def _nameless(self, name: str | None, external_id: str) -> str:
        new = sent_wire.NewContact(external_id=external_id, name=name or NAME_OF_NOBODY)
        try:
            return (await self._client.create_contact(new)).id
        except RefusedError as refused:
            if refused.status != 409:
                raise
        return (await self._client.contact_with_external_id(external_id)).id


def _ranked(contacts: Sequence[wire.Contact]) -> list[wire.Contact]:
    return sorted(contacts, key=lambda each: (each.role != "user", each.id))
