"""The steps around the context package: gather the facts, put the package together, go after late facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from batonpass.context.gather import gather
from batonpass.context.package import ContextPackage, build_package, person_of
from batonpass.domain.errors import RetryLaterError
from batonpass.domain.facts import Gathered, SourceReport, Standing, gathered_from_json, gathered_to_json
from batonpass.domain.handoff import ClaimedStep, StepKind
from batonpass.domain.ids import HandoffId
from batonpass.engine import decide
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
    gathered = await gather(
        replace(person_of(asked.request), ticket_id=asked.stored.asked_about),
        world.sources(),
        deadline=world.settings.facts_deadline,
        claimed_may_know=world.settings.claimed_may_know,
        clock=world.clock,
    )
    return Done(result=gathered_to_json(gathered), plan=decide.on_gathered(way_of(world, asked)))


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
    sources = [source for source in world.sources() if source.name == step.about]
    gathered = await gather(
        replace(person_of(request), ticket_id=None if opened is None else opened["ticket"]["id"]),
        sources,
        deadline=LATE_DEADLINE,
        claimed_may_know=world.settings.claimed_may_know,
        clock=world.clock,
    )
    waited = world.clock.now() - step.first_claimed_at
    for report in gathered.reports:
        if report.standing.may_come_later and waited < timedelta(seconds=world.settings.late_facts_for):
            raise RetryLaterError(
                f"{step.about}: still {report.standing}",
                retry_after=_pause(report, step.attempts),
                code=report.standing.value,
            )
    plan = decide.on_late_answer(gathered.reports[0]) if gathered.reports else decide.on_noted()
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
    asked = await recent.asked(handoff_id)
    base = packing.public_url
    read = await recent.result(handoff_id, "read_conversation") if asked.stored.started_by else None
    return build_package(
        handoff_id=handoff_id,
        asked_at=asked.stored.created_at,
        agent_name=asked.stored.ai_agent,
        request=asked.request,
        gathered=await _gathered(recent, handoff_id),
        mended=asked.stored.mended,
        url=f"{base}/v1/handoffs/{handoff_id}" if base else None,
        older=(read or {}).get("cut", 0),
    )


async def opened_of(world: World, handoff_id: HandoffId) -> Mapping[str, Any] | None:
    """What became of the ticket: the result of the step that opened or enriched it; None while there is none."""
    for kind in (StepKind.OPEN_TICKET, StepKind.ENRICH_TICKET):
        result = await world.recent.result(handoff_id, kind)
        if result is not None and "ticket" in result:
            return result
    return None


async def gathered_of(world: World, handoff_id: HandoffId) -> Gathered:
    return await _gathered(world.recent, handoff_id)


async def _gathered(recent: Recent, handoff_id: HandoffId) -> Gathered:
    return gathered_from_json(await recent.result(handoff_id, "gather_facts") or {"reports": []})


def source_titles(world: World) -> dict[str, str]:
    """Source name → the name that people know it by."""
    return {source.name: source.title for source in world.sources()}
