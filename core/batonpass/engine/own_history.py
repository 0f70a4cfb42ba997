"""The customer's earlier handoffs, from our own journal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

import structlog
from pydantic import ValidationError

from batonpass.context.identity import person_of
from batonpass.context.reading import read
from batonpass.domain.conversation import HandoffRequest, Identity
from batonpass.domain.errors import BatonpassError
from batonpass.domain.handoff import HandoffState
from batonpass.domain.history import ContactKind, Outcome, PastContact, titled
from batonpass.domain.ids import HandoffId
from batonpass.domain.person import MatchRule, Person
from batonpass.engine.recent import Asked
from batonpass.engine.world import World
from batonpass.store.earlier import EarlierHandoff, earlier_handoffs

log = structlog.get_logger()

MOST_HANDOFFS = 5
_LOOKED_AT = 10
"""Handoffs under the address; more than these are not compared."""

_OUTCOMES: Mapping[HandoffState, Outcome] = MappingProxyType(
    {
        HandoffState.RESOLVED: Outcome.SOLVED,
        HandoffState.RETURNED: Outcome.RETURNED,
        HandoffState.ABANDONED: Outcome.DROPPED,
    }
)
"""All others are open."""


async def own_handoffs(
    world: World, asked: Asked, person: Person, handoff_id: HandoffId
) -> tuple[PastContact, ...]:
    """Those of the same person, newest first: under the same address, of a customer who was as sure to be it, with no
    id that says otherwise. None where the store does not answer in time."""
    settings = world.settings
    known = person.identity is Identity.VERIFIED or settings.claimed_may_know
    email = asked.request.customer.email
    if not known or not email or person.email is None or MatchRule.EMAIL not in settings.identity.match:
        return ()
    try:
        async with asyncio.timeout(settings.facts_deadline):
            found = await earlier_handoffs(world.journal.database, email, before=handoff_id, most=_LOOKED_AT)
    except (BatonpassError, TimeoutError) as error:
        log.warning("own_handoffs_not_read", handoff=handoff_id, error=type(error).__name__)
        return ()
    told = (_contact(each, person, world, about=asked.stored.asked_about) for each in found)
    return tuple(islice((contact for contact in told if contact is not None), MOST_HANDOFFS))


def _contact(
    earlier: EarlierHandoff, person: Person, world: World, *, about: str | None
) -> PastContact | None:
    """None where it is somebody else's, or about the very ticket that this handoff is about."""
    try:
        request = HandoffRequest.model_validate_json(earlier.request)
    except ValidationError:  # its conversation was never read
        return None
    theirs = person_of(request, world.settings.identity)
    if not _same(person, theirs) or (about is not None and earlier.ticket_id == about):
        return None
    request = world.packing.redactor.request(request).request
    ask = read(request.conversation).ask
    return PastContact(
        kind=ContactKind.HANDOFF,
        source=earlier.helpdesk or "",
        id=earlier.id,
        at=earlier.created_at,
        title=titled(ask.text if ask else request.reason.text),
        outcome=_OUTCOMES.get(earlier.state, Outcome.OPEN),
        url=earlier.ticket_url,
        channel=request.conversation.channel,
        reason=request.reason.code.value,
        ticket_id=earlier.ticket_id,
    )


def _same(person: Person, other: Person) -> bool:
    """A claim made under the address of somebody else is no part of their history."""
    if person.identity is Identity.VERIFIED and other.identity is not Identity.VERIFIED:
        return False
    theirs = dict(other.external_ids)
    differ = any(theirs.get(system, known) != known for system, known in person.external_ids)
    return person.has_email(other.email) and not differ
