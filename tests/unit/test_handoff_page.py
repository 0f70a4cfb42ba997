"""What the page of a handoff shows: facts with their time, what came late, and what became of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from batonpass.context.package import ContextPackage, build_package
from batonpass.context.wording import ROLES
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.facts import Fact, Gathered, SourceReport, Standing, gathered_to_json
from batonpass.domain.handoff import HandoffRecord, HandoffState, StepKind, StepRecord, StepStatus
from batonpass.domain.ids import HandoffId
from batonpass.web.pages.handoff_page import STATES, STATUSES, STEPS, view_of
from batonpass.web.pages.showing import Showing
from fakes import NOON
from page_reading import words

TITLES = {"crm": "The CRM", "billing": "Billing"}


def step(kind: StepKind, result: dict[str, Any] | None = None, **more: Any) -> StepRecord:
    told = {
        "name": kind.value,
        "status": StepStatus.DONE,
        "attempts": 1,
        "due_at": NOON,
        "created_at": NOON,
        "done_at": NOON,
    }
    return StepRecord(**{**told, "kind": kind, "result": result, **more})


def record(*steps: StepRecord, **more: Any) -> HandoffRecord:
    told = {
        "state": HandoffState.ANNOUNCED,
        "ai_agent": "helper",
        "conversation_id": None,
        "created_at": NOON,
        "updated_at": NOON,
        "mended": False,
        "parked_because": None,
        "ticket_id": "7",
        "ticket_url": "https://desk.example/7",
    }
    return HandoffRecord(**{**told, "id": HandoffId("ho_1"), "steps": steps, **more})


def report(source: str, standing: Standing = Standing.FOUND, **facts: str) -> SourceReport:
    told = tuple(
        Fact(name=name.replace("__", "."), value=value, source=source, as_of=NOON - timedelta(hours=1))
        for name, value in facts.items()
    )
    return SourceReport(source=source, standing=standing, facts=told)


def package(*reports: SourceReport, **more: Any) -> ContextPackage:
    body = {"conversation": {"turns": [{"role": "customer", "text": "Where is my parcel?"}]}, **more}
    return build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOON,
        agent_name="helper",
        request=HandoffRequest.model_validate(body),
        gathered=Gathered(reports=reports),
        url="https://pass.example/handoffs/ho_1",
    )


def page(shown: HandoffRecord, packed: ContextPackage | None, **more: Any) -> str:
    view = view_of(shown, packed, TITLES, **more)
    told = Showing("").page(
        "handoff.html", view=view, titles=TITLES, steps=STEPS, statuses=STATUSES, roles=ROLES
    )
    return bytes(told.body).decode()


def test_every_state_step_and_status_has_words() -> None:
    assert set(STATES) == set(HandoffState)
    assert set(STEPS) == set(StepKind)
    assert set(STATUSES) == set(StepStatus)


def test_each_fact_has_its_source_and_its_time() -> None:
    html = page(record(), package(report("crm", account__tier="Gold"), report("billing", Standing.LATE)))

    assert "Account tier Gold The CRM 2026-11-21 11:00 UTC" in words(html)
    assert '<time datetime="2026-11-21T11:00:00Z">' in html
    assert "Billing did not answer" in words(html)


def test_what_came_late_is_among_the_facts() -> None:
    early = package(report("crm", account__tier="Gold"), report("billing", Standing.LATE))
    late = gathered_to_json(Gathered(reports=(report("billing", billing__plan="Pro"),)))

    html = page(record(step(StepKind.LATE_FACTS, late, name="late_facts:billing")), early)

    assert "Plan Pro Billing 2026-11-21 11:00 UTC" in words(html)
    assert "Account tier Gold The CRM" in words(html)
    assert "Billing did not answer" not in words(html)


def test_what_a_copy_told_stays_until_its_source_has_said_something() -> None:
    told = replace(report("billing", billing__plan="Pro"), standing=Standing.COPIED, instead_of=Standing.DOWN)
    silent = gathered_to_json(Gathered(reports=(report("billing", Standing.DOWN),)))
    answered = gathered_to_json(Gathered(reports=(report("billing", billing__plan="Free"),)))

    still = words(page(record(step(StepKind.LATE_FACTS, silent, name="late_facts:billing")), package(told)))
    then = words(page(record(step(StepKind.LATE_FACTS, answered, name="late_facts:billing")), package(told)))

    assert "Plan Pro Billing 2026-11-21 11:00 UTC" in still
    assert "Billing could not answer now. What stands here of it is from the copy" in still
    assert "Plan Free Billing" in then
    assert "from the copy" not in then


def test_what_did_not_land_is_said_with_its_line() -> None:
    lost = {"field": "Tier", "value": "VIP", "where": "mappings/desk.toml:7"}
    found_out = step(StepKind.READ_BACK, {"not_landed": [{**lost, "why": "dropped by the helpdesk"}]})

    read = words(page(record(found_out), package()))

    assert "Tier: VIP (dropped by the helpdesk; mappings/desk.toml:7)" in read


def test_a_conversation_that_is_not_kept_leaves_what_became_of_the_handoff() -> None:
    steps = (
        step(StepKind.GATHER_FACTS, {"reports": []}),
        step(StepKind.ANNOUNCE, {}, status=StepStatus.PARKED),
    )

    html = page(record(*steps, parked_because="it cannot be told"), None, why_without="It is gone.")

    read = words(html)
    assert "It is gone." in read
    assert "Stuck: it cannot be told" in read
    assert "Told the AI agent" in read
    assert "Open the ticket" in read


def test_only_an_address_of_the_web_is_a_link_to_the_ticket() -> None:
    html = page(record(ticket_url="javascript:alert(1)"), package())

    assert "javascript" not in html
    assert "No ticket yet" in words(html)


def test_a_cited_turn_is_a_link_and_one_that_was_made_up_harms_nobody() -> None:
    packed = package(summary='It is late [turn 1]. <b>Look</b> [turn 1"><script>] [turns 1, 2 and 99999]')

    html = page(record(), packed)

    assert '[turn <a href="#turn-1">1</a>]' in html
    assert re.findall(r"<script(?![^>]*src=)", html) == []
    assert "&lt;b&gt;Look&lt;/b&gt;" in html


def test_a_page_shows_all_that_the_note_has_no_room_for() -> None:
    long = "word " * 40_000
    packed = replace(
        package(technical={"errors": [f"E{n}" for n in range(80)], "attempted_action": "x"}), older=3
    )
    packed = replace(
        packed,
        request=packed.request.model_copy(
            update={"conversation": HandoffRequest.model_validate(
                {"conversation": {"turns": [{"role": "customer", "text": long}]}}
            ).conversation}
        ),
    )  # fmt: skip

    read = words(page(record(), packed))

    assert read.count("word") >= 40_000
    assert "E79" in read
    assert "not shown here" not in read
    assert "3 older messages on this ticket" in read
