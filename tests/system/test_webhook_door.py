"""The vendors' door: what is answered to right and wrong deliveries, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from batonpass_stripe.webhooks import sign
from scene import CALLBACK_SECRET, Logged, Scene, playing

SECRET = SecretStr(CALLBACK_SECRET)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with playing(tmp_path, more='webhook_secret = "env:CALLBACK_SECRET"') as played:
        yield played


def delivery(event: str = "evt_1", kind: str = "customer.updated") -> bytes:
    told = {
        "id": event,
        "object": "event",
        "type": kind,
        "created": 1_763_700_000,
        "livemode": False,
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    }
    return json.dumps(told).encode()


async def deliver(
    scene: Scene, body: bytes, *, to: str = "stripe", secret: SecretStr = SECRET, **headers: str
) -> httpx.Response:
    signature = sign(body, secret=secret, now=scene.clock.now())
    told = {"Stripe-Signature": signature, "Content-Type": "application/json", **headers}
    return await scene.http.post(f"/webhooks/{to}", content=body, headers=told)


def kept(scene: Scene, query: str) -> list[Any]:
    db = sqlite3.connect(scene.service.config.store.path)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


async def test_w01_a_signed_delivery_is_kept_and_answered_without_a_key_of_ours(scene: Scene) -> None:
    body = delivery()

    answer = await deliver(scene, body, Authorization="")

    assert (answer.status_code, answer.json()) == (200, {"new": 1, "seen": 0})
    assert kept(scene, "SELECT connection, body FROM deliveries") == [("stripe", body)]
    assert kept(scene, "SELECT kind, subject_id FROM events") == [("contact_changed", "cus_1")]


async def test_w02_one_changed_byte_is_refused_and_nothing_is_kept(scene: Scene) -> None:
    body = delivery()
    signature = sign(body, secret=SECRET, now=scene.clock.now())

    answer = await scene.http.post(
        "/webhooks/stripe", content=body + b"\n", headers={"Stripe-Signature": signature}
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "no_match")
    assert answer.headers["content-type"] == "application/problem+json"
    assert kept(scene, "SELECT count(*) FROM deliveries") == [(0,)]


async def test_w04_without_a_secret_it_is_our_fault_and_the_vendor_tries_again(scene: Scene) -> None:
    answer = await deliver(scene, delivery(), to="zendesk")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


async def test_w08_a_replay_is_answered_200_and_has_no_effect(scene: Scene) -> None:
    await deliver(scene, delivery())

    again = await deliver(scene, delivery())

    assert (again.status_code, again.json()) == (200, {"new": 0, "seen": 1})
    assert kept(scene, "SELECT count(*) FROM events") == [(1,)]


async def test_w09_a_replay_is_refused_by_its_time_once_its_id_may_be_forgotten(scene: Scene) -> None:
    body = delivery()
    five_minutes_ago = scene.clock.now() - timedelta(seconds=301)
    signature = sign(body, secret=SECRET, now=five_minutes_ago)

    answer = await scene.http.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": signature})

    assert (answer.status_code, answer.json()["code"]) == (401, "too_old")
    assert kept(scene, "SELECT count(*) FROM deliveries") == [(0,)]


async def test_w10_fifty_at_once_are_one_event(scene: Scene) -> None:
    answers = await asyncio.gather(*(deliver(scene, delivery()) for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["new"] for answer in answers) == 1
    assert kept(scene, "SELECT count(*) FROM events") == [(1,)]


async def test_w13_a_secret_of_another_connection_opens_nothing(scene: Scene) -> None:
    other = SecretStr("whsec_b3RoZXJfY29ubmVjdGlvbl9zZWNyZXQ=")

    answer = await deliver(scene, delivery(), secret=other)

    assert answer.status_code == 401


async def test_w15_a_body_over_the_limit_is_413_with_and_without_its_length(scene: Scene) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    told = await scene.http.post("/webhooks/stripe", content=b"x" * 1_000_001)
    untold = await scene.http.post("/webhooks/stripe", content=chunks())

    assert (told.status_code, untold.status_code) == (413, 413)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        b"{" * 100_000,
        b'{"id": NaN}',
        b'{"id": 1e400}',
        b'{"id": ' + b"9" * 5000 + b"}",
        b"\xff",
    ],
    ids=["empty", "list", "text", "deep", "NaN", "too large", "5,000 digits", "no UTF-8"],
)
async def test_w17_signed_nonsense_is_400_and_never_500(scene: Scene, body: bytes) -> None:
    answer = await deliver(scene, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


async def test_w19_an_unknown_type_is_200_and_counted(scene: Scene, logged: Logged) -> None:
    answer = await deliver(scene, delivery(kind="radar.early_fraud_warning.created"))

    assert answer.status_code == 200
    assert kept(scene, "SELECT kind, vendor_kind FROM events") == [
        ("unknown", "radar.early_fraud_warning.created")
    ]
    assert any(line.get("unknown") == ["radar.early_fraud_warning.created"] for line in logged)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/webhooks/stripe", 200),
        ("HEAD", "/webhooks/nobody", 404),
        ("GET", "/webhooks/stripe", 405),
        ("PUT", "/webhooks/stripe", 405),
        ("POST", "/webhooks/stripe/", 404),
        ("POST", "/webhooks/Stripe", 404),
        ("POST", "/webhooks/nobody", 404),
        ("POST", "/webhooks/", 404),
    ],
)
async def test_w20_a_door_and_what_is_none(scene: Scene, method: str, path: str, status: int) -> None:
    answer = await scene.http.request(method, path, content=delivery())

    assert answer.status_code == status


async def test_w20_any_content_type_is_taken_for_the_signature_decides(scene: Scene) -> None:
    answer = await deliver(scene, delivery(), **{"Content-Type": "text/plain"})

    assert answer.status_code == 200


async def test_w22_a_store_that_cannot_write_answers_503_and_the_vendor_comes_back(scene: Scene) -> None:
    locked = sqlite3.connect(scene.service.config.store.path, isolation_level=None)
    locked.execute("BEGIN EXCLUSIVE")
    try:
        refused = await deliver(scene, delivery())
    finally:
        locked.execute("ROLLBACK")
        locked.close()

    again = await deliver(scene, delivery())

    assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
    assert (again.status_code, again.json()["new"]) == (200, 1)


async def test_w24_a_flood_of_bad_signatures_is_a_line_a_second(scene: Scene, logged: Logged) -> None:
    answers = await asyncio.gather(
        *(
            scene.http.post("/webhooks/stripe", content=b"{}", headers={"Stripe-Signature": "t=1,v1=00"})
            for _ in range(100)
        )
    )

    assert {answer.status_code for answer in answers} == {401}
    assert 1 <= sum(line["event"] == "webhook_refused" for line in logged) <= 5


async def test_no_log_line_and_no_answer_carries_the_secret_or_the_body(scene: Scene, logged: Logged) -> None:
    body = delivery().replace(b'"cus_1"', b'"canary-cus-4711"')
    good = await deliver(scene, body)
    bad = await deliver(scene, body, secret=SecretStr("whsec_Y2FuYXJ5X3NlY3JldA=="))

    said = json.dumps(logged, default=str) + good.text + bad.text
    assert "canary" not in said
    assert CALLBACK_SECRET not in said
