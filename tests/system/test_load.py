"""The server as a process that has little of everything: memory, descriptors, processors, a name server, a reader of
its log, the right time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp.resolver import ThreadedResolver

from batonpass.app import logs
from batonpass.app.metrics import metrics_app
from batonpass.domain.event import EventKind
from batonpass.testing.happenings import Happening
from batonpass.testing.outbox import Order
from brisk import busy, meanwhile
from cli_rig import SECRETS, Desk, Vendors, emulated, furnished, run, subprocess_environment
from fakes import FakeClock

pytestmark = pytest.mark.proof

PATIENCE = 60.0
"""Seconds."""


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, vendors: Vendors) -> Desk:
    return furnished(tmp_path, vendors)


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    url: str
    api_key: str

    def hand_over(self, number: int) -> httpx.Response:
        body = {
            "conversation": {
                "id": f"talk-{number}",
                "turns": [{"role": "customer", "text": "Please help me."}],
            },
            "customer": {"email": f"person-{number}@example.com"},
        }
        headers = {"Authorization": f"Bearer {self.api_key}"}
        return httpx.post(f"{self.url}/v1/handoffs", json=body, headers=headers, timeout=10, trust_env=False)

    def state(self, handoff_id: str) -> str:
        headers = {"Authorization": f"Bearer {self.api_key}"}
        answer = httpx.get(
            f"{self.url}/v1/handoffs/{handoff_id}", headers=headers, timeout=10, trust_env=False
        )
        state: str = answer.json()["state"]
        return state

    def memory(self, what: str) -> int:
        """Bytes; `VmPeak` is what RLIMIT_AS counts."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(what)) * 1024


