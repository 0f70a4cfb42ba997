"""The operator's hands in the process that has the store open."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from batonpass.app.control import control_socket, listens, socket_path
from batonpass.app.operator import Deliveries, Operator
from batonpass.domain.event import EventKind
from batonpass.store.selection import Action, Selection
from batonpass.testing.emulator import Fault
from cli_rig import (
    Desk,
    Vendors,
    emulated,
    furnished,
    held_open,
    subprocess_environment,
)
from helpdesks import HELPDESKS
from operated import park, queue, serving, state, store_of, until, with_journal
from scene import body, playing


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, vendors: Vendors) -> Desk:
    return furnished(tmp_path, vendors)


def test_a_running_server_does_it_over_its_socket(desk: Desk) -> None:
    first, second = with_journal(desk, lambda journal: park(journal, 2))
    store = store_of(desk).path
    assert store is not None

    with serving(desk):
        mode = stat.S_IMODE(socket_path(store).stat().st_mode)
        retried = queue(desk, "retry", first)
        until(lambda: state(desk, first) in {"ticketed", "announced"})
        cancelled = queue(desk, "cancel", second, "--yes")
        again = queue(desk, "cancel", second, "--yes")

    assert (retried.exit_code, cancelled.exit_code, again.exit_code) == (0, 0, 1)
    assert mode == 0o600
    assert state(desk, second) == "abandoned"
    assert "over already" in again.stderr
    assert not socket_path(store).exists()
    assert desk.emulators["zendesk"].calls.count("tickets.create") == 1


def test_a_server_that_does_not_let_operators_in_is_told(desk: Desk) -> None:
    (handoff_id,) = with_journal(desk, park)
    store = store_of(desk).path
    assert store is not None

    with held_open(store):
        refused = queue(desk, "retry", handoff_id)

    assert refused.exit_code == 2
    assert "another batonpass process has it open" in refused.stderr
    assert refused.stderr.strip().splitlines()[-1].startswith("next: ")


def test_a_stale_socket_is_replaced_and_a_long_path_is_told_in_a_file(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    for store in (tmp_path / "a.db", folder / "a.db"):
        with socket.socket(socket.AF_UNIX) as dead:
            os.chdir(store.parent)
            dead.bind("a.db.sock")
        assert not listens(store)

        with control_socket(store) as listening:
            reached = listens(store)
            mode = stat.S_IMODE(Path(listening.getsockname()).stat().st_mode)

        assert (reached, mode) == (True, 0o600)
        assert not socket_path(store).exists()
        assert not listens(store)


def test_a_server_that_falls_silent_is_told_and_asking_again_does_no_harm(desk: Desk) -> None:
    (handoff_id,) = with_journal(desk, park)
    store = store_of(desk).path
    assert store is not None
    script = (
        "import sys; from pathlib import Path; from batonpass.app.control import control_socket\n"
        "with control_socket(Path(sys.argv[1])) as listening:\n"
        "    print('up', flush=True)\n"
        "    for _ in range(2): listening.accept()[0].close()\n"
    )
    silent = subprocess.Popen(
        [sys.executable, "-c", script, str(store)],
        stdout=subprocess.PIPE,
        text=True,
        env=subprocess_environment(),
    )
    assert silent.stdout is not None
    silent.stdout.readline()

    told = queue(desk, "retry", handoff_id)
    silent.communicate(timeout=10)

    assert told.exit_code == 5
    assert "asking again does no harm" in told.stderr


async def test_the_ai_agent_hears_that_its_handoff_was_cancelled(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        scene.vendors.zendesk.next_call(Fault.SERVER_ERROR, operation="tickets.create", times=50)
        handoff_id = await scene.hand_over(body())
        service = scene.service
        assert service.engine is not None
        wake = service.engine.wake
        hands = Operator(service.config, service.journal.database, service.webhooks, service.clock, wake)
        async with asyncio.timeout(20):
            while not (done := await hands.act(Action.CANCEL, Selection(ids=(handoff_id,)))).changed:
                await asyncio.sleep(0.05)
            while not scene.ai_agent.deliveries:
                await asyncio.sleep(0.05)

        told = [event for event in scene.ai_agent.events if event["type"] == "handoff.cancelled"]
        assert done.changed == 1
        assert [(event["data"]["handoff_id"], event["data"]["ticket"]) for event in told] == [
            (handoff_id, None)
        ]


async def test_a_ticket_that_asks_in_a_replayed_delivery_is_read_again_and_gets_no_second_handoff(
    tmp_path: Path,
) -> None:
    known = HELPDESKS[0]
    async with known.plays(tmp_path) as played:
        ticket = await played.happens(EventKind.TICKET_OPENED, text="Please help")
        await played.happens(EventKind.HANDOFF_ASKED, ticket=ticket, **known.asks)
        await played.settled()
        first = await played.all_handoffs()
        service = played.service
        hands = Operator(
            service.config, service.journal.database, service.webhooks, played.clock, lambda: None
        )

        done = await hands.replay(Deliveries(connection=played.name))
        await played.settled()

        assert await played.all_handoffs() == first
        assert (done.started, done.followed) == (0, 1)
        notes = [note for note in played.emulator.internal_notes(ticket) if "Conversation History" in note]
        assert (played.emulator.effects("ticket.opened"), len(notes)) == ([], 1)
