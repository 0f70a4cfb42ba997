"""Puts a plan in force. Whatever was done before an interruption is found done at the next run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from batonpass.app.config import Config
from batonpass.app.discovery import Lack, discovered, lacking
from batonpass.app.planning import account
from batonpass.app.planning.document import PlanDocument, PlannedFile
from batonpass.app.planning.needs import Need
from batonpass.app.planning.texts import content_of, digest_of
from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.ticket import FieldSchema
from batonpass.testing.failpoints import failpoint

MOST_NAMED = 8


class PlanStaleError(ConfigurationError):
    """Something has moved since the plan was made. Nothing was changed."""

    code = "plan_stale"

    def __init__(self, moved: Sequence[str]) -> None:
        self.moved = tuple(moved)
        more = f" and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
        super().__init__(f"since the plan was made: {'; '.join(moved[:MOST_NAMED])}{more}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacks:
    """What is still to be created, and what it was for."""

    lacks: tuple[Lack, ...]
    done: tuple[Need, ...]
    """What an earlier run has created."""


def refuse_moved_files(plan: PlanDocument, config: Config) -> None:
    """Raises `PlanStaleError` where a candidate is not what was planned, or somebody else has changed what it takes
    the place of."""
    moved = [what for each in plan.files for what in _moved_file(each, config)]
    if moved:
        raise PlanStaleError(moved)


def _moved_file(file: PlannedFile, config: Config) -> list[str]:
    connection = next((each for each in config.connections if each.name == file.connection), None)
    if connection is None:
        return [f"there is no [connections.{file.connection}] any more"]
    if connection.mapping.absolute() != place_of(file, config):
        return [f"the mapping of {file.connection} stands at {connection.mapping} now, not at {file.place}"]
    candidate, place = _digest_at(candidate_of(file, config)), _digest_at(place_of(file, config))
    moved = []
    if candidate != file.sha256:
        moved.append(f"{file.candidate} {'is gone' if candidate is None else 'has changed'}")
    if place not in {file.place_sha256, file.sha256} and file.candidate != file.place:
        moved.append(f"{file.place} {'is gone' if place is None else 'has changed'}")
    return moved


async def lacks_of_plan(plan: PlanDocument, config: Config, clock: Clock) -> Lacks:
    """What the account still lacks. Raises `PlanStaleError` where it is not what it was, but for what the plan itself
    creates; and what reading the account raises."""
    schema = (await discovered(config.helpdesk, clock)).schema
    refuse_moved_account(plan, schema)
    lacks = lacking([each.field for each in plan.needs], schema)
    left = {each.field.name for each in lacks}
    return Lacks(lacks=lacks, done=tuple(each for each in plan.needs if each.field.name not in left))


def refuse_moved_account(plan: PlanDocument, schema: FieldSchema) -> None:
    before = account.without(schema, plan.needs, plan.account.parts)
    moved = account.moved(plan.account.parts, account.parts_of(before))
    if moved:
        raise PlanStaleError([f"{plan.account.connection}: {each}" for each in moved])


def put_in_place(file: PlannedFile, config: Config) -> bool:
    """The candidate at its place, whole or not at all; whether it was not there before."""
    source, place = candidate_of(file, config), place_of(file, config)
    content = content_of(source)
    if digest_of(content) != file.sha256:
        raise PlanStaleError([f"{file.candidate} has changed"])
    if _digest_at(place) == file.sha256:
        return False
    if _digest_at(place) != file.place_sha256:
        raise PlanStaleError([f"{file.place} has changed"])
    _write(place, content)
    return True


def candidate_of(file: PlannedFile, config: Config) -> Path:
    return config.path.absolute().parent / file.candidate


def place_of(file: PlannedFile, config: Config) -> Path:
    return config.path.absolute().parent / file.place


def _digest_at(path: Path) -> str | None:
    return digest_of(content_of(path)) if path.exists() else None


def _write(place: Path, content: bytes) -> None:
    """Beside it first, then renamed: whoever reads it reads the old or the new one."""
    place = place.resolve()  # a link stays one
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o644
        descriptor, fresh = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".new")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        failpoint("plan.written")
        Path(fresh).replace(place)
    except OSError as error:
        raise ConfigurationError(f"{place}: cannot be written: {error.strerror}", code="unwritable") from None
    failpoint("plan.in_place")
