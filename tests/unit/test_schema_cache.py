"""The helpdesk's fields, and its agents only where a mapping names one."""

from __future__ import annotations

from typing import cast

import pytest

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.ticket import Agent, FieldSchema
from batonpass.engine import SchemaCache
from batonpass.ports import Helpdesk
from fakes import FakeClock
from mapping_samples import account

ANNA = Agent(id="1", name="Anna")


class Desk:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False

    async def field_schema(self) -> FieldSchema:
        self.asked.append("fields")
        return account()

    async def agents(self) -> tuple[Agent, ...]:
        self.asked.append("agents")
        if self.away:
            raise RetryLaterError("not now")
        return (ANNA,)


class Wanted:
    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted

    def __call__(self) -> bool:
        return self.wanted


def cache(desk: Desk, wanted: Wanted) -> SchemaCache:
    return SchemaCache(cast("Helpdesk", desk), FakeClock(), wants_agents=wanted)


@pytest.mark.parametrize(("wanted", "asked"), [(False, ["fields"]), (True, ["fields", "agents"])])
async def test_agents_are_read_only_where_they_are_wanted(wanted: bool, asked: list[str]):
    desk = Desk()
    schema = cache(desk, Wanted(wanted=wanted))

    first, second = await schema.current(), await schema.current()

    assert desk.asked == asked
    assert first is second
    assert first.agents == ((ANNA,) if wanted else ())


async def test_a_mapping_that_names_an_agent_later_is_answered_at_once_and_the_fields_are_not_read_again():
    desk, wanted = Desk(), Wanted(wanted=False)
    schema = cache(desk, wanted)
    await schema.current()

    wanted.wanted = True

    assert (await schema.current()).agents == (ANNA,)
    assert desk.asked == ["fields", "agents"]


async def test_agents_who_cannot_be_read_are_the_last_ones_and_nobody_waits_for_them_twice():
    desk = Desk()
    schema = cache(desk, Wanted(wanted=True))
    await schema.current()

    desk.away = True
    await schema.refresh()
    last = await schema.current()

    assert last.agents == (ANNA,)
    assert desk.asked == ["fields", "agents"] * 2
