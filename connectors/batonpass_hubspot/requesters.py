"""The customer of a ticket as a HubSpot contact."""

from __future__ import annotations

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import Requester
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.contact_key import ContactKey
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.desk_wire import NewRecord
from batonpass_hubspot.refusals import EXISTING


class Requesters:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def known(self, requester: Requester | None) -> str | None:
        """The id of the contact with exactly this address; None where there is none."""
        key = ContactKey.of_address(requester.email if requester else None)
        if key is None:
            return None
        contact = await self._desk.contact(key)
        return None if contact is None else contact.id

    async def contact_for(self, requester: Requester | None) -> str | None:
        """Found by address or made; None for a requester without one. An address is unique in an account, so that
        making it twice makes it once.

        Where this token may not, or HubSpot refuses the address, that is told as the refusal of this part of the
        ticket, so that the ticket is opened without it and its note says so.
        """
        if requester is None or not requester.email:
            return None
        if ContactKey.of_address(requester.email) is None:
            raise RefusedError("contacts.get: no e-mail address", status=400, fields=("requester",))
        try:
            return await self.known(requester) or await self._made(requester)
        except RefusedError as refused:
            if refused.status in {400, 403, 422}:
                raise RefusedError(
                    str(refused),
                    status=400,
                    fields=("requester", *refused.fields),
                    reasons=refused.reasons,
                    code=refused.code,
                    request_id=refused.request_id,
                ) from None
            raise

    async def _made(self, requester: Requester) -> str:
        first, _, last = (requester.name or "").strip().partition(" ")
        named = {"email": requester.email or "", "firstname": first, "lastname": last.strip()}
        new = NewRecord(properties={name: value for name, value in named.items() if value})
        try:
            return (await self._desk.api.create(ObjectType.CONTACTS, new)).id
        except RefusedError as refused:
            # Made by somebody else a moment ago: "Contact already exists. Existing ID: 123"
            taken = next((each for each in refused.reasons if each.startswith(EXISTING)), None)
            if taken is None:
                raise
            return taken.removeprefix(EXISTING)
