"""The AI agent is told once the ticket is known to exist: signed, durable, and no harm where it cannot be reached."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from batonpass.testing.emulator import Fault
from fakes import FakeClock
from scene import CALLBACK_SECRET, Logged, body, playing


async def test_the_event_is_signed_as_standard_webhooks_says_and_names_the_ticket(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        handoff_id = await scene.hand_over(
            {**body(), "conversation": {"id": "talk-17", "turns": [{"role": "customer", "text": "Help"}]}}
        )
        status = await scene.until(handoff_id)

        ((headers, sent),) = scene.ai_agent.deliveries
        event = Webhook(CALLBACK_SECRET).verify(sent, headers)
        assert headers["webhook-id"] == f"evt_{handoff_id}_ticketed"
        assert event["type"] == "handoff.ticketed"
        assert event["data"]["handoff_id"] == handoff_id
        assert event["data"]["conversation_id"] == "talk-17"
        assert event["data"]["ticket"] == {**status["ticket"], "helpdesk": "zendesk"}
        assert f"your reference is {status['ticket']['id']}" in event["data"]["say"]
        assert (datetime.now(UTC) - datetime.fromisoformat(event["timestamp"])).total_seconds() < 10


async def test_the_sentence_is_said_in_the_conversations_language(tmp_path: Path) -> None:
    german = '[handoff.say]\nde = "Ihr Anliegen hat die Nummer {ticket_id}."'
    async with playing(tmp_path, more=german) as scene:
        for language in ("de-CH", "fr"):
            turns = [{"role": "customer", "text": "Hilfe"}]
            handoff_id = await scene.hand_over({"conversation": {"language": language, "turns": turns}})
            await scene.until(handoff_id)

        first, second = (event["data"]["say"] for event in scene.ai_agent.events)
        assert first == "Ihr Anliegen hat die Nummer 1."
        assert second.startswith("I have passed our conversation on")


async def test_nothing_is_announced_before_the_ticket_is_known_to_exist(tmp_path: Path) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(Fault.ANSWER_LOST, operation="tickets.create")

        await scene.hand_over(body())
        await scene.settled()
        assert scene.opened == scene.handed_over
        assert scene.ai_agent.deliveries == []

        await scene.later(1.2)
        assert len(scene.ai_agent.events) == 1


async def test_a_callback_that_is_down_gets_the_event_once_it_is_back_with_the_same_id(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.ai_agent.statuses = [500, 503, 502, 500, 429, 500, 500]

        handoff_id = await scene.hand_over(body())
        await scene.settled()
        assert (await scene.status(handoff_id))["state"] == "ticketed"
        for _ in range(6):
            await scene.later(60)

        assert len(scene.ai_agent.events) == 1
        assert len(scene.ai_agent.deliveries) == 8
        assert len({headers["webhook-id"] for headers, _ in scene.ai_agent.deliveries}) == 1
        assert scene.opened == [handoff_id]
        assert (await scene.status(handoff_id))["state"] == "announced"


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_callback_that_refuses_parks_its_step_and_leaves_the_ticket_alone(
    tmp_path: Path, logged: Logged, status: int
) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.ai_agent.statuses = [status] * 100

        handoff_id = await scene.hand_over(body())
        await scene.settled()
        await scene.later(3600)

        assert len(scene.ai_agent.deliveries) == 1
        shown = await scene.status(handoff_id)
        assert (shown["state"], shown["parked_because"]) == ("ticketed", None)
        assert shown["ticket"]["id"] == "1"
        assert (await scene.step(handoff_id, "announce"))["status"] == "parked"
        assert [line["log_level"] for line in logged if line["event"] == "step_failed"] == ["error"]


@pytest.mark.parametrize("status", [301, 403], ids=["moved", "forbidden"])
async def test_a_callback_that_a_person_must_mend_is_tried_again(tmp_path: Path, status: int) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.ai_agent.statuses = [status]

        handoff_id = await scene.hand_over(body())
        await scene.settled()
        await scene.later(70)

        assert len(scene.ai_agent.deliveries) == 2
        assert (await scene.status(handoff_id))["state"] == "announced"


async def test_an_agent_without_a_callback_asks_for_the_status(tmp_path: Path) -> None:
    async with playing(tmp_path, callback=False) as scene:
        handoff_id = await scene.hand_over(body())
        status = await scene.until(handoff_id, steps=("read_back",))

        assert status["state"] == "ticketed"
        assert "announce" not in {step["name"] for step in status["steps"]}
