"""`batonpass queue`, with a server that has the store open and without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batonpass.cli.times import moment
from batonpass.domain.event import Event, EventKind
from batonpass.domain.handoff import AttemptRecord, HandoffState, NewStep, Plan, Reaction, StepKind
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.engine import decide
from batonpass.store import Journal, NewDelivery, Received, Started
from cli_rig import (
    Desk,
    Vendors,
    emulated,
    furnished,
)
from operated import NOW, hand_over, park, queue, state, with_journal


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, vendors: Vendors) -> Desk:
    return furnished(tmp_path, vendors)


def test_list_and_show_say_who_waits_since_when_and_why(desk: Desk) -> None:
    (handoff_id,) = with_journal(desk, park)

    listed = queue(desk, "list")
    as_json = json.loads(queue(desk, "list", "--json", "--reason", "no such GROUP").stdout)
    none = queue(desk, "list", "--state", "resolved")
    shown = queue(desk, "show", handoff_id)

    assert listed.exit_code == none.exit_code == shown.exit_code == 0
    assert handoff_id in listed.stdout
    assert "refused: no such group" in listed.stdout
    assert listed.stderr.strip().splitlines()[-1] == f"next: batonpass queue show {handoff_id}"
    assert (as_json["schema"], as_json["counts"]) == ("batonpass.queue/1", {"parked": 1})
    assert as_json["handoffs"][0]["waiting"][0]["status"] == "parked"
    assert none.stdout == ""
    assert "gather_facts" in shown.stdout
    assert shown.stderr.strip().endswith(f"batonpass queue retry {handoff_id}")


def test_without_a_server_the_command_opens_the_store_itself(desk: Desk) -> None:
    made = with_journal(desk, lambda journal: park(journal, 3))

    dry = queue(desk, "retry", "--state", "parked", "--dry-run")
    unasked = queue(desk, "retry", "--state", "parked")
    limited = queue(desk, "retry", "--state", "parked", "--yes", "--limit", 2)
    rest = queue(desk, "retry", "--reason", "no such group", "--yes", "--json")
    nothing_left = queue(desk, "retry", "--all", "--yes")

    assert "retry: 3 handoffs (3 parked)" in dry.stdout
    assert (unasked.exit_code, "--yes" in unasked.stderr.splitlines()[-1]) == (2, True)
    assert (limited.exit_code, "2 begin anew" in limited.stdout) == (0, True)
    assert json.loads(rest.stdout)["changed"] == 1
    assert (nothing_left.exit_code, "retry: 0 handoffs" in nothing_left.stdout) == (0, True)
    assert [state(desk, each) for each in made] == ["requested"] * 3


def test_what_is_not_meant_or_not_there_is_refused(desk: Desk) -> None:
    with_journal(desk, park)

    nothing_said = queue(desk, "retry", "--yes")
    both = queue(desk, "cancel", "--all", "--state", "parked", "--yes")
    unknown = queue(desk, "retry", "ho_none")
    no_time = queue(desk, "list", "--since", "yesterday")
    unreplayed = queue(desk, "replay", "--connection", "zendesk")

    assert [each.exit_code for each in (nothing_said, both, unknown, no_time, unreplayed)] == [2] * 5
    assert "no handoff ho_none" in unknown.stderr
    assert unknown.stderr.strip().splitlines()[-1].startswith("next: batonpass queue list")


def test_while_its_ticket_is_being_opened_a_handoff_is_not_cancelled(desk: Desk) -> None:
    async def opening(journal: Journal) -> HandoffId:
        (handoff_id,) = await hand_over(journal)
        (step,) = await journal.claim([StepKind.GATHER_FACTS], now=NOW, most=1)
        attempt = AttemptRecord(step=step.name, number=1, started_at=NOW, seconds=0.1, outcome="done")
        plan = Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),))
        await journal.finish(step, result={}, plan=plan, attempt=attempt, now=NOW)
        return handoff_id

    handoff_id = with_journal(desk, opening)

    refused = queue(desk, "cancel", handoff_id, "--yes")

    assert refused.exit_code == 5
    assert "try again in a moment" in refused.stderr


def test_replayed_deliveries_are_read_again_and_what_cannot_be_read_is_told(desk: Desk) -> None:
    body = json.dumps(
        {
            "account_id": 1,
            "id": "evt-1",
            "time": "2026-11-21T09:59:59Z",
            "type": "zen:event-type:ticket.created",
            "zendesk_event_version": "2022-11-06",
            "subject": "zen:ticket:5158",
            "detail": {"id": "5158", "status": "OPEN", "actor_id": "77"},
            "event": {},
        }
    ).encode()

    async def deliver(journal: Journal) -> Received:
        event = Event(kind=EventKind.UNKNOWN, id="1", subject_id="5", at=NOW, vendor_kind="x")
        new = NewDelivery(connection="zendesk", body=body, received_at=datetime.now(UTC), events=(event,))
        started = Started(new_id=new_handoff_id, ai_agent="x", plan=decide.on_asked_by_ticket())
        await journal.receive(new, reacts=lambda event, known: Reaction.NONE, started=started)
        broken = NewDelivery(connection="zendesk", body=b"{", received_at=datetime.now(UTC), events=())
        return await journal.receive(broken, reacts=lambda event, known: Reaction.NONE, started=started)

    with_journal(desk, deliver)

    dry = queue(desk, "replay", "--connection", "zendesk", "--since", "1h", "--dry-run")
    done = queue(desk, "replay", "--connection", "zendesk", "--since", "1h", "--yes", "--json")
    one = queue(desk, "replay", 1)
    none = queue(desk, "replay", 4711)

    assert "replay: 2 deliveries" in dry.stdout
    assert dry.stdout.startswith("1  zendesk  ")
    assert (done.exit_code, json.loads(done.stdout)["unreadable"]) == (6, {"malformed_body": 1})
    assert (one.exit_code, "1 read; 0 handoffs begun" in one.stdout) == (0, True)
    assert (none.exit_code, "replay: 0 deliveries" in none.stdout) == (0, True)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("90s", datetime(2026, 11, 21, 9, 58, 30, tzinfo=UTC)),
        ("2h", datetime(2026, 11, 21, 8, 0, tzinfo=UTC)),
        ("1w", datetime(2026, 11, 14, 10, 0, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T10:00:00+01:00", datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
    ],
)
def test_times_are_lengths_or_moments(text: str, at: datetime) -> None:
    assert moment(text, NOW, "--since") == at
