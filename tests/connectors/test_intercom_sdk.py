"""Intercom's own SDK as the emulator's client: what it sends is taken, what it is given it understands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from intercom_rig import broken, checked

from batonpass.testing.serving import served
from batonpass_intercom.emulator import IntercomEmulator
from fakes import FakeClock

intercom = pytest.importorskip("intercom", reason="python-intercom is not installed")
ATTRIBUTES = {"_default_title_": "Refund", "Batonpass key": "ho_9"}
TOKEN = "dG9rOmVtdWxhdGVkX2ludGVyY29tX3Rva2VuXzAx"


@asynccontextmanager
async def sdk(emulator: IntercomEmulator, *, token: str = TOKEN) -> AsyncIterator[intercom.AsyncIntercom]:
    door = checked(emulator)
    async with served(door) as url, httpx.AsyncClient(trust_env=False) as http:
        yield intercom.AsyncIntercom(base_url=url, token=token, httpx_client=http)
    assert not broken(door), "\n".join(broken(door))
    assert door.checked


def an_emulator(**options: float) -> IntercomEmulator:
    return IntercomEmulator.with_sample_account(clock=FakeClock(), **options)


async def test_the_sdk_reads_who_is_there():
    emulator = an_emulator()
    async with sdk(emulator) as client:
        me = await client.admins.identify()
        admins = await client.admins.list()
        teams = await client.teams.list()

    assert me.id == str(emulator.admin.id)
    assert [admin.name for admin in admins.admins] == ["Batonpass Connector", "Ada Admin", "Ben Berger"]
    assert [team.name for team in teams.teams] == ["Support", "Billing", "Security", "Technical"]


async def test_the_sdk_makes_finds_and_meets_a_contact_again():
    emulator = an_emulator(search_lag=60.0)
    async with sdk(emulator) as client:
        made = await client.contacts.create(
            request={"email": "grace@customer.example", "external_id": "7", "name": "Grace"}
        )
        query = {"field": "email", "operator": "=", "value": "grace@customer.example"}
        early = [each async for each in await client.contacts.search(query=query)]
        by_id = await client.contacts.show_contact_by_external_id("7")
        with pytest.raises(intercom.core.api_error.ApiError) as conflict:
            await client.contacts.create(request={"email": "grace@customer.example"})
        emulator.clock.go_on(61)  # type: ignore[attr-defined] - a FakeClock
        late = [each async for each in await client.contacts.search(query=query)]

    assert early == []
    assert [each.id for each in late] == [made.id] == [by_id.id]
    assert conflict.value.status_code == 409


async def test_the_sdk_opens_reads_answers_and_finds_a_ticket():
    emulator = an_emulator()
    key = next(each for each in emulator.account.ticket_fields.values() if each.name == "Batonpass key")
    async with sdk(emulator) as client:
        types = await client.ticket_types.list()
        (contact,) = [each for each in emulator.account.contacts.values() if each.name == "Mia Keller"]
        made = await client.tickets.create(
            ticket_type_id=types.data[0].id,
            contacts=[{"id": contact.id}],
            request_options={"additional_body_parameters": {"ticket_attributes": ATTRIBUTES}},
        )
        note = await client.tickets.reply(
            made.id,
            request={
                "message_type": "note", "type": "admin", "admin_id": str(emulator.admin.id), "body": "<p>x</p>",
            },
        )  # fmt: skip
        read = await client.tickets.get(made.id)
        found = await client.tickets.search(
            query={"field": f"ticket_attribute.{key.id}", "operator": "=", "value": "ho_9"}
        )
        hits = [each async for each in found]

    assert made.ticket_id == "1"
    assert note.part_type == "note"
    assert read.ticket_attributes["_default_title_"] == "Refund"
    assert [part.body for part in read.ticket_parts.ticket_parts] == ["<p>x</p>"]
    assert [each.id for each in hits] == [made.id]


async def test_the_sdk_reads_assigns_and_closes_a_conversation():
    emulator = an_emulator()
    work = emulator.add_conversation("Where is my refund?")
    team = next(iter(emulator.account.teams))
    admin = str(emulator.admin.id)
    async with sdk(emulator) as client:
        await client.conversations.manage(
            str(work.id),
            request={
                "message_type": "assignment",
                "type": "team",
                "admin_id": admin,
                "assignee_id": str(team),
            },
        )
        await client.conversations.manage(
            str(work.id), request={"message_type": "close", "type": "admin", "admin_id": admin}
        )
        read = await client.conversations.find(str(work.id))

    assert (read.state, read.team_assignee_id) == ("closed", team)
    assert read.source.body == "<p>Where is my refund?</p>"


async def test_the_sdk_with_a_wrong_token_is_refused():
    async with sdk(an_emulator(), token="wrong") as client:
        with pytest.raises(intercom.core.api_error.ApiError) as refused:
            await client.admins.list()

    assert refused.value.status_code == 401
