"""An installation with a past: a server over the three emulators, with handoffs that it has made tickets of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from batonpass.app.config import load_config
from batonpass.app.wiring import Service, running
from batonpass.testing.serving import served
from batonpass.web import create_app
from cli_rig import CONVERSATIONS, SECRETS, Desk, Vendors, furnished, run

DOUBLE_CHARGE, FAILING = "1-double-charge.json", "3-failing-integration.json"


@dataclass
class Installation:
    desk: Desk
    service: Service
    http: httpx.AsyncClient
    made: list[str]
    """Ids of the handoffs, oldest first."""

    @property
    def mapping(self) -> Path:
        return self.desk.folder / "mappings" / "zendesk.toml"

    async def hand_over(self, conversation: str, reason: str, number: int) -> None:
        body: dict[str, Any] = json.loads((CONVERSATIONS / conversation).read_bytes())
        body["conversation"]["id"] = f"chat-{number}"
        body["reason"]["code"] = reason
        answer = await self.http.post("/v1/handoffs", json=body)
        assert answer.status_code == 202, answer.text
        self.made.append(answer.json()["id"])

    async def settled(self) -> None:
        """Every step of every handoff is done."""
        async with asyncio.timeout(30):
            for each in self.made:
                while not await self._rests(each):
                    await asyncio.sleep(0.05)

    async def _rests(self, handoff_id: str) -> bool:
        record = await self.service.journal.handoff(handoff_id)  # type: ignore[arg-type]
        assert record is not None
        return all(step.status in {"done", "parked"} for step in record.steps)

    async def command(self, *arguments: object) -> Any:
        """The command in another thread, as another process would run it beside the server."""
        return await asyncio.to_thread(run, *arguments, env=SECRETS)


@asynccontextmanager
async def installation(
    folder: Path, vendors: Vendors, *, mapping: str, more: str = ""
) -> AsyncIterator[Installation]:
    desk = furnished(folder, vendors)
    (folder / "mappings" / "zendesk.toml").write_text(mapping)
    if more:
        desk.config.write_text(f"{desk.config.read_text()}\n{more}\n")
    config = load_config(desk.config, environment(SECRETS))
    async with running(config) as service, served(create_app(service)) as url:
        headers = {"Authorization": f"Bearer {desk.made.api_key}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as http:
            yield Installation(desk=desk, service=service, http=http, made=[])


def environment(secrets: Mapping[str, str]) -> dict[str, str]:
    return dict(secrets)
