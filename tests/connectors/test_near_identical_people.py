"""The matching rules through every connector, over HTTP: who looks like somebody else is not taken for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import freshdesk_rig
import hubspot_rig
import intercom_rig
import pytest
import stripe_rig

from batonpass.context.identity import IdentityRules, person_of
from batonpass.domain.facts import FactAnswer, Standing
from batonpass.domain.person import MatchStrength, Person
from batonpass_freshdesk.emulator import FreshdeskEmulator
from batonpass_hubspot.emulator import HubSpotEmulator
from batonpass_intercom.emulator import IntercomEmulator
from batonpass_stripe.emulator import StripeEmulator
from batonpass_zendesk.emulator import ZendeskEmulator
from fakes import FakeClock
from near_identical import SYSTEM, Case, Record, cases
from zendesk_served import HandClock
from zendesk_served import desk as zendesk_desk

PEOPLE = 5
Ask = Callable[[Person], Awaitable[FactAnswer]]
KEEPS_SMALL_LETTERS = {"intercom"}
"""Where an address is kept in small letters, two that differ in case are one."""


@asynccontextmanager
async def zendesk(records: Mapping[str, Record]) -> AsyncIterator[Ask]:
    clock = HandClock()
    emulator = ZendeskEmulator(clock=clock)
    for each in records.values():
        user = emulator.add_user(each.name, email=each.email, external_id=f"crm-{each.id}")
        user.phone = each.phone
        emulator.add_ticket(each.owner, requester=user, created_at=clock.now())
    async with zendesk_desk(emulator, faulty=True) as made:
        yield lambda person: made.zendesk.facts_about(_known_here(person, prefix="crm-"), ())


@asynccontextmanager
async def freshdesk(records: Mapping[str, Record]) -> AsyncIterator[Ask]:
    clock = FakeClock()
    emulator = FreshdeskEmulator(clock=clock)
    for each in records.values():
        user = emulator.add_user(each.name, email=each.email, external_id=f"crm-{each.id}")
        user.mobile = each.phone
        emulator.add_ticket(each.owner, requester=user, created_at=clock.now())
    async with freshdesk_rig.desk(emulator, faulty=True) as made:
        yield lambda person: made.freshdesk.facts_about(_known_here(person, prefix="crm-"), ())


@asynccontextmanager
async def intercom(records: Mapping[str, Record]) -> AsyncIterator[Ask]:
    emulator = IntercomEmulator(clock=FakeClock())
    for each in records.values():
        contact = emulator.add_contact(each.name, each.email, external_id=f"crm-{each.id}")
        contact.phone = each.phone
        emulator.desk.start_conversation(contact, each.owner, title=each.owner)
    async with intercom_rig.desk(emulator, faulty=True) as made:
        made.clock.go_on(600)
        yield lambda person: made.intercom.facts_about(_known_here(person, prefix="crm-"), ())


@asynccontextmanager
async def hubspot(records: Mapping[str, Record]) -> AsyncIterator[Ask]:
    emulator = HubSpotEmulator(clock=FakeClock())
    emulator.search_limits.per_second = 1000
    emulator.account.define("contacts", "marker", "string")
    ids = {}
    for each in records.values():
        first, _, last = each.name.partition(" ")
        told = {"email": each.email, "firstname": first, "lastname": last, "phone": each.phone}
        told["marker"] = each.owner
        ids[each.id] = emulator.add_contact({name: value for name, value in told.items() if value})
    async with hubspot_rig.connected(emulator, clock=FakeClock()) as crm:

        async def ask(person: Person) -> FactAnswer:
            known = tuple((system, ids.get(id_, "0")) for system, id_ in person.external_ids)
            asked = replace(person, external_ids=known)
            return await crm.facts_about(asked, hubspot_rig.rules("contact.marker"))

        yield ask


@asynccontextmanager
async def stripe(records: Mapping[str, Record]) -> AsyncIterator[Ask]:
    emulator = StripeEmulator()
    for each in records.values():
        emulator.add_customer(
            id=f"cus_{each.id}", name=each.name, email=each.email, metadata={"owner": each.owner}
        )
    async with stripe_rig.connected(emulator, within_contract=False, name=SYSTEM) as billing:

        async def ask(person: Person) -> FactAnswer:
            asked = _known_here(person, prefix="cus_")
            return await billing.facts_about(asked, stripe_rig.rules("customer.metadata.owner"))

        yield ask


VENDORS = {
    "zendesk": zendesk, "freshdesk": freshdesk, "intercom": intercom, "hubspot": hubspot, "stripe": stripe,
}  # fmt: skip


def _known_here(person: Person, *, prefix: str) -> Person:
    known = tuple(("support", f"{prefix}{id_}") for _, id_ in person.external_ids)
    return replace(
        person, external_ids=known if prefix == "crm-" else tuple((SYSTEM, each[1]) for each in known)
    )


def _whose(answer: FactAnswer) -> set[str]:
    told = {str(fact.value) for fact in answer.facts if isinstance(fact.value, str)}
    return told | {contact.title for contact in answer.contacts}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_d01_nobody_is_taken_for_somebody_else(vendor: str) -> None:
    asked = [_apart(case, number) for number, case in enumerate(cases(PEOPLE))]
    records = {f"{number} {each.owner}": each for number, case in enumerate(asked) for each in case.records}
    wrong: list[str] = []
    right = 0

    async with VENDORS[vendor](records) as ask:
        for case in asked:
            person = person_of(case.request, IdentityRules(default_region="DE"))
            answer = await ask(person)
            whose = _whose(answer)
            undecidable = not case.has_own and (
                case.shared or (case.kind == "case" and vendor in KEEPS_SMALL_LETTERS)
            )
            if "other" in whose and not undecidable:
                wrong.append(case.kind)
            if answer.standing is not Standing.FOUND:
                assert (whose, answer.matched_by) == (set(), MatchStrength.NONE)
            right += "own" in whose

    assert wrong == []
    assert right > PEOPLE, "some are found"


def _apart(case: Case, number: int) -> Case:
    """The same case for people of its own: all stand in one account."""
    return _renumbered(case, number, (case.own, case.other))


def _renumbered(case: Case, number: int, both: Sequence[Record]) -> Case:
    own, other = (
        replace(
            each,
            id=f"{number}{each.id}" if each.id.isdigit() else each.id,
            email=None if each.email is None else f"p{number}{each.email}",
            phone=None if each.phone is None else f"{each.phone[:-3]}{number:03}",
        )
        for each in both
    )
    customer = case.request.customer.model_copy(
        update={
            "email": own.email,
            "phone": case.own.phone and own.phone,
            "external_ids": dict.fromkeys(case.request.customer.external_ids, own.id),
        }
    )
    return replace(case, own=own, other=other, request=case.request.model_copy(update={"customer": customer}))
