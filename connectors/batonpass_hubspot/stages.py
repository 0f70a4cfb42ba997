"""Pipelines and stages ↔ our statuses.

HubSpot's stages are the account's own; each says by `ticketState` whether a ticket in it is open or closed:
https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import Form, TicketStatus
from batonpass_hubspot.settings import HubSpotSettings
from batonpass_hubspot.wire import Pipeline, Stage

CLOSED = "CLOSED"
STATE = "ticketState"
DEFAULT_PIPELINE = "0"
"""The id of the pipeline that every account begins with."""

Named = TypeVar("Named", Pipeline, Stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The account's ticket pipelines as they are now, and which stages the settings mean."""

    pipelines: tuple[Pipeline, ...]
    settings: HubSpotSettings

    def for_new(self, form_id: str | None = None) -> tuple[Pipeline, Stage]:
        """Where a new ticket goes. What the settings name and is gone is made up for by the account's first; a pipeline
        that the draft names and is gone is refused as its form."""
        pipeline = self.pipeline if form_id is None else self.of_form(form_id)
        if pipeline is None:
            raise RefusedError(
                "tickets.create: there is no such pipeline", status=400, fields=("form",), code="unsupported"
            )
        named = _named(self.settings.stage, pipeline.stages)
        if named is not None and not is_closed(named):
            return pipeline, named
        first = next((stage for stage in _in_order(pipeline.stages) if not is_closed(stage)), None)
        if first is None:
            raise RefusedError(f"tickets: the pipeline {pipeline.id} has no open stage", code="no_stage")
        return pipeline, first

    def of_form(self, form_id: str) -> Pipeline | None:
        return next((each for each in _in_order(self.pipelines) if each.id == form_id and each.stages), None)

    @property
    def pipeline(self) -> Pipeline:
        ordered = [each for each in _in_order(self.pipelines) if each.stages]
        found = _named(self.settings.pipeline, ordered) or _named(DEFAULT_PIPELINE, ordered)
        found = found or next(iter(ordered), None)
        if found is None:
            raise RefusedError("tickets: the account has no ticket pipeline", code="no_stage")
        return found

    def status(self, stage_id: str) -> TicketStatus | None:
        """None for a stage that is gone. A stage's id is unique in the account."""
        found = next(
            (stage for pipeline in self.pipelines for stage in pipeline.stages if stage.id == stage_id), None
        )
        if found is None:
            return None
        if is_closed(found):
            return TicketStatus.SOLVED
        pending = _named(self.settings.pending_stage, (found,))
        return TicketStatus.PENDING if pending else TicketStatus.OPEN

    def for_status(self, status: TicketStatus, pipeline_id: str) -> Stage:
        """The stage of this pipeline that a ticket is put in to have this status."""
        pipeline = next((each for each in self.pipelines if each.id == pipeline_id), None) or self.pipeline
        wanted = {
            TicketStatus.OPEN: self.settings.stage,
            TicketStatus.PENDING: self.settings.pending_stage,
            TicketStatus.SOLVED: self.settings.solved_stage,
            TicketStatus.CLOSED: self.settings.solved_stage,
        }[status]
        fitting = [stage for stage in _in_order(pipeline.stages) if _fits(self.status(stage.id), status)]
        found = _named(wanted, fitting) or next(iter(fitting), None)
        if found is None:
            raise RefusedError(
                f"tickets: the pipeline {pipeline.id} has no stage that means {status}",
                fields=("status",),
                code="no_stage",
            )
        return found

    def missing(self) -> tuple[str, ...]:
        """What the settings name and the account lacks."""
        places: tuple[tuple[str, str | None, Iterable[Pipeline] | Iterable[Stage]], ...] = (
            ("pipeline", self.settings.pipeline, self.pipelines),
            ("stage", self.settings.stage, self.pipeline.stages),
            ("solved_stage", self.settings.solved_stage, self.pipeline.stages),
        )
        return tuple(
            f"{key} names {name!r}, which is no longer there: the first one is taken; correct it"
            for key, name, known in places
            if name is not None and not any(name in {each.id, each.label} for each in known)
        )

    def forms(self) -> tuple[Form, ...]:
        return tuple(
            Form(
                id=pipeline.id,
                name=pipeline.label,
                statuses=tuple(stage.label for stage in _in_order(pipeline.stages)),
            )
            for pipeline in _in_order(self.pipelines)
        )


def is_closed(stage: Stage) -> bool:
    return stage.metadata.get(STATE, "").upper() == CLOSED


def _fits(has: TicketStatus | None, wanted: TicketStatus) -> bool:
    return has is not None and (has is wanted or (has.is_done and wanted.is_done))


def _named(name: str | None, known: Iterable[Named]) -> Named | None:
    if name is None:
        return None
    listed = list(known)
    by_id = next((each for each in listed if each.id == name), None)
    same = name.strip().casefold()
    return by_id or next((each for each in listed if each.label.strip().casefold() == same), None)


def _in_order(known: Iterable[Named]) -> list[Named]:
    return sorted((each for each in known if not each.archived), key=lambda each: each.display_order)
