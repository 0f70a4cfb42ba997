"""The API over real HTTP: what it takes, once for each key, and what it shows."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from doors import OTHER_AGENT, OTHER_KEY, post, problem, with_text
from scene import API_KEY, Scene, body, playing

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """One for the whole file: every test hands over conversations of its own."""
    async with playing(tmp_path_factory.mktemp("api"), more=OTHER_AGENT) as made:
        yield made


def tickets_of(scene: Scene, handoff_id: str) -> int:
    return sum(effect.key == handoff_id for effect in scene.vendors.zendesk.effects("ticket.opened"))


# What is accepted -------------------------------------------------------------------------------------------------

BROKEN_TEXT = {
    "half an emoji": '"I love it \\ud83d so much"',
    "the other half": '"\\ude00 I love it"',
    "NUL": '"before\\u0000after"',
    "a raw control": '"before\x01after"',
}


@pytest.mark.parametrize("raw", BROKEN_TEXT.values(), ids=BROKEN_TEXT)
async def test_w18_broken_text_is_accepted_mended_and_the_ticket_says_so(scene: Scene, raw: str) -> None:
    answer = await post(scene, with_text(raw))

    assert answer.status_code == 202
    status = await scene.until(answer.json()["id"])
    assert status["text_was_mended"] is True
    note = (await scene.ticket(status["id"])).comments[0].html
    assert "\N{REPLACEMENT CHARACTER}" in note.split("Conversation History")[1]
    assert "Some characters could not be stored and stand here as \N{REPLACEMENT CHARACTER}." in note


async def test_w18_broken_utf8_is_accepted_and_mended(scene: Scene) -> None:
    answer = await post(scene, with_text('"caf?"').encode().replace(b"?", b"\xe9"))

    assert answer.status_code == 202
    assert (await scene.until(answer.json()["id"]))["text_was_mended"] is True


@pytest.mark.parametrize("text", ["a\r\nb", "a\rb", "a\tb"], ids=["CR LF", "CR", "tab"])
async def test_line_ends_and_tabs_are_not_called_mended(scene: Scene, text: str) -> None:
    handoff_id = await scene.hand_over(body(text))

    assert (await scene.until(handoff_id))["text_was_mended"] is False
    assert "could not be stored" not in (await scene.ticket(handoff_id)).comments[0].html


async def test_whole_emoji_are_not_called_mended(scene: Scene) -> None:
    answer = await post(
        scene, with_text('"family: \\ud83d\\udc68\\u200d\\ud83d\\udc69\\u200d\\ud83d\\udc67"')
    )

    status = await scene.until(answer.json()["id"])
    assert status["text_was_mended"] is False
    assert "👨\u200d👩\u200d👧" in (await scene.ticket(status["id"])).comments[0].html


async def test_w30_a_request_of_turns_only_makes_a_ticket_that_is_shown_as_poor(scene: Scene) -> None:
    handoff_id = await scene.hand_over({"conversation": {"turns": [{"role": "customer", "text": "Help me"}]}})

    ticket = await scene.ticket(handoff_id)
    note = ticket.comments[0].html
    assert tickets_of(scene, handoff_id) == 1
    assert ticket.requester_id == scene.vendors.zendesk.agent.id
    assert "Help me" in note
    assert "Not given:</b> customer name, e-mail, reason, attempts, summary, confidence, channel." in note
    assert "identity only claimed" in note


@pytest.mark.parametrize("text", ["", " ", "\n\n\t"], ids=["empty", "a space", "white space"])
async def test_w30_turns_without_words_make_a_ticket(scene: Scene, text: str) -> None:
    handoff_id = await scene.hand_over({"conversation": {"turns": [{"role": "ai", "text": text}]}})

    assert (await scene.ticket(handoff_id)).subject.strip()
    assert tickets_of(scene, handoff_id) == 1


async def test_a_hundred_thousand_turns_make_a_ticket_that_says_what_was_left_out(scene: Scene) -> None:
    handoff_id = await scene.hand_over(body(*(f"turn {n}" for n in range(1, 100_001))))

    await scene.until(handoff_id, steps=("open_ticket",), seconds=30)
    note = (await scene.ticket(handoff_id)).comments[0].html
    assert "turns left out. The whole: " in note
    assert "turn 1<" in note
    assert "turn 100000<" in note
    assert "turns omitted (turns " in note


async def test_a_message_of_5_mb_makes_a_ticket_that_says_what_was_cut(scene: Scene) -> None:
    handoff_id = await scene.hand_over(body(f"First words. {'long ' * 1_000_000}Last words."))

    note = (await scene.ticket(handoff_id)).comments[0].html
    transcript = note.split("Conversation History")[1]
    assert "1 long turn cut. The whole: " in transcript
    assert "characters omitted" in transcript
    assert "First words." in transcript
    assert "Last words." in transcript


async def test_the_whole_conversation_stays_readable_over_the_api(scene: Scene) -> None:
    text = f"First words. {'long ' * 200_000}Last words."
    handoff_id = await scene.hand_over(body(text))

    transcript = await scene.http.get(f"/v1/handoffs/{handoff_id}/transcript")

    assert transcript.text == f"[1] customer: {text}"


async def test_202_comes_only_after_the_durable_commit(scene: Scene) -> None:
    with sqlite3.connect(scene.service.config.store.path) as other_writer:
        other_writer.execute("BEGIN IMMEDIATE")

        waiting = asyncio.create_task(scene.http.post("/v1/handoffs", json=body()))
        answered_before, _ = await asyncio.wait([waiting], timeout=0.3)
        other_writer.rollback()
        answer = await waiting

    assert not answered_before
    assert answer.status_code == 202
    with sqlite3.connect(scene.service.config.store.path) as reader:
        kept = reader.execute(
            "SELECT body FROM inbox WHERE handoff_id = ?", (answer.json()["id"],)
        ).fetchall()
    assert [json.loads(body) for (body,) in kept] == [body()]


# Idempotency ------------------------------------------------------------------------------------------------------


async def test_w27_the_same_key_and_body_give_the_same_handoff_replayed(scene: Scene) -> None:
    sent, key = json.dumps(body()), {"Idempotency-Key": "w27-same"}

    first, second = await post(scene, sent, **key), await post(scene, sent, **key)

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == {**second.json(), "replayed": False}
    assert second.json()["replayed"] is True
    assert first.headers["location"] == second.headers["location"] == first.json()["status_url"]
    await scene.until(first.json()["id"])
    assert tickets_of(scene, first.json()["id"]) == 1


async def test_w27_the_same_key_with_another_body_is_answered_422_and_changes_nothing(scene: Scene) -> None:
    key = {"Idempotency-Key": "w27-other"}
    first = await post(scene, json.dumps(body("One thing.")), **key)

    answer = await post(scene, json.dumps(body("The canary.")), **key)

    problem(answer, 422, "idempotency_key_reused")
    assert "One thing." in (await scene.ticket(first.json()["id"])).comments[0].html


async def test_w27_a_refused_request_does_not_use_its_key_up(scene: Scene) -> None:
    key = {"Idempotency-Key": "w27-refused"}
    problem(await post(scene, '{"conversation": {"turns": []}}', **key), 422, "invalid_request")

    answer = await post(scene, json.dumps(body()), **key)

    assert answer.json()["replayed"] is False


async def test_w27_a_key_belongs_to_its_agent(scene: Scene) -> None:
    sent, key = json.dumps(body()), {"Idempotency-Key": "w27-agents"}
    mine = await post(scene, sent, **key)

    theirs = await post(scene, sent, **key, Authorization=f"Bearer {OTHER_KEY}")

    assert theirs.json()["replayed"] is False
    assert theirs.json()["id"] != mine.json()["id"]


async def test_w27_twenty_at_once_make_one_handoff_and_one_ticket(scene: Scene) -> None:
    sent = json.dumps(body())

    answers = await asyncio.gather(
        *(post(scene, sent, **{"Idempotency-Key": "w27-concurrent"}) for _ in range(20))
    )

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted(answer.json()["replayed"] for answer in answers) == [False, *[True] * 19]
    handoff_id = answers[0].json()["id"]
    await scene.until(handoff_id)
    assert tickets_of(scene, handoff_id) == 1


async def test_without_a_key_the_same_body_is_a_new_handoff(scene: Scene) -> None:
    assert await scene.hand_over(body()) != await scene.hand_over(body())


# What is shown ----------------------------------------------------------------------------------------------------


def _full_of_canaries(email: str) -> dict[str, Any]:
    """Every free text of a request marked; the conversation's id is the AI agent's own and is shown."""
    turn = {"text": "canary text", "intent": "canary intent", "page": "https://shop.example/canary"}
    return {
        "conversation": {
            "id": "conversation-17",
            "channel": "canary channel",
            "language": "canary",
            "turns": [{"role": role, **turn} for role in ("customer", "ai", "agent")],
        },
        "customer": {
            "name": "canary name",
            "email": email,
            "phone": "+49 30 canary",
            "external_ids": {"canary system": "canary id"},
            "identity": "verified",
        },
        "reason": {"code": "security", "text": "canary reason"},
        "attempts": [{"action": "canary action", "result": "canary result"}],
        "summary": "canary summary",
        "pages": [{"url": "https://shop.example/canary", "title": "canary title"}],
        "technical": {
            "errors": ["canary error"],
            "browser": "canary browser",
            "os": "canary os",
            "attempted_action": "canary doing",
        },
    }


async def test_the_status_shows_every_step_and_nothing_of_customer_conversation_or_vendors(
    scene: Scene,
) -> None:
    email = "canary@canary.example"
    vendors = scene.vendors
    customer = vendors.stripe.add_customer(email=email, name="canary")
    vendors.stripe.add_subscription(customer, plan="canary plan", amount=4711)
    company = vendors.hubspot.add_company({"name": "canary company", "tier": "canary tier"})
    deal = vendors.hubspot.add_deal({"dealname": "canary deal", "dealstage": "contractsent"})
    vendors.hubspot.add_contact({"email": email, "lastname": "canary"}, companies=[company], deals=[deal])
    requester = vendors.zendesk.add_user("canary user", email=email)
    vendors.zendesk.add_ticket("canary ticket", requester=requester)

    handoff_id = await scene.hand_over(_full_of_canaries(email))

    status = await scene.until(handoff_id)
    assert "canary" in (await scene.ticket(handoff_id)).comments[0].html
    assert "canary" not in json.dumps(status)
    assert "@" not in json.dumps(status)
    gathered = next(step["result"] for step in status["steps"] if step["name"] == "gather_facts")
    assert {report["source"]: report["standing"] for report in gathered["sources"]} == dict.fromkeys(
        ("zendesk", "hubspot", "stripe"), "found"
    )
    assert {step["name"] for step in status["steps"]} == {
        "gather_facts",
        "open_ticket",
        "read_back",
        "announce",
    }
    assert status["conversation_id"] == "conversation-17"
    assert all(attempt["outcome"] == "done" for attempt in status["attempts"])


async def test_the_status_url_leads_to_the_status(scene: Scene) -> None:
    answer = await scene.http.post("/v1/handoffs", json=body())

    status = await scene.http.get(answer.json()["status_url"])

    assert status.status_code == 200
    assert status.json()["id"] == answer.json()["id"]


@pytest.mark.parametrize(("path", "says"), [("/livez", "alive"), ("/readyz", "ready")])
async def test_health_is_told_without_a_key(scene: Scene, path: str, says: str) -> None:
    async with httpx.AsyncClient(base_url=scene.http.base_url, verify=False) as anybody:
        answer = await anybody.get(path)

    assert (answer.status_code, answer.text) == (200, says)


async def test_whatever_the_openapi_document_allows_or_forbids_is_answered_as_it_says(scene: Scene) -> None:
    """Schemathesis makes requests from `/openapi.json`, right ones and wrong ones."""
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
    ]
    tried: set[str] = set()

    def try_out() -> None:
        document = schemathesis.openapi.from_url(f"{scene.http.base_url}/openapi.json")
        for found in document.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]  # an error in the document raises here

            @given(case=operation.as_strategy())
            @settings(
                max_examples=25, deadline=None, database=None, derandomize=True,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            def holds(case: Any) -> None:
                case.call_and_validate(checks=checks, headers={"Authorization": f"Bearer {API_KEY}"})

            holds()
            tried.add(operation.label)

    await asyncio.to_thread(try_out)

    assert tried == {
        "POST /v1/handoffs",
        "GET /v1/handoffs/{handoff_id}",
        "GET /v1/handoffs/{handoff_id}/transcript",
        "POST /webhooks/{connection}",
        "GET /livez",
        "GET /readyz",
    }
