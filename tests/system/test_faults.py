"""What the helpdesk may do to us: one ticket all the same. Time is a fake clock's, sockets are real."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batonpass.domain.handoff import StepKind
from batonpass.engine import execute
from batonpass.engine.work import Done
from batonpass.testing.emulator import Fault
from batonpass.testing.serving import served
from fakes import FakeClock
from scene import Logged, Scene, body, playing

CREATE = "tickets.create"
HOUR = 3600.0


def creates(scene: Scene) -> int:
    return scene.vendors.zendesk.calls.count(CREATE)


# Limits -----------------------------------------------------------------------------------------------------------


async def test_v01_a_limited_create_waits_as_told_costs_no_attempt_and_holds_nothing_else_up(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(Fault.RATE_LIMITED, operation=CREATE, retry_after=7)
        first = await scene.hand_over(body())
        await scene.settled()

        second = await scene.hand_over(body())
        await scene.later(6.9)

        assert creates(scene) == 1
        assert (await scene.status(second))["state"] == "enriched"
        assert scene.vendors.zendesk.calls.count("users.search") == 2

        await scene.later(1)
        await scene.later(1.2)

        assert sorted(scene.opened) == sorted([first, second])
        assert (await scene.step(first, "open_ticket"))["attempts"] == 1


async def test_v01_a_short_wait_is_kept_in_real_time_too(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        scene.vendors.zendesk.next_call(Fault.RATE_LIMITED, operation=CREATE, retry_after=1)
        started = time.monotonic()

        handoff_id = await scene.hand_over(body())
        await scene.ticket(handoff_id)

        assert 1.0 <= time.monotonic() - started < 3.0
        assert creates(scene) == 2


async def test_v03_after_a_429_without_a_time_one_probe_goes_out_per_window(tmp_path: Path) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(Fault.RATE_LIMITED, operation=CREATE, times=2)
        await scene.hand_over(body())
        await scene.settled()
        for _ in range(4):
            await scene.hand_over(body())
        await scene.settled()
        assert creates(scene) == 1

        await scene.later(1.3)
        assert creates(scene) == 2

        await scene.later(3)
        await scene.later(1.2)

        assert sorted(scene.opened) == sorted(scene.handed_over)
        assert creates(scene) == 2 + 5


# Failures ---------------------------------------------------------------------------------------------------------


async def test_v06_a_503_once_is_repeated_within_the_step(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        scene.vendors.zendesk.next_call(Fault.SERVER_ERROR, operation=CREATE, status=503)

        handoff_id = await scene.hand_over(body())
        await scene.until(handoff_id)

        assert scene.opened == [handoff_id]
        assert await scene.outcomes(handoff_id) == ["done"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_v06_a_server_error_three_times_is_waited_out(tmp_path: Path, status: int) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(Fault.SERVER_ERROR, operation=CREATE, status=status, times=3)
        handoff_id = await scene.hand_over(body())
        await scene.settled()

        for _ in range(4):
            await scene.later(15)

        assert scene.opened == [handoff_id]
        assert (await scene.status(handoff_id))["state"] == "announced"


@pytest.mark.proof
async def test_v06_a_helpdesk_that_is_down_for_70_hours_gets_few_calls_and_then_each_ticket_once(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(Fault.SERVER_ERROR, status=503, times=10**6)
        for _ in range(3):
            await scene.hand_over(body())
        await scene.settled()

        for _ in range(12):
            await scene.later(300)
        calls_in_the_first_hour = len(scene.vendors.zendesk.calls)
        for _ in range(10):
            await scene.later(7 * HOUR)
        assert scene.opened == []
        assert {(await scene.status(each))["state"] for each in scene.handed_over} == {"enriched"}

        scene.vendors.zendesk.heal()
        await scene.later(13 * HOUR)
        await scene.later(60)

        assert sorted(scene.opened) == sorted(scene.handed_over)
        assert calls_in_the_first_hour < 200


AFTER_COMMIT: dict[str, dict[str, Any]] = {
    "the answer is lost": {"fault": Fault.ANSWER_LOST},
    "the answer is cut": {"fault": Fault.ANSWER_TRUNCATED},
    "the answer is empty": {"fault": Fault.ANSWER_EMPTY},
    "the answer is broken JSON": {"fault": Fault.BROKEN_JSON},
    "the answer is 500": {"fault": Fault.ERROR_AFTER_COMMIT},
    "the answer is 504": {"fault": Fault.ERROR_AFTER_COMMIT, "status": 504},
    "the answer comes too late": {"fault": Fault.ANSWERED_LATE, "seconds": 0.9},
}


@pytest.mark.parametrize("fault", AFTER_COMMIT.values(), ids=AFTER_COMMIT)
async def test_v08_a_create_without_a_clear_answer_is_looked_for_and_adopted(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    deadline = 0.5 if "seconds" in fault else 2.0
    async with playing(tmp_path, clock=FakeClock(), deadline=deadline) as scene:
        scene.vendors.zendesk.next_call(**fault, operation=CREATE)
        handoff_id = await scene.hand_over(body())
        await scene.settled()
        assert scene.opened == [handoff_id]
        assert (await scene.status(handoff_id))["ticket"] is None

        await scene.later(1.2)

        assert scene.opened == [handoff_id]
        assert creates(scene) == 1
        assert (await scene.step(handoff_id, "open_ticket"))["result"]["adopted"] is True
        assert scene.ai_agent.events[0]["data"]["ticket"]["id"] == "1"


async def test_v08_no_answer_and_nothing_committed_opens_the_ticket_at_the_second_try(tmp_path: Path) -> None:
    async with playing(tmp_path, clock=FakeClock(), deadline=0.5) as scene:
        scene.vendors.zendesk.next_call(Fault.NEVER_ANSWERED, operation=CREATE, seconds=0.9)
        handoff_id = await scene.hand_over(body())
        await scene.settled()

        await scene.later(1.2)

        assert scene.opened == [handoff_id]
        assert (await scene.step(handoff_id, "open_ticket"))["result"]["adopted"] is False


async def test_v08_a_note_whose_answer_is_lost_stands_there_once(tmp_path: Path) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        zendesk = scene.vendors.zendesk
        await scene.warm_up()
        scene.field("Plan").active = False
        zendesk.next_call(Fault.ANSWER_LOST, operation="tickets.update")
        handoff_id = await scene.hand_over(body())
        await scene.settled()

        await scene.later(5)

        assert len(zendesk.effects("note.appended")) == 1
        assert len((await scene.ticket(handoff_id)).comments) == 2
        assert (await scene.step(handoff_id, "note_not_landed"))["result"]["found"] is True


async def test_v11_a_dripping_answer_is_cut_by_the_deadline_of_the_whole_call(tmp_path: Path) -> None:
    async with playing(tmp_path, clock=FakeClock(), deadline=0.5) as scene:
        scene.vendors.zendesk.next_call(Fault.DRIP, operation=CREATE)
        started = time.monotonic()

        handoff_id = await scene.hand_over(body())
        await scene.settled()

        assert 0.5 <= time.monotonic() - started < 2.5
        assert await scene.outcomes(handoff_id) == ["timeout"]
        await scene.later(1.2)
        assert scene.opened == [handoff_id]


async def test_v12_a_silent_helpdesk_keeps_the_work_and_the_facts_of_the_others(tmp_path: Path) -> None:
    async with playing(
        tmp_path, clock=FakeClock(), deadline=0.3, more="[handoff]\nfacts_deadline = 0.4"
    ) as scene:
        scene.vendors.zendesk.next_call(Fault.NEVER_ANSWERED, times=100, seconds=0.5)
        handoff_id = await scene.hand_over(body())
        await scene.settled()
        assert (await scene.status(handoff_id))["state"] == "enriched"

        scene.vendors.zendesk.heal()
        for _ in range(3):
            await scene.later(40)

        assert scene.opened == [handoff_id]
        text = await scene.note(handoff_id)
        assert "Brightleaf Studio" in text
        assert "Pro \N{EM DASH} Stripe" in text


@pytest.mark.parametrize("fault", [Fault.HTML_PAGE, Fault.GZIP_BOMB, Fault.RESET], ids=str)
async def test_v13_what_is_no_answer_to_a_create_is_looked_into_and_repeated(
    tmp_path: Path, fault: Fault
) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(fault, operation=CREATE)
        handoff_id = await scene.hand_over(body())
        await scene.settled()

        await scene.later(1.2)

        assert scene.opened == [handoff_id]
        assert creates(scene) == 2
        assert scene.vendors.zendesk.calls.count("tickets.find") == 1


async def test_v13_a_login_page_for_an_hour_is_no_retry_loop(tmp_path: Path) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(Fault.HTML_PAGE, operation=CREATE, times=10**6)
        handoff_id = await scene.hand_over(body())
        await scene.settled()

        for _ in range(20):
            await scene.later(180)
        assert creates(scene) <= 10

        scene.vendors.zendesk.heal()
        await scene.later(HOUR)
        assert scene.opened == [handoff_id]


class Elsewhere:
    """Another host: whatever arrives here should not have."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        methods = ["GET", "POST", "PUT"]
        self.app = Starlette(routes=[Route("/{path:path}", self._receive, methods=methods)])

    def _receive(self, request: Request) -> Response:
        self.arrived.append(request.url.path)
        return Response("{}", media_type="application/json")


