"""The plan as a document, `batonpass.plan/1`: what `plan` writes and `apply` reads."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batonpass.app.planning.changes import RuleChange
from batonpass.app.planning.effect import Effect
from batonpass.app.planning.needs import Need
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.ticket import FieldKind, NewField

SCHEMA: Literal["batonpass.plan/1"] = "batonpass.plan/1"
HIDDEN = "(hidden)"
_LARGEST = 20_000_000


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class PlannedChange(_Part):
    kind: str
    rule: str
    file: str
    line: int | None
    details: tuple[str, ...]


class PlannedFile(_Part):
    """One connection's mapping file."""

    connection: str
    place: Path
    """Where it will stand."""
    candidate: Path
    sha256: str
    """Of the candidate."""
    place_sha256: str | None
    """Of what stands at its place now; None: nothing."""
    in_force: str | None
    """The version in force; None: none is known."""
    changes: tuple[PlannedChange, ...] = ()


class PlannedField(_Part):
    """A field to be created, or options of one that is there."""

    name: str
    kind: FieldKind
    options: tuple[str, ...]
    adds_options: bool
    where: str
    meant: str | None = None

    @classmethod
    def of(cls, need: Need) -> PlannedField:
        return cls(
            name=need.field.name,
            kind=need.field.kind,
            options=need.field.options,
            adds_options=need.adds_options,
            where=need.where,
            meant=need.meant,
        )

    def need(self) -> Need:
        field = NewField(
            name=self.name, kind=self.kind, options=self.options, why=f"{self.where} writes to it"
        )
        return Need(field=field, adds_options=self.adds_options, where=self.where, meant=self.meant)


class PlannedAccount(_Part):
    connection: str
    sha256: str
    parts: dict[str, str]


class PlannedFieldEffect(_Part):
    field: str
    outcome: str
    before: str | None
    after: str | None
    why: str | None
    handoffs: tuple[str, ...]


class PlannedEffect(_Part):
    """What would become of past handoffs."""

    handoffs: int
    samples: bool
    same: tuple[str, ...]
    changed: tuple[str, ...]
    fails: tuple[str, ...]
    fields: dict[str, dict[str, int]]
    changes: tuple[PlannedFieldEffect, ...]


class PlannedFinding(_Part):
    code: str
    severity: str
    file: str
    line: int
    column: int
    message: str
    hint: str | None


class PlanDocument(_Part):
    schema_: Literal["batonpass.plan/1"] = Field(default=SCHEMA, alias="schema")
    made_at: datetime
    files: tuple[PlannedFile, ...]
    account: PlannedAccount
    creates: tuple[PlannedField, ...]
    effect: PlannedEffect
    findings: tuple[PlannedFinding, ...]

    @property
    def needs(self) -> tuple[Need, ...]:
        """What `apply` creates: nothing that was probably meant otherwise."""
        return tuple(each.need() for each in self.creates if each.meant is None)

    @property
    def has_changes(self) -> bool:
        return any(each.changes for each in self.files) or bool(self.creates)

    def text(self) -> str:
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def read_plan(path: Path) -> PlanDocument:
    """Raises `ConfigurationError` where it is no plan of ours."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigurationError(f"{path}: too large for a plan", code="no_plan")
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}", code="no_plan") from None
    try:
        return PlanDocument.model_validate_json(content)
    except ValidationError as error:
        raise ConfigurationError(
            f"{path}: is no {SCHEMA} document ({error.error_count()} parts are missing or of another kind)",
            code="no_plan",
        ) from None


def change_part(change: RuleChange) -> PlannedChange:
    return PlannedChange(
        kind=change.kind,
        rule=change.rule,
        file=change.file,
        line=change.line,
        details=change.details,
    )


def effect_part(effect: Effect, *, redact: bool) -> PlannedEffect:
    """`redact`: without the values that would stand in the fields."""

    def shown(value: str | None) -> str | None:
        return HIDDEN if redact and value is not None else value

    return PlannedEffect(
        handoffs=len(effect.handoffs),
        samples=effect.samples,
        same=effect.same,
        changed=effect.changed,
        fails=effect.fails,
        fields={name: {str(key): n for key, n in counts.items()} for name, counts in effect.fields.items()},
        changes=tuple(
            PlannedFieldEffect(
                field=each.field,
                outcome=each.outcome,
                before=shown(each.before),
                after=shown(each.after),
                why=each.why,
                handoffs=each.handoffs,
            )
            for each in effect.changes
        ),
    )
