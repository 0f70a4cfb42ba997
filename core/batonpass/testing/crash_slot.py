"""Where the runs of the crash test are played, one at a time: ports, servers and a store that are used again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx

from batonpass.testing.balancer import balancing
from batonpass.testing.crash_scene import Switch
from batonpass.testing.crash_store import Store
from batonpass.testing.postgres_cluster import held_port
from batonpass.testing.serving import served
from batonpass.testing.zygote import Zygote


@dataclass(slots=True, kw_only=True)
class Slot:
    """Where one run at a time is played."""

    zygote: Zygote
    http: httpx.AsyncClient
    url: str
    """Of batonpass, whatever is behind it."""
    ports: tuple[int, ...]
    store: Store
    helpdesk: Switch = field(default_factory=Switch)
    source: Switch = field(default_factory=Switch)
    callback: Switch = field(default_factory=Switch)
    urls: tuple[str, str, str] = ("", "", "")
    """Of the three, as batonpass reaches them."""


@asynccontextmanager
async def slot(zygote: Zygote, *, nodes: int, store: Store) -> AsyncIterator[Slot]:
    """With several nodes, a load balancer stands before them."""
    async with AsyncExitStack() as stack:
        held = [held_port() for _ in range(nodes)]
        for each in held:
            stack.callback(each.close)
        ports = tuple(each.getsockname()[1] for each in held)
        url = (
            await stack.enter_async_context(balancing(ports)) if nodes > 1 else f"http://127.0.0.1:{ports[0]}"
        )
        http = await stack.enter_async_context(
            httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        )
        made = Slot(zygote=zygote, http=http, url=url, ports=ports, store=store)
        made.urls = (
            await stack.enter_async_context(served(made.helpdesk)),
            await stack.enter_async_context(served(made.source)),
            await stack.enter_async_context(served(made.callback)),
        )
        yield made
