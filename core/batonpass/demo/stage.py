"""Everything that the demo needs, each on a loopback socket of its own: vendors, batonpass, the AI agent."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import httpx

from batonpass.app.config import Config, load_config
from batonpass.app.new_folder import NewFolder, template_connections, write_folder
from batonpass.app.registry import connectors
from batonpass.app.wiring import running
from batonpass.demo.ai_agent import CALLBACK_PATH, AiAgent
from batonpass.demo.vendor_time import VendorTime
from batonpass.domain.clock import Clock
from batonpass.ports import HelpdeskSettings
from batonpass.testing.emulator import Emulator, Latency
from batonpass.testing.serving import served
from batonpass.web import create_app

LATENCY = Latency(seconds=0.08, spread=0.3)
"""What the vendors' real APIs take, about."""
WEBHOOK_SECRET = "DEMO_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All of it, running."""

    server_url: str
    api_key: str
    config: Config
    vendors: Mapping[str, str]
    """Name → address of its emulator."""
    helpdesk: Emulator
    """It delivers its webhooks to batonpass."""
    ai_agent: AiAgent
    http: httpx.AsyncClient
    """The AI agent's client of the server, with its key."""
    vendor_time: VendorTime
    clock: Clock


@asynccontextmanager
async def set_up(folder: Path, clock: Clock, *, latency: Latency = LATENCY) -> AsyncIterator[Stage]:
    """The stage, with the configuration that `batonpass init` would write into `folder`."""
    vendor_time = VendorTime(clock)
    ai_agent = AiAgent()
    async with AsyncExitStack() as stack:
        emulators = {name: _emulator(name, latency) for name in template_connections()}
        vendors = {
            name: await stack.enter_async_context(served(vendor_time.measured(emulator)))
            for name, emulator in emulators.items()
        }
        callback = await stack.enter_async_context(served(ai_agent.app)) + CALLBACK_PATH
        made, config = _configured(folder, emulators, vendors, callback)
        assert made.callback_secret is not None  # a callback was asked for
        ai_agent.expect_signatures(made.callback_secret.read_text(encoding="utf-8").strip())
        service = await stack.enter_async_context(running(config, clock=clock))
        server_url = await stack.enter_async_context(served(create_app(service)))
        helpdesk = emulators[config.helpdesk.name]
        secret = config.helpdesk.settings.webhook_secret
        assert secret is not None  # `_configured` has set it
        helpdesk.deliver_to(f"{server_url}/webhooks/{config.helpdesk.name}", secret=secret.get_secret_value())
        headers = {"Authorization": f"Bearer {made.api_key}"}
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=server_url, headers=headers, trust_env=False, timeout=30)
        )
        yield Stage(
            server_url=server_url, api_key=made.api_key, config=config, vendors=vendors, helpdesk=helpdesk, ai_agent=ai_agent, http=http,
            vendor_time=vendor_time, clock=clock,
        )  # fmt: skip


def _emulator(name: str, latency: Latency) -> Emulator:
    made: Emulator = connectors()[name].emulator()
    return type(made).with_sample_account(latency=latency)


def _configured(
    folder: Path, emulators: Mapping[str, Emulator], vendors: Mapping[str, str], callback: str
) -> tuple[NewFolder, Config]:
    """`init`'s files with the emulators' addresses and logins; secrets go into an environment of their own."""
    changes: dict[tuple[str, str], str | int | float] = {}
    secrets: dict[tuple[str, str], str] = {}
    for name, emulator in emulators.items():
        table = f"connections.{name}"
        changes[table, "base_url"] = vendors[name]
        hidden = connectors()[name].settings.secret_keys()
        for key, value in emulator.login().items():
            (secrets if key in hidden else changes)[table, key] = value
        if issubclass(connectors()[name].settings, HelpdeskSettings) and emulator.plays:
            changes[table, "webhook_secret"] = f"env:{WEBHOOK_SECRET}"
    made = write_folder(folder, callback_url=callback, changes=changes)
    written = tomllib.loads(made.config.read_text(encoding="utf-8"))["connections"]
    environment = {
        written[table.partition(".")[2]][key].removeprefix("env:"): value
        for (table, key), value in secrets.items()
    }
    environment[WEBHOOK_SECRET] = token_urlsafe(32)
    return made, load_config(made.config, environment)
