"""`batonpass trigger`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from batonpass.domain.event import EventKind
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass.testing.outbox import Outgoing
from batonpass.testing.serving import served_in_thread
from cli_rig import run
from fakes import ToyVendor
from toy_helpdesk import ToyDesk, installed, manifest_of, toy_folder


@dataclass
class PlayingVendor(ToyVendor):
    """Delivers each happening to `endpoint`."""

    plays: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TICKET_SOLVED, EventKind.TICKET_RATED})
    endpoint: str | None = None
    played: list[Happening] = field(default_factory=list)

    def happen(self, happening: Happening) -> str:
        if happening.kind not in self.plays:
            raise CannotPlayError(f"plays {', '.join(sorted(self.plays))}")
        self.played.append(happening)
        if self.endpoint is not None:
            what = f"{happening.kind} {len(self.played)}"
            self.outbox.post(what, self.endpoint, lambda url, now: Outgoing(headers={}, body=b"{}"))
        return happening.ticket or "7"


@dataclass
class Receiver:
    """Answers what it is told to."""

    status: int = 200
    received: int = 0

    async def __call__(self, scope, receive, send):
        self.received += 1
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def served_vendor():
    vendor, receiver = PlayingVendor(), Receiver()
    with served_in_thread(vendor) as url, served_in_thread(receiver) as endpoint:
        yield vendor, receiver, url, endpoint


@pytest.fixture
def vendor(served_vendor):
    made, receiver, _, endpoint = served_vendor
    made.played.clear()
    made.outbox.sent.clear()
    made.outbox.retries = (0.01,)
    made.endpoint = endpoint
    receiver.status, receiver.received = 200, 0
    return made


@pytest.fixture
def receiver(served_vendor):
    return served_vendor[1]


@pytest.fixture
def url(served_vendor):
    return served_vendor[2]


def test_what_happened_and_what_was_answered(vendor, receiver, url):
    shown = run("trigger", "ticket_solved", "--ticket", "12", "--emulator", url)

    assert shown.exit_code == 0
    assert "ticket_solved: 12" in shown.stdout
    assert ": 200" in shown.stdout
    assert receiver.received == 1


def test_options_arrive_at_the_emulator(vendor, url):
    run(
        "trigger", "ticket_rated", "--score", 0.25, "--text", "meh", "--agent", "51", "--tag", "vip", "--field", "Tier",
        "--value", "Pro", "--object", "cus_1", "--group", "Billing", "--email", "a@b.example", "--emulator", url,
    )  # fmt: skip

    assert vendor.played == [
        Happening(
            kind=EventKind.TICKET_RATED, agent="51", group="Billing", text="meh", email="a@b.example", score=0.25,
            tag="vip", field="Tier", value="Pro", object="cus_1",
        )
    ]  # fmt: skip


def test_twice_is_for_this_once(vendor, receiver, url):
    twice = run("trigger", "ticket_solved", "--twice", "--emulator", url, "--json")
    once = run("trigger", "ticket_solved", "--emulator", url, "--json")

    told = json.loads(twice.stdout)
    assert (told["schema"], told["id"]) == ("batonpass.trigger/1", "7")
    assert len(told["deliveries"]) == 2
    assert len(json.loads(once.stdout)["deliveries"]) == 1
    assert receiver.received == 3


def test_held_deliveries_are_released_in_another_order(vendor, receiver, url):
    for _ in range(2):
        held = run("trigger", "ticket_solved", "--hold", "--emulator", url)
    before = receiver.received
    released = run("trigger", "--release", "reversed", "--emulator", url, "--json")

    told = json.loads(released.stdout)
    assert (held.exit_code, before, told["released"]) == (0, 0, 2)
    assert receiver.received == 2
    assert {each["what"] for each in told["deliveries"]} == {"ticket_solved 1", "ticket_solved 2"}


def test_delivery_that_is_never_accepted_is_a_problem(vendor, receiver, url):
    receiver.status = 503

    shown = run("trigger", "ticket_solved", "--emulator", url)

    assert shown.exit_code == 1
    assert ": 503 (try 2)" in shown.stdout


def test_second_try_that_is_accepted_is_none(vendor, receiver, url, monkeypatch):
    answers = iter([503, 200])

    async def call(self, scope, receive, send):
        await send({"type": "http.response.start", "status": next(answers), "headers": []})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(Receiver, "__call__", call)

    assert run("trigger", "ticket_solved", "--emulator", url).exit_code == 0


def test_nobody_listens(vendor, url):
    vendor.endpoint = None

    shown = run("trigger", "ticket_solved", "--emulator", url)

    assert shown.exit_code == 0
    assert "nothing was delivered" in shown.stderr


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.zendesk.com", "http://192.0.2.1:9100", "http://127.0.0.1.example.com", "file:///etc/passwd",
        "http://[::ffff:192.0.2.1]:80", "http://localhost@evil.example", "127.0.0.1:9100",
    ],
)  # fmt: skip
def test_only_this_machine_is_called(address):
    shown = run("trigger", "ticket_solved", "--emulator", address)

    assert shown.exit_code == 2
    assert "not on this machine" in shown.stderr


def test_address_comes_from_the_configuration(tmp_path, monkeypatch, vendor, url):
    with installed(monkeypatch, manifest_of(ToyDesk())):
        config = toy_folder(tmp_path, f'base_url = "{url}"')
        played = run("trigger", "ticket_solved", "--config", config)
        toy_folder(tmp_path)
        real = run("trigger", "ticket_solved", "--config", config)

    assert (played.exit_code, real.exit_code) == (0, 2)
    assert "it is the real account" in real.stderr


def test_kind_that_the_emulator_does_not_play(vendor, url):
    shown = run("trigger", "deal_changed", "--emulator", url)

    assert shown.exit_code == 2
    assert "plays ticket_rated, ticket_solved" in shown.stderr


@pytest.mark.parametrize(
    "arguments",
    [(), ("nonsense",), ("unknown",), ("ticket_solved", "--hold", "--release", "reversed")],
    ids=["nothing", "no kind", "unknown", "both"],
)
def test_bad_usage_ends_with_2(url, arguments):
    assert run("trigger", *arguments, "--emulator", url).exit_code == 2


def test_no_emulator_ends_with_5():
    assert run("trigger", "ticket_solved", "--emulator", "http://127.0.0.1:9").exit_code == 5


def test_something_else_on_that_port_ends_with_2(served_vendor):
    assert run("trigger", "ticket_solved", "--emulator", served_vendor[3]).exit_code == 2
