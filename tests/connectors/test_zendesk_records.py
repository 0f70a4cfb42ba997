"""What Zendesk's records tell once they are read in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from zendesk_reading import HOUR, Watched, read, there

from batonpass.domain.event import EventKind
from batonpass.domain.synced import RecordKind
from batonpass.ports import Deletions
from batonpass.testing.happenings import Happening
from batonpass.testing.serving import served_in_thread
from batonpass_zendesk.emulated_account import EmulatedTicket
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, desk


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def emulator(clock: HandClock) -> Watched:
    return Watched(clock=clock)


# What tickets tell ----------------------------------------------------------------------------------------------


def told_story(emulator: Watched, clock: HandClock) -> EmulatedTicket:
    """Asked, answered after a minute and a half by the second agent, solved, opened again, solved again."""
    first = emulator.add_user("Nora", role="agent")
    second = emulator.add_user("Sam", role="agent")
    grace = emulator.add_user("Grace", email="grace@customer.example")
    ticket = emulator.add_ticket("Order 7", requester=grace)
    emulator.update(ticket, {"assignee_id": first.id}, author=first)
    clock.passed += 90
    reply = {"comment": {"body": "On it.", "public": True}, "assignee_id": second.id}
    emulator.update(ticket, reply, author=second)
    for status in ("solved", "open", "solved"):
        clock.passed += 60
        emulator.update(ticket, {"status": status}, author=second)
    clock.passed += HOUR
    return ticket


async def test_a_ticket_tells_how_it_went(clock: HandClock, emulator: Watched) -> None:
    ticket = told_story(emulator, clock)

    async with desk(emulator) as made:
        (found,), _ = await read(made, "tickets")

    assert {name: found.columns[name] for name in _WENT} == _WENT
    assert found.columns["customer_id"] == str(ticket.requester_id)
    assert "customer_messages" not in found.columns
    assert "ai_took_part" not in found.columns


_WENT = {
    "status": "solved", "created_at": "2026-11-20T12:00:00Z", "first_reply_at": "2026-11-20T12:01:30Z",
    "solved_at": "2026-11-20T12:04:30Z", "reopens": 1, "agent_replies": 1, "agents": 2,
}  # fmt: skip


async def test_metrics_that_stand_beside_the_tickets_are_read_too(clock: HandClock) -> None:
    class Beside(Watched):
        def _exported(self, request: Request, *more: Any) -> Response:
            told = json.loads(bytes(super()._exported(request, *more).body))
            told["metric_sets"] = [each.pop("metric_set") for each in told["tickets"]]
            return JSONResponse(told)

    emulator = Beside(clock=clock)
    told_story(emulator, clock)

    async with desk(emulator) as made:
        (found,), _ = await read(made, "tickets")

    assert found.columns["first_reply_at"] == "2026-11-20T12:01:30Z"


async def test_a_ticket_that_was_opened_again_has_no_end(clock: HandClock, emulator: Watched) -> None:
    ticket = told_story(emulator, clock)
    emulator.update(ticket, {"status": "open"}, author=emulator.agent)
    clock.passed += HOUR

    async with desk(emulator) as made:
        (found,), _ = await read(made, "tickets")

    assert "solved_at" not in found.columns
    assert found.columns["reopens"] == 2


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        pytest.param({}, {}, id="nothing is known of the AI agent"),
        pytest.param({"support_type": "ai_agent"}, {"ai_took_part": True, "handed_over": False}, id="alone"),
        pytest.param({"assignee_id": 77}, {"ai_took_part": True, "handed_over": False}, id="it has it"),
        pytest.param(
            {"submitter_id": 77, "assignee_id": 5},
            {"ai_took_part": True, "handed_over": True},
            id="opened by it",
        ),
        pytest.param({"tags": ["needs_person"]}, {"handed_over": True}, id="the start rule's tag"),
    ],
)
async def test_of_the_ai_agent_only_what_is_certain_is_told(
    clock: HandClock, emulator: Watched, changes: dict[str, Any], known: dict[str, bool]
) -> None:
    (id_,) = emulator.fill("tickets", 1)
    for name, value in changes.items():
        setattr(emulator.tickets[int(id_)], name, value)
    clock.passed += HOUR

    async with desk(emulator, ai_agent_id="77", start={"tag": "Needs_Person"}) as made:
        (found,), _ = await read(made, "tickets")

    assert {
        name: found.columns[name] for name in ("ai_took_part", "handed_over") if name in found.columns
    } == known


# Users, agents, ratings -----------------------------------------------------------------------------------------


async def test_a_customer_is_known_by_address_number_and_id_elsewhere(
    clock: HandClock, emulator: Watched
) -> None:
    user = emulator.add_user("Grace", email="Grace.E@BÜCHER.example", external_id="crm-7")
    user.phone, user.organization_id = "0049 (30) 123-45 67", 42
    clock.passed += HOUR

    async with desk(emulator) as made:
        found, _ = await read(made, "users")

    (customer,) = [each for each in found if not each.deleted]
    assert {(each.kind.value, each.value) for each in customer.keys} == {
        ("email", "Grace.E@xn--bcher-kva.example"),
        ("phone", "+49301234567"),
        ("external_id", "crm-7"),
        ("company", "42"),
    }


async def test_a_customer_who_joins_the_team_is_no_customer_any_more(
    clock: HandClock, emulator: Watched
) -> None:
    (id_,) = emulator.fill("users", 1)
    clock.passed += HOUR

    async with desk(emulator) as made:
        before, position = await read(made, "users")
        emulator.touch("users", id_)
        emulator.account.users[int(id_)].role = "agent"
        clock.passed += HOUR
        after, _ = await read(made, "users", position)
        agents, _ = await read(made, "agents")

    assert there(before) == {id_}
    assert [(each.id, each.deleted) for each in after] == [(id_, True)]
    assert id_ in there(agents)


async def test_the_ai_agents_own_user_is_told_from_the_team(clock: HandClock, emulator: Watched) -> None:
    bot = emulator.add_user("Bot", role="agent")

    async with desk(emulator, ai_agent_id=str(bot.id)) as made:
        found, _ = await read(made, "agents")

    assert {each.columns["role"] for each in found if each.id == str(bot.id)} == {"ai agent"}
    assert {each.columns["role"] for each in found if each.id != str(bot.id)} == {"admin"}


async def test_ratings_that_were_given_are_told_and_survey_answers_are_not(
    clock: HandClock, emulator: Watched
) -> None:
    emulator.add_group("Support")
    emulator.fill("satisfaction_ratings", 4)
    emulator.surveys = True
    emulator.happen(Happening(kind=EventKind.TICKET_OPENED, text="Hello"))
    emulator.happen(Happening(kind=EventKind.TICKET_RATED, score=1.0, text="Good"))
    clock.passed += HOUR

    async with desk(emulator) as made:
        found, _ = await read(made, "satisfaction_ratings")

    assert [each.columns["score"] for each in found] == [100, 100, 100, 0]
    assert {each.kind for each in found} == {RecordKind.RATING}


async def test_a_rating_that_was_changed_is_told_with_its_ticket_and_when_all_are_read(
    clock: HandClock, emulator: Watched
) -> None:
    emulator.add_group("Support")
    (rating,) = emulator.fill("satisfaction_ratings", 1)
    clock.passed += HOUR

    async with desk(emulator) as made:
        _, ratings = await read(made, "satisfaction_ratings")
        _, tickets = await read(made, "tickets")
        clock.passed += HOUR
        emulator.touch("satisfaction_ratings", rating)
        clock.passed += HOUR
        new, _ = await read(made, "satisfaction_ratings", ratings)
        (ticket,), _ = await read(made, "tickets", tickets)
        (changed,), _ = await read(made, "satisfaction_ratings")

    assert new == []
    assert ticket.columns["score"] == changed.columns["score"] == 0


async def test_what_is_not_told_is_said(emulator: Watched) -> None:
    async with desk(emulator) as made:
        streams = {each.name: each for each in made.zendesk.streams()}

    assert list(streams) == [
        "organizations", "groups", "agents", "users", "ticket_fields", "tickets", "satisfaction_ratings",
    ]  # fmt: skip
    assert "surveys cannot be listed" in streams["satisfaction_ratings"].says
    assert streams["tickets"].deletions is Deletions.TOLD


# Others read the same lists -------------------------------------------------------------------------------------


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, ZendeskEmulator]]:
    zenpy = pytest.importorskip("zenpy")
    emulator = ZendeskEmulator()
    emulator.fill("satisfaction_ratings", 3)
    for each in emulator.tickets.values():
        each.updated_at -= timedelta(hours=1)
    with served_in_thread(emulator) as url:
        monkeypatch.setenv("ZENPY_FORCE_NETLOC", urlsplit(url).netloc)
        monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
        yield zenpy.Zenpy(subdomain="acme", email=emulator.email, token=emulator.api_token), emulator


def test_zenpy_reads_the_exports_and_the_ratings(client: tuple[Any, ZendeskEmulator]) -> None:
    zendesk, emulator = client

    tickets = list(zendesk.tickets.incremental(start_time=0, paginate_by_time=False))
    users = list(zendesk.users.incremental(start_time=0, paginate_by_time=False))
    ratings = list(zendesk.satisfaction_ratings())

    assert {each.id for each in tickets} == set(emulator.tickets)
    assert emulator.agent.id in {each.id for each in users}
    assert {each.score for each in ratings} == {"good"}
