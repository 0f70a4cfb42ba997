"""The steps around the context package: gather the facts, put the package together, go after late facts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from batonpass.context.citing import Cited
from batonpass.context.gather import gather
from batonpass.context.history import with_titles
from batonpass.context.identity import person_of
from batonpass.context.later import later_than
from batonpass.context.links import with_real_hosts
from batonpass.context.model_summary import cited_from_json, cited_to_json
from batonpass.context.package import ContextPackage, build_package
from batonpass.domain.errors import RetryLaterError
from batonpass.domain.facts import Gathered, SourceReport, Standing, gathered_from_json, gathered_to_json
from batonpass.domain.handoff import ClaimedStep, StepKind
from batonpass.domain.ids import HandoffId
from batonpass.engine import decide
from batonpass.engine.own_history import own_handoffs
from batonpass.engine.recent import Asked, Recent
from batonpass.engine.work import Done
from batonpass.engine.world import Packing, World
from batonpass.ports import Capability

LATE_DEADLINE = 5.0
"""Seconds for one late answer; nobody waits for it."""
LONGEST_PAUSE = 60.0


async def gather_facts(world: World, step: ClaimedStep) -> Done:
    """Ask every source at once; whatever is missing at the deadline costs nothing but its facts."""
    asked = await world.recent.asked(step.handoff_id)
    person = replace(person_of(asked.request, world.settings.identity), ticket_id=asked.stored.asked_about)
    gathered, handoffs, written = await asyncio.gather(
        gather(
            await world.linked(person),
            world.sources(),
            deadline=world.settings.facts_deadline,
            claimed_may_know=world.settings.claimed_may_know,
            clock=world.clock,
        ),
        own_handoffs(world, asked, person, step.handoff_id),
        _written(world, asked),
    )
    gathered = with_titles(replace(gathered, handoffs=handoffs), world.packing.redactor.text)
    result = gathered_to_json(gathered) | ({"summary": cited_to_json(written)} if written else {})
    return Done(result=result, plan=decide.on_gathered(way_of(world, asked)))


async def _written(world: World, asked: Asked) -> tuple[Cited, ...]:
    """What a language model says of the conversation. It sees what the ticket will show, never more."""
    if world.summarist is None:
        return ()
    return await world.summarist.write(with_real_hosts(world.packing.redactor.request(asked.request).request))


def way_of(world: World, asked: Asked) -> decide.Way:
    """How this handoff gets its ticket, and who hears of it."""
    passes = asked.request.helpdesk.conversation_id is not None and world.can(Capability.PASS_CONVERSATION)
    stands = asked.stored.asked_about is not None
    return decide.Way(
        stands=stands,
        passes=passes and not stands,
        note_apart=stands or passes or world.can(Capability.NOTE_APART),
        reads_back=world.can(Capability.READ_BACK),
        announces=asked.stored.ai_agent in world.announcers,
        tells_customer=asked.stored.started_by is not None
        and world.settings.tell_customer
        and world.can(Capability.REPLY),
    )


async def late_facts(world: World, step: ClaimedStep) -> Done:
    """Ask one source again, until it answers or nobody would read its answer any more."""
    request = (await world.recent.asked(step.handoff_id)).request
    opened = await opened_of(world, step.handoff_id)
    # The source itself: what its copy says was told with the ticket.
    sources = [replace(source, from_copy=None) for source in world.sources() if source.name == step.about]
    person = replace(
        person_of(request, world.settings.identity),
        ticket_id=None if opened is None else opened["ticket"]["id"],
    )
    gathered = await gather(
        await world.linked(person),
        sources,
        deadline=LATE_DEADLINE,
        claimed_may_know=world.settings.claimed_may_know,
        clock=world.clock,
    )
    gathered = with_titles(gathered, world.packing.redactor.text)
    waited = world.clock.now() - step.first_claimed_at
    for report in gathered.reports:
        if report.standing.may_come_later and waited < timedelta(seconds=world.settings.late_facts_for):
            raise RetryLaterError(
                f"{step.about}: still {report.standing}",
                retry_after=_pause(report, step.attempts),
                code=report.standing.value,
            )
    if not gathered.reports:
        return Done(result=gathered_to_json(gathered), plan=decide.on_noted())
    shown = _gathered(await world.recent.result(step.handoff_id, StepKind.GATHER_FACTS))
    later = later_than(shown, gathered.reports[0])
    plan = decide.on_late_answer(later.report, later.gone)
    return Done(result=gathered_to_json(gathered), plan=plan)


def _pause(report: SourceReport, attempts: int) -> float:
    """Seconds until the source is asked again: more than a step may wait while it holds its slot, for nobody waits
    for these facts; and nobody renews credentials within a minute."""
    return (
        LONGEST_PAUSE
        if report.standing is Standing.CREDENTIALS_REFUSED
        else min(LONGEST_PAUSE, 2.0 ** (attempts + 1))
    )


async def package_of(world: World, handoff_id: HandoffId) -> ContextPackage:
    """The context package of a handoff, the same at every attempt: made from what is kept alone."""
    return await package_from(world.recent, world.packing, handoff_id)


async def package_from(recent: Recent, packing: Packing, handoff_id: HandoffId) -> ContextPackage:
    """The same without a running engine: of any handoff whose conversation is still kept. Raises `RefusedError` where
    it is not."""
    if (kept := recent.package(handoff_id)) is not None:
        return kept
    asked = await recent.asked(handoff_id)
    facts = await recent.result(handoff_id, StepKind.GATHER_FACTS)
    read = await recent.result(handoff_id, "read_conversation") if asked.stored.started_by else None
    redacted = packing.redactor.request(asked.request)
    package = build_package(
        handoff_id=handoff_id,
        asked_at=asked.stored.created_at,
        agent_name=asked.stored.ai_agent,
        request=with_real_hosts(redacted.request),
        masked=redacted.masked,
        gathered=_gathered(facts),
        mended=asked.stored.mended,
        url=_page_of(packing, handoff_id, asked.stored.created_at),
        older=(read or {}).get("cut", 0),
        written=cited_from_json((facts or {}).get("summary", ())),
    )
    if facts is not None:  # before that it still changes
        recent.keep_package(package)
    return package


def _page_of(packing: Packing, handoff_id: HandoffId, asked_at: datetime) -> str | None:
    if packing.link is not None:
        return packing.link(handoff_id, asked_at)
    # without the key no link can be signed; who opens this one signs in
    return f"{packing.public_url}/handoffs/{handoff_id}" if packing.public_url else None


async def opened_of(world: World, handoff_id: HandoffId) -> Mapping[str, Any] | None:
    """What became of the ticket: the result of the step that opened or enriched it; None while there is none."""
    for kind in (StepKind.OPEN_TICKET, StepKind.ENRICH_TICKET):
        result = await world.recent.result(handoff_id, kind)
        if result is not None and "ticket" in result:
            return result
    return None


def _gathered(facts: Mapping[str, Any] | None) -> Gathered:
    return gathered_from_json(facts or {"reports": []})


def source_titles(world: World) -> dict[str, str]:
    """Source name → the name that people know it by."""
    return {source.name: source.title for source in world.sources()}
