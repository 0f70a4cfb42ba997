"""What the API refuses: every answer is a problem that names the field or the limit and quotes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from batonpass.web import create_app
from doors import OTHER_AGENT, OTHER_KEY, post, problem, with_text
from scene import API_KEY, Scene, body, playing

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """One for the whole file: every test hands over conversations of its own."""
    async with playing(tmp_path_factory.mktemp("refusals"), more=OTHER_AGENT) as made:
        yield made


NO_JSON: dict[str, str | bytes] = {
    "nothing": b"",
    "white space": b"  \n",
    "half an object": b'{"conversation": {"turns": [{"role": "customer", "text": "canary',
    "two values": b"{} {}",
    "depth 100 000": with_text("[" * 100_000 + "]" * 100_000),
    "depth 900 around text to be mended": with_text("[" * 900 + '"\\u0000"' + "]" * 900),
    "NaN": '{"confidence": NaN}',
    "Infinity": '{"confidence": -Infinity}',
    "5 000 digits": '{"confidence": ' + "9" * 5000 + "}",
    "a key twice": '{"summary": "canary", "summary": "canary"}',
    "a key twice, deep inside": with_text('{"canary": 1, "canary": 2}'),
    "UTF-16": json.dumps({"summary": "canary"}).encode("utf-16"),
}


@pytest.mark.parametrize("sent", NO_JSON.values(), ids=NO_JSON)
async def test_w17_what_is_no_json_is_answered_400(scene: Scene, sent: str | bytes) -> None:
    answer = await post(scene, sent)

    told = problem(answer, 400, "malformed_json")
    assert told["detail"].startswith("body: ")


NO_HANDOFF = {
    "an array": ("[]", "body"),
    "a string": ('"canary"', "body"),
    "a number": ("1", "body"),
    "null": ("null", "body"),
    "an empty object": ("{}", "conversation"),
    "1e400": ('{"confidence": 1e400}', "confidence"),
    "depth 400": (with_text("[" * 400 + "]" * 400), "conversation.turns.0.text"),
    "no turns": ('{"conversation": {"turns": []}}', "conversation.turns"),
    "turns in no list": ('{"conversation": {"turns": "canary"}}', "conversation.turns"),
    "a turn that is text": ('{"conversation": {"turns": ["canary"]}}', "conversation.turns.0"),
    "text that is a number": (with_text("17"), "conversation.turns.0.text"),
    "text that is null": (with_text("null"), "conversation.turns.0.text"),
    "an unknown role": (
        '{"conversation": {"turns": [{"role": "canary", "text": "canary"}]}}',
        "conversation.turns.0.role",
    ),
    "a confidence in percent": ('{"confidence": 40}', "confidence"),
    "a date that is none": ('{"pages": [{"url": "/", "at": "canary"}]}', "pages.0.at"),
    "a time outside of time": (
        '{"pages": [{"url": "/", "at": "0001-01-01T00:00:00+14:00"}]}',
        "pages.0.at",
    ),
    "an e-mail address that is a list": ('{"customer": {"email": ["canary"]}}', "customer.email"),
    "an unknown identity": ('{"customer": {"identity": "canary"}}', "customer.identity"),
    "a name of 201 characters": (json.dumps({"customer": {"name": "canary" * 34}}), "customer.name"),
    "an unknown reason": ('{"reason": {"code": "canary"}}', "reason.code"),
    "an unknown field": ('{"sumary": "canary"}', "sumary"),
    "an unknown field inside": ('{"customer": {"mail": "canary"}}', "customer.mail"),
}


@pytest.mark.parametrize(("sent", "field"), NO_HANDOFF.values(), ids=NO_HANDOFF)
async def test_w17_what_is_no_handoff_is_answered_422_with_the_fields_path(
    scene: Scene, sent: str, field: str
) -> None:
    answer = await post(scene, sent)

    told = problem(answer, 422, "invalid_request")
    assert field in {error["field"] for error in told["errors"]}
    assert all(error["problem"] for error in told["errors"])


async def test_every_wrong_field_is_named_at_once(scene: Scene) -> None:
    turns = [{"role": "customer", "text": "x", "confidence": 7}, {"role": "ai", "text": "x", "sentiment": -2}]

    answer = await scene.http.post("/v1/handoffs", json={"conversation": {"turns": turns}, "sumary": "x"})

    told = problem(answer, 422, "invalid_request")
    assert {error["field"] for error in told["errors"]} == {
        "conversation.turns.0.confidence",
        "conversation.turns.1.sentiment",
        "sumary",
    }


async def test_a_thousand_wrong_fields_with_long_names_make_a_short_answer(scene: Scene) -> None:
    answer = await scene.http.post("/v1/handoffs", json={f"{n}" * 1000: n for n in range(1000)})

    told = problem(answer, 422, "invalid_request")
    assert len(told["errors"]) == 20
    assert len(answer.content) < 5000


KEYS: dict[str, Any] = {
    "no key": {},
    "a wrong key": {"Authorization": "Bearer bp_canary"},
    "a hash instead of a key": {"Authorization": f"Bearer {hashlib.sha256(API_KEY.encode()).hexdigest()}"},
    "an empty key": {"Authorization": "Bearer"},
    "another scheme": {"Authorization": f"Basic {API_KEY}"},
    "no scheme": {"Authorization": API_KEY},
    "bytes beyond ASCII": {"Authorization": b"Bearer \xf0\x9f\x94\x91"},
}


@pytest.mark.parametrize("headers", KEYS.values(), ids=KEYS)
async def test_without_the_right_key_every_door_answers_401(scene: Scene, headers: Any) -> None:
    handoff_id = await scene.hand_over(body())
    async with httpx.AsyncClient(base_url=scene.http.base_url, headers=headers, verify=False) as stranger:
        answers = [
            await stranger.post("/v1/handoffs", json=body()),
            await stranger.get(f"/v1/handoffs/{handoff_id}"),
            await stranger.get(f"/v1/handoffs/{handoff_id}/transcript"),
        ]

    for answer in answers:
        problem(answer, 401, "unauthorised")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("more", ["", "/transcript"], ids=["status", "transcript"])
async def test_another_agents_handoff_is_not_found(scene: Scene, more: str) -> None:
    handoff_id = await scene.hand_over(body())

    answer = await scene.http.get(
        f"/v1/handoffs/{handoff_id}{more}", headers={"Authorization": f"Bearer {OTHER_KEY}"}
    )

    never_made = await scene.http.get(f"/v1/handoffs/ho_canary{more}")
    assert problem(answer, 404, "not_found") == problem(never_made, 404, "not_found")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_another_content_type_is_answered_415(scene: Scene, kind: str) -> None:
    answer = await post(scene, json.dumps(body()), **{"Content-Type": kind})

    assert "application/json" in problem(answer, 415, "unsupported_media_type")["detail"]


async def test_a_content_type_with_a_charset_is_json(scene: Scene) -> None:
    answer = await post(scene, json.dumps(body()), **{"Content-Type": "Application/JSON; charset=utf-8"})

    assert answer.status_code == 202


@pytest.mark.parametrize(
    "key", [b"", b"x" * 256, "schlüssel".encode(), b"a\tb"], ids=["empty", "too long", "not ASCII", "a tab"]
)
async def test_an_unusable_idempotency_key_is_answered_400_with_the_limit(scene: Scene, key: bytes) -> None:
    answer = await scene.http.post("/v1/handoffs", json=body(), headers={b"Idempotency-Key": key})

    assert "1 to 255" in problem(answer, 400, "bad_idempotency_key")["detail"]


async def _in_chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100_000):
        yield b"x" * 100_000


OVERSIZED: dict[str, Callable[[], Any]] = {
    "with its length": lambda: b"x" * 9_000_000,
    "in chunks": lambda: _in_chunks(9_000_000),
}


@pytest.mark.parametrize("content", OVERSIZED.values(), ids=OVERSIZED)
async def test_a_body_over_the_limit_is_answered_413_naming_the_limit(
    scene: Scene, content: Callable[[], Any]
) -> None:
    answer = await post(scene, content())

    assert "8,000,000 bytes (server.max_body_bytes)" in problem(answer, 413, "too_large")["detail"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/handoffs/", "/docs", "/v1/handoffs/ho_1/canary"])
async def test_an_unknown_path_is_answered_404_as_a_problem(scene: Scene, path: str) -> None:
    problem(await scene.http.get(path), 404, "http_error")


async def test_another_method_is_answered_405_as_a_problem(scene: Scene) -> None:
    problem(await scene.http.delete("/v1/handoffs"), 405, "http_error")


@pytest.mark.parametrize("path", ["/v1/handoffs", "/webhooks/zendesk"])
async def test_a_bug_of_ours_is_answered_503_so_that_it_is_sent_again(
    scene: Scene, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("canary: mia.keller@example.com")

    monkeypatch.setattr(type(scene.service.intake), "accept", broken)
    monkeypatch.setattr(type(scene.service.webhooks), "accept", broken)
    app = create_app(scene.service)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://batonpass", headers=scene.http.headers
    ) as http:
        answer = await http.post(path, json=body())

    assert answer.status_code == 503
    assert answer.json()["code"] == "internal_error"
    assert answer.headers["Retry-After"] == "30"
    assert "canary" not in answer.text
