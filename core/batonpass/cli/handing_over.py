"""Two ways to hand a conversation over from the command line: to a running server, or to an engine of our own."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import httpx

from batonpass.app.config import Config
from batonpass.app.intake import Delivery
from batonpass.app.status import HandoffStatus, status_of
from batonpass.app.wiring import Service, running
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.domain.ids import HandoffId
from batonpass.store import Accepted

_ANSWER_WITHIN = 30.0
_SENDS = 3
"""How often the same handoff is sent, under one Idempotency-Key, before we give up."""


class Counter(Protocol):
    """Where a conversation is handed over and asked about."""

    async def hand_over(self, body: bytes) -> HandoffId:
        """Returns once it is on the disk there. Raises `CommandError`."""
        ...

    async def status(self, handoff_id: HandoffId) -> HandoffStatus:
        """What has become of it. Raises `CommandError`."""
        ...


class Desk(Protocol):
    def opened(self) -> AbstractAsyncContextManager[Counter]: ...


def api_key_from(variable: str) -> str:
    """The key in this environment variable: never an argument, which the process list would show."""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise CommandError(
            f"the environment variable {variable} does not hold the AI agent's API key",
            then=f"export {variable}=… (as `batonpass init` printed it), or --key-env NAME",
            exit_code=ExitCode.UNUSABLE,
            code="no_key",
        )
    return key


class OwnDesk:
    """An engine of our own, for as long as it takes."""

    def __init__(self, config: Config, agent: str | None) -> None:
        self._config = config
        self._agent = _agent_of(config, agent)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Counter]:
        async with running(self._config) as service:
            yield _OwnCounter(service, self._agent)


class _OwnCounter:
    def __init__(self, service: Service, agent: str) -> None:
        self._service = service
        self._agent = agent

    async def hand_over(self, body: bytes) -> HandoffId:
        outcome = (await self._service.intake.accept(Delivery(ai_agent=self._agent, body=body))).outcome
        assert isinstance(outcome, Accepted)  # without a key there is no conflict
        return outcome.handoff_id

    async def status(self, handoff_id: HandoffId) -> HandoffStatus:
        record = await self._service.journal.handoff(handoff_id)
        assert record is not None  # accepted by this very journal
        return status_of(record)


def _agent_of(config: Config, wanted: str | None) -> str:
    if wanted in config.agents or (wanted is None and config.agents):
        return wanted or next(iter(config.agents))
    raise CommandError(
        f"config.toml has no AI agent{'' if wanted is None else f' {wanted!r}'}; "
        f"it has: {', '.join(config.agents) or 'none'}",
        then="add a table [agents.NAME], as config.example.toml shows",
        exit_code=ExitCode.UNUSABLE,
        code="no_agent",
    )


class ServerDesk:
    """A running server, over its API."""

    def __init__(self, url: str, api_key: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise CommandError(
                f"--url: {url!r} is no address", then="--url http://127.0.0.1:8080", exit_code=ExitCode.UNUSABLE,
                code="no_address",
            )  # fmt: skip
        self._url = url
        self._api_key = api_key

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Counter]:
        headers = {"Authorization": f"Bearer {self._api_key}"}
        # No proxies: they would see the key, and most often the server is on this machine.
        async with httpx.AsyncClient(
            base_url=self._url, headers=headers, timeout=_ANSWER_WITHIN, trust_env=False
        ) as http:
            yield _ServerCounter(http, self._url)


class _ServerCounter:
    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url

    async def hand_over(self, body: bytes) -> HandoffId:
        headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        answer = await self._sent("POST", "/v1/handoffs", content=body, headers=headers)
        return HandoffId(self._told(answer)["id"])

    async def status(self, handoff_id: HandoffId) -> HandoffStatus:
        answer = await self._sent("GET", f"/v1/handoffs/{handoff_id}")
        return HandoffStatus.model_validate(self._told(answer))

    async def _sent(self, method: str, path: str, **content: Any) -> httpx.Response:
        for left in reversed(range(_SENDS)):
            try:
                return await self._http.request(method, path, **content)
            except httpx.TransportError as error:
                if left == 0:
                    raise self._failure(f"{type(error).__name__}: no answer", ExitCode.UNREACHABLE) from None
        raise AssertionError("the last one returns or raises")  # pragma: no cover - for the type checker

    def _told(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            told = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise self._failure(f"{answer.status_code}, and no JSON: not batonpass?", ExitCode.UNUSABLE)
        if answer.is_success:
            return told
        fields = "".join(f"\n  {each['field']}: {each['problem']}" for each in told.get("errors") or ())
        code = {401: ExitCode.CREDENTIALS, 503: ExitCode.UNREACHABLE}.get(
            answer.status_code, ExitCode.UNUSABLE
        )
        raise self._failure(
            f"{answer.status_code} {told.get('title', '')}: {told.get('detail', '')}{fields}", code
        )

    def _failure(self, what: str, exit_code: ExitCode) -> CommandError:
        then = {
            ExitCode.CREDENTIALS: "look up which key the server has: [agents.…] key_sha256 in its config.toml",
            ExitCode.UNREACHABLE: "batonpass serve (or another --url), then the same command again",
        }.get(exit_code, "correct what is named, then the same command again")
        return CommandError(f"{self._url}: {what}", then=then, exit_code=exit_code, code="server_refused")
