"""What the benchmarks and the crash proof share: emulators in processes of their own, a server in another."""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvloop

from batonpass.app.registry import connectors
from batonpass.testing.emulator import Latency
from batonpass.testing.serving import served

VENDORS = ("zendesk", "hubspot", "stripe")
API_KEY = "bp_benchmark"
AUTHORISED = {"Authorization": f"Bearer {API_KEY}"}
REPOSITORY = Path(__file__).parent.parent


PEOPLE = 400
"""How many customers the vendors know: one person with all tickets would make every look-up a long one."""


def email(number: int) -> str:
    return f"person-{number % PEOPLE}@example.com"


def request_body(number: int, *, turns: int = 12) -> dict[str, Any]:
    """A handoff of a customer whom all three vendors know."""
    said = [
        "Hello, I was charged twice for my plan this month and I want one of the charges refunded.",
        "I am sorry about that. Let me look at your payments; could you confirm the e-mail address of the account?",
        f"It is {email(number)}. Both charges are of 49 euros, on the same day.",
        "Thank you. I can see two payments of that amount, but I am not allowed to refund one of them myself.",
    ]
    return {
        "conversation": {
            "id": f"conversation-{number}",
            "channel": "web_chat",
            "turns": [{"role": ("customer", "ai")[n % 2], "text": said[n % len(said)]} for n in range(turns)],
        },
        "customer": {"name": f"Person {number % PEOPLE}", "email": email(number), "identity": "verified"},
        "reason": {"code": "billing_dispute", "text": "Refunds need a person"},
        "attempts": [{"action": "Looked up the payments", "result": "Two of 49.00 EUR on one day"}],
        "confidence": 0.42,
    }


@contextmanager
def emulators(*, latency: float = 0.0, spread: float = 0.0, drops: bool = False) -> Iterator[dict[str, str]]:
    """Each vendor in its own process: name → base URL. With `drops`, the helpdesk does not keep one of the fields."""
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue()
    processes = [
        context.Process(target=_emulate, args=(name, latency, spread, drops, queue), daemon=True)
        for name in VENDORS
    ]
    for process in processes:
        process.start()
    try:
        yield dict(queue.get(timeout=30) for _ in processes)
    finally:
        for process in processes:
            process.kill()
            process.join()


def _emulate(name: str, latency: float, spread: float, drops: bool, queue: Any) -> None:
    emulator = type(connectors()[name].emulator()).with_sample_account(
        latency=Latency(seconds=latency, spread=spread)
    )
    _POPULATE[name](emulator)
    if drops and name == "zendesk":
        next(
            each for each in emulator.account.fields.values() if each.title == "Conversation ID"
        ).drops = True

    async def run() -> None:
        async with served(emulator) as url:
            queue.put((name, url))
            await asyncio.Event().wait()

    uvloop.run(run())


def _populate_zendesk(emulator: Any) -> None:
    for number in range(PEOPLE):
        user = emulator.add_user(f"Person {number}", email=email(number))
        for subject in ("Where is my invoice?", "Change of address"):
            emulator.add_ticket(subject, requester=user, status="solved")


def _populate_hubspot(emulator: Any) -> None:
    for number in range(PEOPLE):
        company = emulator.add_company({"name": f"Company {number}", "tier": "pro"})
        emulator.add_contact({"email": email(number), "lifecyclestage": "customer"}, companies=[company])


def _populate_stripe(emulator: Any) -> None:
    for number in range(PEOPLE):
        customer = emulator.add_customer(email=email(number), name=f"Person {number}")
        emulator.add_subscription(customer, plan="Pro", amount=4900)
        for _ in range(2):
            emulator.add_charge(customer, amount=4900)


_POPULATE = {"zendesk": _populate_zendesk, "hubspot": _populate_hubspot, "stripe": _populate_stripe}


def write_config(
    folder: Path,
    urls: Mapping[str, str],
    *,
    callback: str | None = None,
    deadline: float = 10.0,
    more: str = "",
) -> Path:
    """A configuration for the emulators; `deadline` in seconds for one call to the helpdesk."""
    told = f'callback_url = "{callback}"\ncallback_secret = "env:BENCH_CALLBACK"' if callback else ""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    for file in (REPOSITORY / "mappings").glob("*.toml"):
        (folder / "mappings" / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    path = folder / "config.toml"
    path.write_text(
        f"""
[agents.benchmark]
key_sha256 = "{hashlib.sha256(API_KEY.encode()).hexdigest()}"
{told}
[connections.zendesk]
base_url = "{urls["zendesk"]}"
client_id = "emulated-client"
client_secret = "env:BENCH_ZENDESK"
deadline = {deadline}
[connections.hubspot]
base_url = "{urls["hubspot"]}"
access_token = "env:BENCH_HUBSPOT"
[connections.stripe]
base_url = "{urls["stripe"]}"
api_key = "env:BENCH_STRIPE"
mode = "test"
{more}
""",
        encoding="utf-8",
    )
    return path


SECRETS = {
    "BENCH_ZENDESK": "emulated-secret",
    "BENCH_HUBSPOT": "emulator-token",
    "BENCH_STRIPE": "rk_test_emulator",
    "BENCH_CALLBACK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    url: str

    def cpu_seconds(self) -> float:
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


def start_server(
    config: Path,
    *,
    port: int,
    failpoint: str | None = None,
    log: Path | None = None,
    secrets: Mapping[str, str] = SECRETS,
) -> Server:
    """`batonpass serve` in its own process; returns once it is ready, or has died on the way."""
    environment = {**os.environ, **secrets, **({"BATONPASS_FAILPOINT": failpoint} if failpoint else {})}
    errors: Any = log.open("ab") if log else subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", "batonpass", "serve", "--config", str(config), "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=errors,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(f"{url}/readyz", timeout=1).status_code == 200:
                break
        except httpx.HTTPError:
            time.sleep(0.05)
    return Server(process, url)


@contextmanager
def server(config: Path, *, log: Path | None = None) -> Iterator[Server]:
    running = start_server(config, port=free_port(), log=log)
    try:
        yield running
    finally:
        running.process.send_signal(signal.SIGTERM)
        try:
            running.process.wait(15)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()


def ledger(url: str) -> list[dict[str, Any]]:
    """The effects that an emulator has committed."""
    effects: list[dict[str, Any]] = json.loads(httpx.get(f"{url}/_emulator/ledger", timeout=30).content)
    return effects
