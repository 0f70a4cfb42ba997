"""A load balancer in front of several nodes."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from batonpass.testing.balancer import balancing
from batonpass.testing.postgres_cluster import held_port
from batonpass.testing.serving import served


def node(name: str) -> Starlette:
    return Starlette(routes=[Route("/", lambda request: PlainTextResponse(name))])


def port(url: str) -> int:
    return urlsplit(url).port or 0


async def answers(url: str, times: int) -> list[str]:
    found = []
    for _ in range(times):
        async with httpx.AsyncClient(trust_env=False) as http:
            found.append((await http.get(url)).text)
    return found


async def test_each_connection_goes_to_the_next_node_and_past_one_that_is_down() -> None:
    with held_port() as nobody:
        async with served(node("a")) as one, served(node("b")) as other:
            async with balancing([port(one), port(other)]) as url:
                both = await answers(url, 4)
            async with balancing([nobody.getsockname()[1], port(one)]) as url:
                past = await answers(url, 3)

    assert both == ["a", "b", "a", "b"]
    assert past == ["a", "a", "a"]


async def test_with_no_node_up_the_connection_breaks() -> None:
    with held_port() as nobody:
        async with balancing([nobody.getsockname()[1]]) as url, httpx.AsyncClient(trust_env=False) as http:
            try:
                await http.get(url, timeout=5)
            except httpx.TransportError as error:
                broke = error

    assert not isinstance(broke, httpx.TimeoutException)