@contextmanager
def serving(
    desk: Desk,
    *,
    wrapped: tuple[str, ...] = (),
    stderr: int = subprocess.DEVNULL,
    **environment: str,
) -> Iterator[Server]:
    """`batonpass serve` as a process, ready."""
    process = subprocess.Popen(
        [*wrapped, sys.executable, "-m", "batonpass", "serve", "--config", str(desk.config), "--port", "0"],
        stdout=subprocess.PIPE, stderr=stderr, env=subprocess_environment(**environment),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert "http://" in line, f"it did not start: {process.poll()}"
        url = f"http://{line.split('http://')[1].split('/')[0]}"
        yield Server(process, url, desk.made.api_key)
    finally:
        process.kill()
        process.communicate()


def eventually(what: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not become so in time"
        time.sleep(0.05)


def has_ticket(server: Server, answers: list[httpx.Response]) -> Callable[[], bool]:
    ids = [answer.json()["id"] for answer in answers]
    return lambda: all(server.state(each) in {"ticketed", "announced"} for each in ids)


async def test_w21_three_hundred_webhooks_with_duplicates_are_all_stored_once(tmp_path: Path) -> None:
    async with busy(tmp_path) as play:
        outbox = play.zendesk.outbox
        tickets = [
            play.zendesk.happen(
                Happening(kind=EventKind.TICKET_OPENED, text=f"Please help {n}", email=f"w{n}@example.com")
            )
            for n in range(30)
        ]
        await outbox.settled()
        outbox.hold()
        for number in range(1000):
            if len(outbox._held or ()) >= 270:
                break
            kind = (EventKind.TICKET_ASSIGNED, EventKind.CUSTOMER_REPLIED, EventKind.AGENT_REPLIED)[
                number % 3
            ]
            play.zendesk.happen(Happening(kind=kind, ticket=tickets[number % 30], text=f"{number}"))
        assert outbox._held is not None
        held = list(outbox._held)
        outbox._held += held[::10]  # every tenth a second time
        sent_before = len(outbox.sent)

        posted = outbox.release(Order.SHUFFLED)
        await outbox.settled()
        answers = outbox.sent[sent_before:]
        stored = await play.service.journal.database.run(
            lambda tx: tx.rows("SELECT event_id, count(*) FROM events GROUP BY event_id")
        )

        assert posted >= 297
        assert {sent.status for sent in answers} == {200}
        assert len(answers) == posted
        assert all(count == 1 for _, count in stored)
        assert len(stored) >= len(held)


def test_p14_with_little_memory_few_descriptors_and_one_processor_it_is_slower_and_stands(desk: Desk) -> None:
    little = ("prlimit", f"--as={LIMIT}", "--nofile=256", "taskset", "-c", "0")

    with serving(desk, wrapped=little) as server:
        answers = [server.hand_over(number) for number in range(20)]
        eventually(has_ticket(server, answers))
        host, _, port = server.url.removeprefix("http://").partition(":")
        silent = [
            socket.create_connection((host, int(port))) for _ in range(300)
        ]  # more than it can have open
        time.sleep(0.5)
        for each in silent:
            each.close()
        eventually(lambda: server.hand_over(1000).status_code == 202)
        resident = server.memory("VmHWM")

        assert {answer.status_code for answer in answers} == {202}
        assert server.process.poll() is None
        assert resident < 256 * 1024 * 1024


LIMIT = 640 * 1024 * 1024
"""Of addresses. 475 MB are taken (stacks of threads, libraries), and 100 MB of them are memory: 256 MB of addresses are
too few for Python with what we import."""


def test_p23_a_log_that_nobody_reads_blocks_nobody(desk: Desk) -> None:
    reading, writing = os.pipe()
    noisy = desk.folder / "mappings" / "zendesk.toml"
    good = noisy.read_text(encoding="utf-8")
    try:
        fill(writing)
        with serving(desk, stderr=writing) as server:
            noisy.write_text("[ticket", encoding="utf-8")  # a line for the log
            time.sleep(1.2)
            noisy.write_text(good, encoding="utf-8")
            answers = [server.hand_over(number) for number in range(3)]
            eventually(has_ticket(server, answers))
            alive = httpx.get(f"{server.url}/livez", trust_env=False)
            server.process.send_signal(signal.SIGTERM)
            code = server.process.wait(60)
    finally:
        os.close(reading)
        os.close(writing)

    assert {answer.status_code for answer in answers} == {202}
    assert alive.status_code == 200
    assert code == 143


def fill(pipe: int) -> None:
    os.set_blocking(pipe, False)
    try:
        while True:
            os.write(pipe, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(pipe, True)


def test_p23_what_could_not_be_written_is_counted_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    may_write = threading.Event()

    def write(line: str) -> None:
        may_write.wait(10)
        written.append(line)

    monkeypatch.setattr(logs, "_write", write)
    writer = logs.LineWriter(most=10)
    for number in range(100):
        writer.put(f"line {number}")
    may_write.set()
    writer.flush(10)

    lost = [json.loads(line) for line in written if line.startswith("{")]
    kept = [line for line in written if line.startswith("line")]
    assert 10 <= len(kept) <= 11
    assert sum(line["lines"] for line in lost) == 100 - len(kept)
    assert {line["event"] for line in lost} == {"log_lines_dropped"}


async def test_p25_without_a_name_server_it_starts_and_takes_handoffs_and_goes_on_once_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as down:

        async def no_answer(*_: object, **__: object) -> None:
            raise OSError(socket.EAI_AGAIN, "Temporary failure in name resolution")

        down.setattr(ThreadedResolver, "resolve", no_answer)
        clock = FakeClock()
        async with busy(tmp_path, clock=clock, host="localhost") as play:
            ready = await play.http.get("/readyz")
            told = await play.hand_over({"conversation": {"turns": [{"role": "customer", "text": "Help"}]}})
            await asyncio.sleep(0.5)
            opened_then = list(play.opened)
            down.undo()
            await meanwhile(play, lambda: play.opened == [told["id"]])

    assert ready.status_code == 200
    assert opened_then == []


def test_p22_with_a_broken_configuration_it_does_not_start_and_says_all_that_is_wrong(desk: Desk) -> None:
    desk.change("server", "port", 99_999)
    (desk.folder / "mappings" / "zendesk.toml").write_text("[ticket", encoding="utf-8")
    (desk.folder / "mappings" / "stripe.toml").write_text("[facts]\nplan = 3\n", encoding="utf-8")

    served = run("serve", "--config", desk.config, env=SECRETS)

    assert served.exit_code == 2
    assert "config.toml:" in served.stderr
    assert "zendesk.toml:1:" in served.stderr
    assert "stripe.toml:2:" in served.stderr


async def test_p24_a_storm_of_readers_and_of_labels_makes_no_series(tmp_path: Path) -> None:
    async with busy(tmp_path) as play:
        app = metrics_app(play.service.metrics, play.service.health, play.service.clock)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://metrics") as http:
            await play.hand_over({"conversation": {"turns": [{"role": "customer", "text": "Help"}]}})
            series_before = series((await http.get("/metrics")).text)
            for number in range(40):
                turns = [{"role": "customer", "text": "Help"}]
                conversation: dict[str, Any] = {"channel": f"channel-{number}", "turns": turns}
                await play.hand_over({"conversation": conversation})
                await play.http.post(f"/webhooks/connection-{number}", content=b"{}")
                await play.http.post(
                    "/v1/handoffs", content=b"{}", headers={"Authorization": f"Bearer bp_{number}"}
                )
            await asyncio.sleep(1.1)  # a rendering is shown for a second
            answers = await asyncio.gather(*(http.get("/metrics") for _ in range(300)))

    after = series(answers[0].text)
    assert len({answer.text for answer in answers}) == 1
    assert len(after) < 5000
    assert not [name for name in after if "channel-" in name or "connection-" in name]
    assert len(after - series_before) < 100


def series(text: str) -> set[str]:
    return {line.rpartition(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}
