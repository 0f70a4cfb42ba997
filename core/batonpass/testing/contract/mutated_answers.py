"""V24: whatever a vendor answers, a port gives a value or one of our errors."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from batonpass.domain.errors import ConfigurationError, OutcomeUnknownError, RefusedError, RetryLaterError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import (
    FieldId,
    FieldKind,
    NewField,
    NoteKey,
    Priority,
    TicketChange,
    TicketKey,
    TicketRef,
)
from batonpass.ports import (
    Capability,
    FactSource,
    FollowsTickets,
    ListsAgents,
    ListsChanges,
    Probe,
    ProvisionsFields,
    ReadsConversations,
    RegistersWebhooks,
    Replies,
    TellsPresence,
)
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.mutating import mutated_json
from batonpass.testing.contract.opened import Opened
from batonpass.testing.contract.samples import a_draft, a_note

SECONDS = 30.0
"""For one call of a port: more is a loop."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One method of a port."""

    name: str
    capability: Capability | None
    ask: Callable[[Opened, TicketRef], Awaitable[Any]]
    effect: bool = False


def _key(made: Opened) -> NoteKey:
    return NoteKey(made.key())


async def _drained(made: Opened) -> int:
    """What was given within the last days."""
    since = made.clock.now() - timedelta(days=3)
    return len([each async for each in made.to(ListsChanges).changed_tickets(since)])


_C = Capability
_FIELD = NewField(name="Batonpass mutated", kind=FieldKind.DROPDOWN, options=("Gold", "Silver"))
_ASKED: Sequence[_Asked] = (
    _Asked("open_ticket", _C.OPEN_TICKET, lambda m, _: m.helpdesk.open_ticket(a_draft(), key=TicketKey(m.key())), True),
    _Asked("find_ticket", _C.OPEN_TICKET, lambda m, _: m.helpdesk.find_ticket(TicketKey("found"), requester=a_draft().requester)),
    _Asked("read_ticket", _C.READ_BACK, lambda m, r: m.helpdesk.read_ticket(r)),
    _Asked("append_note", _C.APPEND_NOTE, lambda m, r: m.helpdesk.append_note(r, a_note("Hello."), key=_key(m)), True),
    _Asked("find_note", _C.APPEND_NOTE, lambda m, r: m.helpdesk.find_note(r, key=NoteKey("noted"))),
    _Asked("change_ticket", _C.CHANGE_TICKET, lambda m, r: m.helpdesk.change_ticket(r, TicketChange(priority=Priority.HIGH)), True),
    _Asked("field_schema", _C.FIELD_SCHEMA, lambda m, _: m.helpdesk.field_schema()),
    _Asked("reply", _C.REPLY, lambda m, r: m.to(Replies).reply(r, "Hello.", key=_key(m)), True),
    _Asked("find_reply", _C.REPLY, lambda m, r: m.to(Replies).find_reply(r, "Hello.", key=NoteKey("said"))),
    _Asked("read_conversation", _C.READ_CONVERSATION, lambda m, r: m.to(ReadsConversations).read_conversation(r)),
    _Asked("follow_ticket", _C.FOLLOW_TICKET, lambda m, r: m.to(FollowsTickets).follow_ticket(r, since=m.clock.at)),
    _Asked("own_id", _C.FOLLOW_TICKET, lambda m, _: m.to(FollowsTickets).own_id()),
    _Asked("changed_tickets", _C.LIST_CHANGES, lambda m, _: _drained(m)),
    _Asked("agents", _C.AGENTS, lambda m, _: m.to(ListsAgents).agents()),
    _Asked("presence", _C.AGENT_PRESENCE, lambda m, _: m.to(TellsPresence).presence()),
    _Asked("create_field", _C.PROVISION_FIELDS, lambda m, _: m.to(ProvisionsFields).create_field(_FIELD), True),
    _Asked("add_options", _C.PROVISION_FIELDS, lambda m, _: m.to(ProvisionsFields).add_options(FieldId("1"), ("Tin",)), True),
    _Asked("register_webhook", _C.REGISTER_WEBHOOKS, lambda m, _: m.to(RegistersWebhooks).register_webhook("https://batonpass.example/webhooks/contract"), True),
    _Asked("registered_webhooks", _C.REGISTER_WEBHOOKS, lambda m, _: m.to(RegistersWebhooks).registered_webhooks()),
    _Asked("check_access", None, lambda m, _: m.to(Probe).check_access()),
)  # fmt: skip
_FACTS = (Capability.TICKET_HISTORY, Capability.CRM_FACTS, Capability.BILLING_FACTS)