async def test_v15_no_redirect_is_followed_and_the_work_is_kept_until_it_is_mended(
    tmp_path: Path, logged: Logged
) -> None:
    elsewhere = Elsewhere()
    async with served(elsewhere.app) as url, playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(Fault.REDIRECT, operation=CREATE, location=f"{url}/canary")
        scene.vendors.stripe.next_call(Fault.REDIRECT, location=f"{url}/canary", times=10)

        handoff_id = await scene.hand_over(body())
        await scene.settled()

        status = await scene.status(handoff_id)
        assert elsewhere.arrived == []
        assert (status["state"], status["parked_because"]) == ("enriched", None)
        assert await scene.outcomes(handoff_id) == ["redirect_refused"]
        assert "canary" not in json.dumps([status, logged])

        await scene.later(70)
        assert elsewhere.arrived == []
        assert scene.opened == [handoff_id]


async def test_v20_a_missing_right_is_named_and_the_work_is_kept_until_it_is_given(tmp_path: Path) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(Fault.SERVER_ERROR, operation=CREATE, status=403)

        handoff_id = await scene.hand_over(body())
        await scene.settled()

        assert (await scene.status(handoff_id))["state"] == "enriched"
        assert await scene.outcomes(handoff_id) == ["forbidden"]

        await scene.later(70)
        assert scene.opened == [handoff_id]


