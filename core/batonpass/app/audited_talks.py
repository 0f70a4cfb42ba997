"""A sample of conversations, read from the helpdesk for an audit: what did people ask again?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from batonpass.app.auditing import ReadPast, looks_of
from batonpass.app.config import Connection
from batonpass.app.wiring import connected
from batonpass.domain.clock import Clock
from batonpass.domain.conversation import Turn
from batonpass.domain.errors import OutcomeUnknownError, RefusedError, RetryLaterError
from batonpass.domain.handoff import Lane
from batonpass.insight import Audit
from batonpass.ports import Capability, Helpdesk, ReadsConversations
from batonpass.transport import in_lane

LONGEST_WAIT = 60.0
"""Seconds that reading one conversation waits for the helpdesk before it is left out."""
_FAILS_IN_A_ROW = 3


async def audited_with_conversations(
    connection: Connection,
    kept: ReadPast,
    clock: Clock,
    *,
    done: Callable[[int, int], None] = lambda _, __: None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Audit:
    """The audit with the sample read from the helpdesk, behind everything that customers wait for. Raises our errors
    where the account refuses altogether, and `RefusedError` with code `unsupported` where it gives no conversations.
    """
    own = {ticket: turns for ticket, turns in kept.own if ticket is not None}
    talks: list[tuple[Turn, ...]] = []
    read_ids, fails = list[str](), 0
    async with connected(connection, clock) as helpdesk:
        if (
            not isinstance(helpdesk, ReadsConversations)
            or not isinstance(helpdesk, Helpdesk)
            or Capability.READ_CONVERSATION not in connection.capabilities
        ):
            raise RefusedError(
                f"[connections.{connection.name}] ({connection.manifest.title}) gives no conversations to read",
                code="unsupported",
            )
        with in_lane(Lane.REPLAY):
            for n, ticket in enumerate(kept.sample, 1):
                turns = await _turns(helpdesk, helpdesk, ticket, sleep)
                fails = 0 if turns is not None else fails + 1
                if turns is not None:
                    talks.append(_joined(own.get(ticket, ()), turns))
                    read_ids.append(ticket)
                done(n, len(kept.sample))
                if fails == _FAILS_IN_A_ROW:
                    break
    looks = looks_of(kept.sample_of, talks, unread=len(kept.sample) - len(talks))
    return kept.audit(looks, read_ids=read_ids)


async def _turns(
    helpdesk: Helpdesk,
    reads: ReadsConversations,
    ticket: str,
    sleep: Callable[[float], Awaitable[None]],
) -> tuple[Turn, ...] | None:
    """None where it cannot be read."""
    for again in (True, False):
        try:
            return (await reads.read_conversation(helpdesk.ticket_ref(ticket))).turns
        except RetryLaterError as error:
            wait = error.retry_after or 1.0
            if not again or wait > LONGEST_WAIT:
                return None
            await sleep(wait)
        except (RefusedError, OutcomeUnknownError):
            return None
    return None


def _joined(before: tuple[Turn, ...], read: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """What was said to the AI agent, then what stands on the ticket and was not said there."""
    said = {(each.role, each.text) for each in before}
    return (*before, *(each for each in read if (each.role, each.text) not in said))
