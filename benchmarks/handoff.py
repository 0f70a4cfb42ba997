"""What durability costs: batonpass beside a bare client that makes the same vendor calls and keeps nothing.

    python benchmarks/handoff.py            # about five minutes
    python benchmarks/handoff.py --quick

Emulators run in processes of their own, with 80 ms ± 30 % latency and with none. Rounds of both sides alternate in
one run, so that a drifting machine hits both; medians and ratios are printed. The bare client is asyncio and httpx
over the aiohttp transport, with the same parallel look-ups and the same ticket, on the same event loop (uvloop).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import rig
import uvloop

from batonpass.testing.serving import loopback_socket
from batonpass.transport import open_sockets

LATENCY, SPREAD = 0.08, 0.3
IN_FLIGHT = 128
STRIPE = {"Authorization": "Bearer rk_test_emulator", "Stripe-Version": "2026-10-28.endive"}
HUBSPOT = {"Authorization": "Bearer emulator-token"}


# The bare client ---------------------------------------------------------------------------------------------------


class Bare:
    """The calls of one handoff, nothing else: no journal, no mapping, no note of its own."""

    def __init__(self, urls: dict[str, str]) -> None:
        self._urls = urls
        self._http = {name: httpx.AsyncClient(transport=open_sockets()) for name in rig.VENDORS}
        self._zendesk: dict[str, str] = {}

    async def log_in(self) -> None:
        answer = await self._http["zendesk"].post(
            f"{self._urls['zendesk']}/oauth/tokens",
            json={
                "grant_type": "client_credentials", "client_id": "emulated-client",
                "client_secret": "emulated-secret", "scope": "read write",
            },
        )  # fmt: skip
        self._zendesk = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def hand_over(self, number: int) -> float:
        """The moment (perf_counter) at which the ticket was known to be open."""
        email = rig.email(number)
        await asyncio.gather(self._history(email), self._crm(email), self._billing(email))
        base, http = self._urls["zendesk"], self._http["zendesk"]
        key = f"bare-{os.getpid()}-{number}-{time.monotonic_ns()}"
        note = "<p>" + "A line of the note, as long as most of them are. " * 60 + "</p>"
        ticket = {
            "subject": "Refund one of the charges", "external_id": key, "priority": "high",
            "requester": {"name": "Mia Keller", "email": email}, "tags": ["ai_handoff"],
            "comment": {"html_body": note, "public": False},
        }  # fmt: skip
        made = await http.post(
            f"{base}/api/v2/tickets",
            json={"ticket": ticket},
            headers={**self._zendesk, "Idempotency-Key": key},
        )
        made.raise_for_status()
        opened = time.perf_counter()
        stored = await http.get(f"{base}/api/v2/tickets/{made.json()['ticket']['id']}", headers=self._zendesk)
        stored.json()
        return opened

    async def _history(self, email: str) -> None:
        base, http = self._urls["zendesk"], self._http["zendesk"]
        found = await http.get(
            f"{base}/api/v2/users/search", params={"query": f'email:"{email}"'}, headers=self._zendesk
        )
        for user in found.json()["users"][:1]:
            tickets = await http.get(
                f"{base}/api/v2/users/{user['id']}/tickets/requested",
                params={"sort_by": "created_at", "sort_order": "desc"}, headers=self._zendesk,
            )  # fmt: skip
            tickets.json()

    async def _crm(self, email: str) -> None:
        base, http = f"{self._urls['hubspot']}/crm/objects/2026-09", self._http["hubspot"]
        contact = (
            await http.get(
                f"{base}/contacts/{email}",
                params={
                    "idProperty": "email",
                    "properties": "email,lifecyclestage",
                    "associations": "companies,deals",
                },
                headers=HUBSPOT,
            )
        ).json()
        companies = contact.get("associations", {}).get("companies", {}).get("results", [])
        if companies:
            read = {"inputs": [{"id": companies[0]["id"]}], "properties": ["name", "tier", "renewal_date"]}
            (await http.post(f"{base}/companies/batch/read", json=read, headers=HUBSPOT)).json()

    async def _billing(self, email: str) -> None:
        base, http = f"{self._urls['stripe']}/v1", self._http["stripe"]
        customers = (
            await http.get(f"{base}/customers", params={"email": email, "limit": "100"}, headers=STRIPE)
        ).json()
        customer = customers["data"][0]["id"]

        async def read(path: str, **params: str) -> Any:
            answer = await http.get(f"{base}/{path}", params={"customer": customer, **params}, headers=STRIPE)
            return answer.json()

        await asyncio.gather(
            read("subscriptions"), read("invoices", status="open"), read("charges", limit="3")
        )

    async def close(self) -> None:
        for http in self._http.values():
            await http.aclose()


async def run_bare(urls: dict[str, str], count: int, in_flight: int) -> dict[str, float]:
    bare = Bare(urls)
    await bare.log_in()
    await bare.hand_over(0)
    walls: list[float] = []
    numbers = iter(range(1, count + 1))

    async def work() -> None:
        for number in numbers:
            began = time.perf_counter()
            walls.append(await bare.hand_over(number) - began)

    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    await bare.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "rate": count / seconds,
        "cpu_ms": used / count * 1000,
        "wall": statistics.median(walls),
        "peak": peak,
    }


def bare_in_a_process(urls: dict[str, str], count: int, in_flight: int) -> dict[str, float]:
    told = subprocess.run(
        [sys.executable, __file__, "--bare", json.dumps(urls), str(count), str(in_flight)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    result: dict[str, float] = json.loads(told.stdout)
    return result


# batonpass ---------------------------------------------------------------------------------------------------------


async def run_batonpass(
    server: rig.Server, urls: dict[str, str], count: int, in_flight: int, start: int
) -> dict[str, float]:
    """`rate` counts until every ticket is opened and read back; `wall` is from the request to the opened ticket."""
    asked: dict[str, float] = {}
    numbers = iter(range(start, start + count))
    before = counts(urls)
    cpu = server.cpu_seconds()

    async with httpx.AsyncClient(
        base_url=server.url, headers=rig.AUTHORISED, transport=None, timeout=60
    ) as http:

        async def work() -> None:
            for number in numbers:
                at = time.time()
                answer = await http.post("/v1/handoffs", json=rig.request_body(number))
                answer.raise_for_status()
                asked[answer.json()["id"]] = at
                if in_flight == 1:
                    await read_back(number - start + 1)

        async def read_back(wanted: int) -> None:
            while counts(urls)["tickets.read"] - before["tickets.read"] < wanted:
                await asyncio.sleep(0.01 if in_flight == 1 else 0.05)

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(in_flight)))
        await read_back(count)
        seconds = time.perf_counter() - began
    used = server.cpu_seconds() - cpu
    opened = {
        each["key"]: each["at"] for each in rig.ledger(urls["zendesk"]) if each["kind"] == "ticket.opened"
    }
    walls = [_epoch(opened[each]) - at for each, at in asked.items()]
    return {
        "rate": count / seconds, "cpu_ms": used / count * 1000, "wall": statistics.median(walls),
        "peak": server.peak_megabytes(),
    }  # fmt: skip


def _epoch(text: str) -> float:
    from datetime import datetime  # noqa: PLC0415

    return datetime.fromisoformat(text).timestamp()


def counts(urls: dict[str, str]) -> dict[str, int]:
    told = json.loads(httpx.get(f"{urls['zendesk']}/_emulator/counts").content)
    return {"tickets.read": 0, **told}


# Acknowledging -----------------------------------------------------------------------------------------------------


@contextmanager
def one_row_server(folder: Path) -> Iterator[str]:
    """A bare ASGI application that commits one row with fsync and answers 202."""
    port = rig.free_port()
    process = subprocess.Popen([sys.executable, __file__, "--one-row", str(folder / "rows.db"), str(port)])
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            httpx.get(url)
            break
        except httpx.HTTPError:
            time.sleep(0.05)
    try:
        yield url
    finally:
        process.kill()
        process.wait()


def serve_one_row(path: str, port: int) -> None:
    import uvicorn  # noqa: PLC0415

    rows = sqlite3.connect(path, isolation_level=None)
    rows.execute("PRAGMA journal_mode=WAL")
    rows.execute("PRAGMA synchronous=FULL")
    rows.execute("CREATE TABLE deliveries (id INTEGER PRIMARY KEY, body BLOB)")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        rows.execute("INSERT INTO deliveries (body) VALUES (?)", (body,))
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[loopback_socket(port)])


async def acknowledge(url: str, *, rate: float, seconds: float) -> list[float]:
    """Milliseconds to each answer, asked at an even pace whatever the answers take."""
    times: list[float] = []
    transport = httpx.AsyncClient(transport=open_sockets(connections=100))

    async def ask(number: int) -> None:
        content = json.dumps(rig.request_body(number)).encode()
        began = time.perf_counter()
        answer = await transport.post(
            f"{url}/v1/handoffs",
            content=content,
            headers={**rig.AUTHORISED, "Content-Type": "application/json"},
        )
        times.append((time.perf_counter() - began) * 1000)
        answer.raise_for_status()

    began = time.perf_counter()
    tasks = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(number)))
    await asyncio.gather(*tasks)
    await transport.aclose()
    return times[len(times) // 10 :]


# The run -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sizes:
    rounds: int
    low_load: int
    saturation: int
    ack_seconds: float


def compared(name: str, ours: Sequence[float], theirs: Sequence[float], aim: str, unit: str) -> None:
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(
        f"{name:44} {statistics.median(ours):9.1f} {statistics.median(theirs):9.1f} {unit:5} {ratio:7.2f}   {aim}"
    )


def measure(sizes: Sizes) -> None:
    print(f"{'':44} {'batonpass':>9} {'bare':>9} {'':5} {'ratio':>7}   aim")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for latency, label in ((LATENCY, "80 ms ± 30 %"), (0.0, "no latency")):
            with rig.emulators(latency=latency, spread=SPREAD) as urls:
                _measure_handoffs(folder / f"{latency}", urls, sizes, label, latency)
        with rig.emulators(latency=LATENCY, spread=SPREAD) as urls:
            _measure_acknowledging(folder / "ack", urls, sizes)


def _measure_handoffs(folder: Path, urls: dict[str, str], sizes: Sizes, label: str, latency: float) -> None:
    folder.mkdir()
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    low: list[tuple[float, float]] = []
    with rig.server(rig.write_config(folder, urls)) as server:
        asyncio.run(run_batonpass(server, urls, 20, 10, 0))  # warm: tokens, schema, connections
        for number in range(sizes.rounds):
            if latency:
                single = asyncio.run(run_batonpass(server, urls, sizes.low_load, 1, 10_000 * number))
                low.append((single["wall"], bare_in_a_process(urls, sizes.low_load, 1)["wall"]))
            theirs.append(bare_in_a_process(urls, sizes.saturation, IN_FLIGHT))
            ours.append(
                asyncio.run(run_batonpass(server, urls, sizes.saturation, IN_FLIGHT, 10_000 * number + 5000))
            )
    if latency:
        print(f"-- {label}, one at a time; bare: the vendors' critical path")
        compared(
            "request to ticket",
            [wall * 1000 for wall, _ in low],
            [wall * 1000 for _, wall in low],
            "≤ 1.15",
            "ms",
        )
    print(f"-- {label}, {IN_FLIGHT} in flight")
    compared(
        "handoffs per second",
        [each["rate"] for each in ours],
        [each["rate"] for each in theirs],
        "≥ 0.7",
        "1/s",
    )
    compared(
        "CPU per handoff", [each["cpu_ms"] for each in ours], [each["cpu_ms"] for each in theirs], "≤ 2", "ms"
    )
    compared("peak memory", [each["peak"] for each in ours], [each["peak"] for each in theirs], "", "MB")


def _measure_acknowledging(folder: Path, urls: dict[str, str], sizes: Sizes) -> None:
    folder.mkdir()
    ours, theirs = [], []
    with rig.server(rig.write_config(folder, urls)) as server, one_row_server(folder) as one_row:
        for _ in range(sizes.rounds):
            ours.append(asyncio.run(acknowledge(server.url, rate=100, seconds=sizes.ack_seconds)))
            theirs.append(asyncio.run(acknowledge(one_row, rate=100, seconds=sizes.ack_seconds)))
    print("-- acknowledge, 100 requests/s, 80 ms ± 30 %; bare: ASGI, one row, one fsync")
    for label, share, aim in (("p50", 50, ""), ("p99", 99, "≤ 3")):
        compared(
            f"acknowledge {label}",
            [_quantile(each, share) for each in ours],
            [_quantile(each, share) for each in theirs],
            aim,
            "ms",
        )


def _quantile(times: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    if "--bare" in sys.argv:
        print(json.dumps(uvloop.run(run_bare(json.loads(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))))
    elif "--one-row" in sys.argv:
        serve_one_row(sys.argv[2], int(sys.argv[3]))
    else:
        parser = argparse.ArgumentParser(
            description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--quick", action="store_true", help="small sizes: a look, no figures to quote")
        quick = parser.parse_args().quick
        measure(
            Sizes(rounds=1, low_load=5, saturation=200, ack_seconds=3) if quick else Sizes(3, 20, 800, 10)
        )
