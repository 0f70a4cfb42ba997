"""The conversations that the demo plays: three of its own, or one from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from batonpass.app.intake import UnreadableRequestError, read_request
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.errors import ConfigurationError

_TITLES = {
    "1-double-charge.json": "A double charge",
    "2-locked-out.json": "A locked-out account that becomes a security incident",
    "3-failing-integration.json": "An enterprise customer whose integration fails before renewal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One conversation that will be handed over."""

    title: str
    request: HandoffRequest
    body: bytes
    """As the AI agent sends it."""


def shipped_scripts(now: datetime) -> list[Script]:
    """The demo's own, moved in time so that the customers have just written."""
    folder = files("batonpass.demo") / "conversations"
    return [
        _script(title, json.dumps(_until(now, json.loads((folder / name).read_bytes()))).encode())
        for name, title in _TITLES.items()
    ]


def own_script(path: Path) -> Script:
    """From a file: the API's body, or only its conversation (an object with `turns`).

    Raises `ConfigurationError`, `UnreadableRequestError` and `InvalidRequestError`, which names the fields.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}", code="unreadable") from None
    return _script(path.name, _as_body(body))


def _script(title: str, body: bytes) -> Script:
    request, _ = read_request(body)
    return Script(title=title, request=request, body=body)


def _as_body(content: bytes) -> bytes:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return content  # whoever reads it next says what is wrong with it
    if not isinstance(told, dict):
        raise UnreadableRequestError("the file holds no JSON object")
    return json.dumps({"conversation": told}).encode() if "turns" in told else content


def _until(now: datetime, body: dict[str, Any]) -> dict[str, Any]:
    """The body with all its times moved so that the last turn was at `now`."""
    delay = now - max(datetime.fromisoformat(turn["at"]) for turn in body["conversation"]["turns"])
    for timed in _timed(body):
        timed["at"] = (datetime.fromisoformat(timed["at"]) + delay).isoformat()
    return body


def _timed(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from body["conversation"]["turns"]
    yield from body.get("pages", ())
