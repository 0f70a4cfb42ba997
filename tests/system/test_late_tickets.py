"""A customer whose ticket is late is told so honestly, the team hears of it once, and the work goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from batonpass.domain.alert import Alert, AlertKind
from batonpass.testing.emulator import Fault
from batonpass.testing.serving import served
from brisk import Team, eventually, later, meanwhile, record, rested, run_jobs_often, told_at
from fakes import FakeClock
from scene import Scene, body, playing

LATE = "Handoffs are late"
HOUR = 3600.0


@pytest.fixture(autouse=True)
def jobs_that_run_often(monkeypatch: pytest.MonkeyPatch) -> None:
    run_jobs_often(monkeypatch)


@pytest.fixture
def team() -> Team:
    return Team()


@asynccontextmanager
async def watched(folder: Path, team: Team, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """Everything runs on a clock that stands still, and the team is told of alerts."""
    async with served(team) as url:
        told = told_at(monkeypatch, url)
        async with playing(folder, clock=FakeClock(), more=told) as scene:
            yield scene


def down(scene: Scene) -> None:
    """The helpdesk opens no ticket until it is healed."""
    scene.vendors.zendesk.next_call(
        Fault.SERVER_ERROR, operation="tickets.create", status=503, times=1_000_000
    )


def heard(scene: Scene, kind: str) -> list[dict[str, object]]:
    return [event["data"] for event in scene.ai_agent.events if event["type"] == f"handoff.{kind}"]


async def open_alerts(scene: Scene, kind: AlertKind) -> list[Alert]:
    found = await scene.service.engine.installation.open_alerts()  # type: ignore[union-attr]
    return [alert for alert in found if alert.kind is kind]


async def test_v06_i6_after_two_minutes_the_customer_is_told_the_truth_once_and_the_team_hears_once(
    tmp_path: Path, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(tmp_path, team, monkeypatch) as scene:
        down(scene)
        handoff_id = await scene.hand_over(body())
        await rested(scene)

        await later(scene, 60, 55)
        before = list(scene.ai_agent.events)
        await later(scene, 10)
        await meanwhile(scene, lambda: len(heard(scene, "delayed")) == 1 and len(team.titles(LATE)) == 1)
        await later(scene, *[60.0] * 10)
        tried = (await record(scene, handoff_id)).attempts

        assert before == []
        assert [data["handoff_id"] for data in heard(scene, "delayed")] == [handoff_id]
        (delayed,) = heard(scene, "delayed")
        assert delayed["ticket"] is None
        assert "no person has your conversation so far" in str(delayed["say"])
        assert heard(scene, "ticketed") == []
        assert team.titles(LATE) == [f"batonpass: {LATE} (zendesk)"]
        assert sum(attempt.step == "open_ticket" for attempt in tried) > 4


async def test_v06_once_the_helpdesk_is_back_there_is_one_ticket_and_the_alert_is_over(
    tmp_path: Path, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(tmp_path, team, monkeypatch) as scene:
        down(scene)
        handoffs = [await scene.hand_over(body()) for _ in range(3)]
        await rested(scene)
        await later(scene, 60, 65)
        await meanwhile(scene, lambda: len(team.titles(LATE)) == 1)

        scene.vendors.zendesk.heal()
        await later(scene, 31, HOUR, HOUR)
        await meanwhile(scene, lambda: len(heard(scene, "ticketed")) == 3)
        await meanwhile(scene, lambda: len(team.titles(LATE)) == 2)
        await later(scene, 60, 60)

        assert sorted(scene.opened) == sorted(handoffs)
        assert sorted(str(data["handoff_id"]) for data in heard(scene, "ticketed")) == sorted(handoffs)
        assert len(heard(scene, "delayed")) == 3
        assert team.titles(LATE) == [f"batonpass: {LATE} (zendesk)", f"batonpass: Over: {LATE} (zendesk)"]


async def test_i7_facts_that_took_their_time_do_not_make_the_alert_flap(
    tmp_path: Path, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has been in its present state for less than two minutes, but its customer has waited for longer."""
    async with watched(tmp_path, team, monkeypatch) as scene:
        down(scene)
        for vendor in (scene.vendors.hubspot, scene.vendors.stripe):
            vendor.next_call(Fault.ANSWERED_LATE, seconds=0.5)
        handoff_id = await scene.hand_over(body())
        assert isinstance(scene.clock, FakeClock)
        scene.clock.go_on(4)
        await rested(scene)

        await later(scene, 60, 57)
        await meanwhile(scene, lambda: len(team.titles(LATE)) == 1)
        await later(scene, 5, 5, 5)
        await meanwhile(scene, lambda: len(heard(scene, "delayed")) == 1)

        now = await record(scene, handoff_id)
        assert now.updated_at - now.created_at > timedelta(seconds=3)
        assert team.titles(LATE) == [f"batonpass: {LATE} (zendesk)"]


@pytest.mark.proof
async def test_v06_after_three_days_it_is_parked_with_its_reason_and_somebody_is_alerted(
    tmp_path: Path, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(tmp_path, team, monkeypatch) as scene:
        down(scene)
        handoff_id = await scene.hand_over(body())
        await rested(scene)

        await later(scene, 60, 70, HOUR, *[6 * HOUR] * 11, 4 * HOUR)
        state_then = (await record(scene, handoff_id)).state
        titles_then = team.titles("wait for a person")
        for _ in range(24):
            await later(scene, 2 * HOUR)
            if (await record(scene, handoff_id)).state == "parked":
                break
        ended = await record(scene, handoff_id)
        await meanwhile(scene, lambda: len(team.titles("wait for a person")) >= 1)

        assert (state_then, titles_then) == ("enriched", [])
        assert ended.state == "parked"
        assert "gave up after" in str(ended.parked_because)
        assert scene.opened == []
        assert len(heard(scene, "delayed")) == 1


async def test_v17_while_the_credentials_are_refused_the_customer_is_told_at_once(
    tmp_path: Path, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(tmp_path, team, monkeypatch) as scene:
        scene.vendors.zendesk.next_call(Fault.UNAUTHORISED, times=1_000_000)
        await scene.hand_over(body())
        await rested(scene)
        await meanwhile(scene, lambda: bool(team.titles("Credentials are refused")))

        second = await scene.hand_over(body())
        await later(scene, 10)
        await eventually(lambda: second in {data["handoff_id"] for data in heard(scene, "delayed")})