# Credentials ------------------------------------------------------------------------------------------------------


async def test_v17_a_revoked_client_keeps_the_work_raises_an_alert_and_goes_on_when_it_is_renewed(
    tmp_path: Path, logged: Logged
) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        zendesk = scene.vendors.zendesk
        await scene.warm_up()
        zendesk.revoke_tokens()
        zendesk.client_secret = "another one"
        for _ in range(3):
            await scene.hand_over(body())
        await scene.settled()

        alerts = [line for line in logged if line["log_level"] == "error"]
        assert {line["code"] for line in alerts} == {"credentials_refused"}
        assert "renew them" in alerts[0]["detail"]
        before = zendesk.calls.count("oauth.token")
        for _ in range(10):
            await scene.later(60)
        assert zendesk.calls.count("oauth.token") - before <= 10
        assert len(scene.opened) == 1

        zendesk.client_secret = "emulated-secret"
        for _ in range(4):
            await scene.later(70)

        assert sorted(scene.opened) == sorted(scene.handed_over)
        statuses = [await scene.status(each) for each in scene.handed_over]
        assert {status["state"] for status in statuses} == {"announced"}
        opening = [await scene.step(each, "open_ticket") for each in scene.handed_over]
        assert {step["attempts"] for step in opening} == {1}


async def test_v18_an_expired_token_is_renewed_once_for_all_and_nobody_notices(
    tmp_path: Path, logged: Logged
) -> None:
    async with playing(tmp_path) as scene:
        await scene.warm_up()
        before = scene.vendors.zendesk.calls.count("oauth.token")
        scene.vendors.zendesk.revoke_tokens()

        await asyncio.gather(*(scene.hand_over(body()) for _ in range(10)))
        await scene.settled()

        assert sorted(scene.opened) == sorted(scene.handed_over)
        assert scene.vendors.zendesk.calls.count("oauth.token") - before == 1
        assert [line for line in logged if line["log_level"] in {"warning", "error"}] == []


# Our own bugs -----------------------------------------------------------------------------------------------------


async def test_a_bug_is_repeated_a_few_times_then_kept_for_a_person_and_its_text_shown_to_nobody(
    tmp_path: Path, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(world: object, step: object) -> Done:
        raise ValueError("canary: could not read mia.keller@example.com")

    monkeypatch.setitem(execute.HANDLERS, StepKind.OPEN_TICKET, broken)
    async with playing(tmp_path, clock=FakeClock()) as scene:
        handoff_id = await scene.hand_over(body())
        await scene.settled()

        for _ in range(11):
            await scene.later(2 * HOUR)

        status = await scene.status(handoff_id)
        assert (status["state"], status["parked_because"]) == ("parked", "open_ticket: ValueError")
        assert await scene.outcomes(handoff_id) == ["internal_error"] * 10
        assert "canary" not in json.dumps([status, logged])
