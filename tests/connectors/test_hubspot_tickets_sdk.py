"""The official SDK as a client of the emulated tickets: its models are the oracle for the shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hubspot import HubSpot
from hubspot.crm import pipelines, properties, tickets
from hubspot.crm.associations import v4
from hubspot.crm.objects import notes

from batonpass.testing.serving import served_in_thread
from batonpass_hubspot.emulator import ACCESS_TOKEN, HubSpotEmulator
from fakes import FakeClock


@pytest.fixture
def hubspot() -> Iterator[tuple[HubSpotEmulator, HubSpot]]:
    emulator = HubSpotEmulator.with_sample_account(clock=FakeClock())
    with served_in_thread(emulator) as url:
        yield emulator, HubSpot(access_token=ACCESS_TOKEN, host=url)


def ticket(**values: str) -> tickets.SimplePublicObjectInputForCreate:
    return tickets.SimplePublicObjectInputForCreate(
        properties={"subject": "x", "hs_pipeline": "0", "hs_pipeline_stage": "1", **values}, associations=[]
    )


def test_a_unique_property_finds_its_ticket_and_keeps_a_second_out(hubspot: tuple[HubSpotEmulator, HubSpot]):
    _, sdk = hubspot
    made = sdk.crm.tickets.basic_api.create(ticket(batonpass_key="ho_1"))

    found = sdk.crm.tickets.basic_api.get_by_id("ho_1", id_property="batonpass_key", properties=["subject"])
    with pytest.raises(tickets.ApiException) as taken:
        sdk.crm.tickets.basic_api.create(ticket(batonpass_key="ho_1"))
    with pytest.raises(tickets.ApiException) as not_unique:
        sdk.crm.tickets.basic_api.get_by_id("x", id_property="plan")

    assert found.id == made.id
    assert json.loads(taken.value.body)["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"
    assert not_unique.value.status == 400


def test_v30_a_batch_that_fails_in_part_tells_each_by_itself(hubspot: tuple[HubSpotEmulator, HubSpot]):
    emulator, sdk = hubspot
    told = tickets.BatchInputSimplePublicObjectBatchInputForCreate(
        inputs=[
            tickets.SimplePublicObjectBatchInputForCreate(
                properties=ticket(**more).properties, associations=[], object_write_trace_id=name
            )
            for name, more in (("good", {}), ("bad", {"hs_ticket_priority": "SOON"}))
        ]
    )

    answer, status, _ = sdk.crm.tickets.batch_api.create_with_http_info(told)

    assert status == 207
    assert (len(answer.results), answer.num_errors) == (1, 1)
    assert answer.errors[0].context == {"objectWriteTraceId": ["bad"]}
    assert len(emulator.effects("ticket.opened")) == 1


def test_a_note_is_made_on_a_ticket_and_its_link_is_read(hubspot: tuple[HubSpotEmulator, HubSpot]):
    _, sdk = hubspot
    made = sdk.crm.tickets.basic_api.create(ticket())
    link = notes.PublicAssociationsForObject(
        to=notes.PublicObjectId(id=made.id),
        types=[notes.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=228)],
    )
    note = sdk.crm.objects.notes.basic_api.create(
        notes.SimplePublicObjectInputForCreate(
            properties={"hs_note_body": "<p>x</p>", "hs_timestamp": "2026-11-21T12:00:00Z"},
            associations=[link],
        )
    )

    linked = sdk.crm.associations.v4.batch_api.get_page(
        "tickets",
        "notes",
        v4.BatchInputPublicFetchAssociationsBatchRequest(
            inputs=[v4.PublicFetchAssociationsBatchRequest(id=made.id)]
        ),
    )

    assert [str(end.to_object_id) for end in linked.results[0].to] == [note.id]


def test_a_property_needs_its_group_and_is_made_once(hubspot: tuple[HubSpotEmulator, HubSpot]):
    _, sdk = hubspot
    new = properties.PropertyCreate(
        name="colour",
        label="Colour",
        type="enumeration",
        field_type="select",
        group_name="ours",
        options=[properties.OptionInput(label="Red", value="red", hidden=False, display_order=0)],
    )
    with pytest.raises(properties.ApiException) as without_group:
        sdk.crm.properties.core_api.create("tickets", new)
    sdk.crm.properties.groups_api.create(
        "tickets", properties.PropertyGroupCreate(name="ours", label="Ours", display_order=-1)
    )

    made = sdk.crm.properties.core_api.create("tickets", new)
    with pytest.raises(properties.ApiException) as again:
        sdk.crm.properties.core_api.create("tickets", new)

    assert [option.value for option in made.options] == ["red"]
    assert (without_group.value.status, again.value.status) == (400, 409)


def test_stages_tell_whether_they_are_open(hubspot: tuple[HubSpotEmulator, HubSpot]):
    _, sdk = hubspot

    answer: pipelines.CollectionResponsePipelineNoPaging = sdk.crm.pipelines.pipelines_api.get_all("tickets")

    states = {stage.label: stage.metadata["ticketState"] for stage in answer.results[0].stages}
    assert states["Closed"] == "CLOSED"
    assert states["Waiting on us"] == "OPEN"
