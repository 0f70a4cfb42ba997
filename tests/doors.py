"""Calls of the API by hand, and what every refusal of it must be."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx

from scene import Scene

OTHER_KEY = "bp_test_key_of_the_other_bot"
OTHER_AGENT = f"""
[agents.other-bot]
key_sha256 = "{hashlib.sha256(OTHER_KEY.encode()).hexdigest()}"
"""
JSON = {"Content-Type": "application/json"}


async def post(scene: Scene, content: Any, **headers: str) -> httpx.Response:
    return await scene.http.post("/v1/handoffs", content=content, headers={**JSON, **headers})


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem in the answer, which quotes nothing of the request."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "canary" not in answer.text
    told: dict[str, Any] = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["title"]
    assert told["detail"]
    return told


def with_text(raw: str) -> str:
    """A handoff whose one turn has this raw JSON as its text."""
    return f'{{"conversation": {{"turns": [{{"role": "customer", "text": {raw}}}]}}}}'
