"""Which contact is a person's: by HubSpot's id, by any of its addresses, by its phone number and name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import FactAnswer, Standing
from batonpass.domain.person import MatchKey, MatchRule, Person
from batonpass.domain.synced import KeptRecord, KeyKind, RecordKind
from batonpass.ports import Copy, Matched, the_one
from batonpass_hubspot.client import HubSpotClient, ObjectType
from batonpass_hubspot.kept import record_in
from batonpass_hubspot.wanted import EMAIL, MORE_EMAILS
from batonpass_hubspot.wire import Record

FIRST_NAME, LAST_NAME = "firstname", "lastname"
PHONE, MOBILE = "phone", "mobilephone"

IDENTIFYING = (EMAIL, MORE_EMAILS, FIRST_NAME, LAST_NAME, PHONE, MOBILE)
"""The properties that decide whose a contact is."""

_RECORD_ID = re.compile(r"[0-9]{1,20}")
_CONFLICT = 409


class Matching:
    def __init__(self, crm: HubSpotClient, name: str) -> None:
        self._crm = crm
        self._names = (name, "hubspot")

    async def contact_of(
        self, person: Person, *, properties: Collection[str] = (), associations: Sequence[ObjectType] = ()
    ) -> Matched[Record] | FactAnswer:
        """With these properties and links; one call, two for a phone number or an address in another script."""
        person = self._known_here(person)
        asked = {EMAIL, MORE_EMAILS, *properties}
        try:
            return await the_one(
                person, self._names, partial(self._contacts, person, asked=asked, associations=associations)
            )
        except RefusedError as refused:
            # An address is unique in an account; were it not, this is how HubSpot would have to say so.
            if refused.status == _CONFLICT:
                return FactAnswer(standing=Standing.AMBIGUOUS)
            raise

    async def contact_in(self, copy: Copy, person: Person) -> Matched[KeptRecord] | FactAnswer:
        """By the same rules, among what is kept."""
        person = self._known_here(person)
        return await the_one(person, self._names, partial(_kept, copy, person))

    def _known_here(self, person: Person) -> Person:
        known_as = (person.id_at(*self._names) or "").strip()
        if _RECORD_ID.fullmatch(known_as):
            return person
        # another system's id: no contact here can have it
        others = tuple(each for each in person.external_ids if each[0] not in self._names)
        return replace(person, external_ids=others)

    async def _contacts(
        self, person: Person, key: MatchKey, *, asked: Collection[str], associations: Sequence[ObjectType]
    ) -> Sequence[Record]:
        named: list[tuple[str, str | None]]
        match key.rule:
            case MatchRule.EXTERNAL_ID:
                named = [(key.value, None)]
            case MatchRule.EMAIL:
                named = [(each.lower(), EMAIL) for each in person.addresses]
            case MatchRule.PHONE:
                found = await self._crm.contacts_with_phone(person.phones or (key.value,), IDENTIFYING)
                named = [(each.id, None) for each in found if _may_be(person, each)]
                if len(named) > 1:
                    return found[: len(named)]
        contacts = [
            await self._crm.contact(value, id_property=by, properties=asked, associations=associations)
            for value, by in named
        ]
        # The contact itself must say that it has the address: what leads to it must not decide alone.
        fits = {
            each.id: each
            for each in contacts
            if each is not None and (key.rule is not MatchRule.EMAIL or _has_address(person, each))
        }
        return list(fits.values())


async def _kept(copy: Copy, person: Person, key: MatchKey) -> Sequence[KeptRecord]:
    """The contacts of the copy that fit one key."""
    found: list[KeptRecord]
    match key.rule:
        case MatchRule.EXTERNAL_ID:
            one = await copy.record(RecordKind.CUSTOMER, key.value)
            found = [] if one is None else [one]
        case MatchRule.EMAIL:
            known = [
                await copy.known_by(RecordKind.CUSTOMER, KeyKind.EMAIL, each) for each in person.addresses
            ]
            found = [each for some in known for each in some if _has_address(person, record_in(each))]
        case MatchRule.PHONE:
            numbers = person.phones or (key.value,)
            known = [await copy.known_by(RecordKind.CUSTOMER, KeyKind.PHONE, each) for each in numbers]
            found = [each for some in known for each in some if _may_be(person, record_in(each))]
    return list({each.id: each for each in found}.values())


def _has_address(person: Person, contact: Record) -> bool:
    return any(map(person.has_email, _addresses(contact)))


def _may_be(person: Person, contact: Record) -> bool:
    name = f"{contact.stored(FIRST_NAME)} {contact.stored(LAST_NAME)}"
    phones = (contact.stored(PHONE), contact.stored(MOBILE))
    return person.may_be(emails=_addresses(contact), phones=phones, name=name)


def _addresses(contact: Record) -> tuple[str, ...]:
    return (contact.stored(EMAIL), *contact.stored(MORE_EMAILS).split(";"))