class MutatedAnswersContract(Basis):
    """Every method of every port that the connection has."""

    async def test_v24_mutated_answers_give_a_value_or_one_of_our_errors(self) -> None:
        outcomes = await self.mutate_answers(self.mutated_answers)

        assert sum(outcomes.values()) >= self.mutated_answers

    async def mutate_answers(self, number: int, *, seed: int = 1) -> Counter[str]:
        """Mutates so many answers; gives how often each outcome came. Raises `AssertionError` on any other error."""
        chance = random.Random(seed)  # noqa: S311 - no secret
        outcomes: Counter[str] = Counter()
        async with AsyncExitStack() as stack:
            made, ref = await self._fresh(stack)
            changed = _Changing(chance)
            made.watched.change = changed
            asked = self._asked(made)
            while changed.number < number:
                each = asked[chance.randrange(len(asked))]
                made.emulator.outbox.drop()
                made.emulator.outbox.hold()  # what is registered here is nobody's address
                made.clock.go_on(24 * 3600.0)  # past every gate that a mutated answer has closed
                outcomes[await _outcome(each, made, ref)] += 1
                if len(made.emulator.ledger) > 400:
                    made.watched.change = None
                    await stack.aclose()
                    made, ref = await self._fresh(stack)
                    made.watched.change = changed
        return Counter({**outcomes, "answers": changed.number})

    def _asked(self, made: Opened) -> list[_Asked]:
        def facts(opened: Opened, ref: TicketRef) -> Awaitable[Any]:
            del ref
            return opened.to(FactSource).facts_about(self.known_person, self.rules)

        known = [each for each in _ASKED if each.capability is None or made.has(each.capability)]
        telling = any(made.has(capability) for capability in _FACTS)
        return [*known, *([_Asked("facts_about", None, facts)] if telling else [])]

    async def _fresh(self, stack: AsyncExitStack) -> tuple[Opened, TicketRef]:
        """A connection with a ticket that people have worked on."""
        made = await stack.enter_async_context(self.opened(**self.as_helpdesk()))
        if not made.has(Capability.OPEN_TICKET):
            return made, TicketRef(id="1", url="")
        ref = await made.helpdesk.open_ticket(a_draft(), key=TicketKey("found"))
        if made.has(Capability.APPEND_NOTE):
            await made.helpdesk.append_note(ref, a_note("Noted."), key=NoteKey("noted"))
        worked = (
            EventKind.AGENT_REPLIED,
            EventKind.CUSTOMER_REPLIED,
            EventKind.TICKET_SOLVED,
            EventKind.TICKET_RATED,
        )
        for kind in worked:
            if kind in made.emulator.plays:
                await made.play(kind, ref)
        return made, ref


class _Changing:
    """Changes every other JSON answer."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.number = 0

    async def __call__(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        await response.aclose()
        if "json" in response.headers.get("content-type", "") and body and self._chance.random() < 0.6:
            self.number += 1
            body = json.dumps(mutated_json(json.loads(body), self._chance)).encode()
        kept = {name: value for name, value in response.headers.items() if name != "content-length"}
        return httpx.Response(response.status_code, headers=kept, content=body, request=request)


async def _outcome(each: _Asked, made: Opened, ref: TicketRef) -> str:
    """The word for what came of it. Raises `AssertionError` where it is nothing that the ports promise."""
    expected = (RetryLaterError, RefusedError, *((OutcomeUnknownError,) if each.effect else ()))
    try:
        async with asyncio.timeout(SECONDS):
            await each.ask(made, ref)
    except expected as error:
        return type(error).__name__
    except ConfigurationError:
        assert each.name == "check_access", f"{each.name} raised ConfigurationError"
        return "ConfigurationError"
    except Exception as error:
        raise AssertionError(f"{each.name} raised {type(error).__name__} on a mutated answer") from error
    return "value"
