"""Fields, options and groups that are refused, gone or renamed: the ticket is made, its note says what they would hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.testing.emulator import Fault
from scene import Logged, Vendors, body, playing


async def test_v23_a_field_that_is_refused_by_name_is_left_out_and_its_value_is_in_the_note(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path) as scene:
        await scene.warm_up()
        plan = scene.field("Plan")
        plan.type = "date"

        handoff_id = await scene.hand_over(body())

        ticket = await scene.ticket(handoff_id)
        assert plan.id not in ticket.fields
        assert ticket.fields[scene.field("MRR").id] == "49.00"
        assert "Plan: Pro (refused by the helpdesk)" in ticket.comments[0].html
        opening = (await scene.step(handoff_id, "open_ticket"))["result"]
        assert opening["not_landed"] == [{"field": "Plan", "why": "refused by the helpdesk", "where": None}]


async def test_v23_a_group_that_is_gone_is_left_out_and_named_in_the_note(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        await scene.warm_up()
        groups = scene.vendors.zendesk.account.groups
        groups.pop(next(group.id for group in groups.values() if group.name == "Support"))

        handoff_id = await scene.hand_over(body())

        ticket = await scene.ticket(handoff_id)
        assert ticket.group_id is None
        assert ticket.priority == "normal"
        assert "Group: Support (refused by the helpdesk)" in ticket.comments[0].html


async def test_v23_an_address_that_is_refused_makes_a_ticket_without_a_requester(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        handoff_id = await scene.hand_over(body(email="mia.keller@localhost"))

        ticket = await scene.ticket(handoff_id)
        assert ticket.requester_id == scene.vendors.zendesk.agent.id
        assert "mia.keller@localhost" in ticket.comments[0].html
        assert "Requester: the customer (refused by the helpdesk)" in ticket.comments[0].html


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_v23_a_refusal_that_names_nothing_makes_a_ticket_of_subject_and_note(
    tmp_path: Path, status: int
) -> None:
    async with playing(tmp_path) as scene:
        scene.vendors.zendesk.next_call(Fault.SERVER_ERROR, operation="tickets.create", status=status)

        handoff_id = await scene.hand_over(body(reason={"code": "billing_dispute"}))

        ticket = await scene.ticket(handoff_id)
        assert (ticket.fields, ticket.priority, ticket.group_id) == ({}, None, None)
        assert ticket.subject
        text = ticket.comments[0].html
        for lost in ("Plan: Pro", "MRR: 49.00", "Priority: high", "Group: Billing", "Tags: ai_handoff"):
            assert f"<li>{lost}" in text
        assert "I was charged twice" in text


async def test_v25_a_field_that_was_switched_off_is_found_by_reading_back_noted_and_reported(
    tmp_path: Path, logged: Logged
) -> None:
    async with playing(tmp_path) as scene:
        await scene.warm_up()
        scene.field("Plan").active = False

        handoff_id = await scene.hand_over(body())
        await scene.settled()

        assert "Plan: Pro (not kept by the helpdesk)" in await scene.note(handoff_id, 1)
        assert len((await scene.ticket(handoff_id)).comments) == 2
        reported = (await scene.step(handoff_id, "read_back"))["result"]["not_landed"]
        assert [(each["field"], each["why"]) for each in reported] == [("Plan", "not kept by the helpdesk")]
        assert [line["fields"] for line in logged if line["event"] == "values_not_landed"] == [["Plan"]]


async def test_v25_a_field_that_was_deleted_is_found_by_reading_back_and_noted(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        await scene.warm_up()
        fields = scene.vendors.zendesk.account.fields
        fields.pop(scene.field("Plan").id)

        handoff_id = await scene.hand_over(body())
        await scene.settled()

        assert "Plan: Pro (not kept by the helpdesk)" in await scene.note(handoff_id, 1)


async def test_v25_a_field_known_to_be_switched_off_is_in_the_note_with_the_mapping_line(
    tmp_path: Path,
) -> None:
    vendors = Vendors()
    vendors.field("Plan").active = False
    async with playing(tmp_path, vendors=vendors) as scene:
        handoff_id = await scene.hand_over(body())
        await scene.settled()

        ticket = await scene.ticket(handoff_id)
        assert len(ticket.comments) == 1
        assert "Plan: Pro (this field is switched off in the helpdesk; " in ticket.comments[0].html
        (lost,) = (await scene.step(handoff_id, "open_ticket"))["result"]["not_landed"]
        file, _, line = lost["where"].rpartition(":")
        mapping = (tmp_path / "mappings" / "zendesk.toml").read_text(encoding="utf-8").splitlines()
        assert file.endswith("zendesk.toml")
        assert mapping[int(line.partition(":")[0]) - 1] == '[fields."Plan"]'


async def test_v26_an_option_that_is_gone_is_found_by_reading_back_and_noted(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        await scene.warm_up()
        scene.field("Customer tier").options.pop("tier_pro")

        handoff_id = await scene.hand_over(body())
        await scene.settled()

        assert "Customer tier: Pro (not kept by the helpdesk)" in await scene.note(handoff_id, 1)


async def test_v26_an_option_that_was_renamed_is_named_in_the_note_with_what_was_probably_meant(
    tmp_path: Path,
) -> None:
    vendors = Vendors()
    vendors.field("Customer tier").options["tier_enterprise"] = "Enterprise plan"
    async with playing(tmp_path, vendors=vendors) as scene:
        handoff_id = await scene.hand_over(body(email="elena.rossi@example.com"))
        await scene.settled()

        ticket = await scene.ticket(handoff_id)
        assert scene.field("Customer tier").id not in ticket.fields
        assert 'did you mean "Enterprise plan"?' in ticket.comments[0].html
        (lost,) = (await scene.step(handoff_id, "open_ticket"))["result"]["not_landed"]
        assert lost["field"] == "Customer tier"


async def test_fields_that_may_not_be_read_cost_no_ticket_their_values_are_in_the_note(
    tmp_path: Path, logged: Logged
) -> None:
    vendors = Vendors()
    vendors.zendesk.next_call(Fault.SERVER_ERROR, operation="fields.list", status=403, times=100)
    async with playing(tmp_path, vendors=vendors) as scene:
        handoff_id = await scene.hand_over(body(confidence=0.4, reason={"code": "security"}))
        await scene.settled()

        ticket = await scene.ticket(handoff_id)
        assert ticket.fields == {}
        for value in (
            "Plan: Pro",
            "MRR: 49.00",
            "AI confidence: 40",
            "Customer tier: Pro",
            "Group: Security",
        ):
            assert f"<li>{value}" in ticket.comments[0].html
        assert "field_schema_unreadable" in {line["event"] for line in logged}
