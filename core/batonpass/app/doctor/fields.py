"""The helpdesk's fields: what batonpass itself needs there, and what the start rule names."""

from __future__ import annotations

from collections.abc import Iterator

from batonpass.app.config import Connection
from batonpass.app.discovery import lacking
from batonpass.app.doctor.verdicts import Examined, failed, ok, warning
from batonpass.diagnostics import did_you_mean
from batonpass.domain.ticket import FieldDefinition, FieldKind, FieldSchema
from batonpass.ports import HelpdeskSettings, ProvisionsFields, StartRule

_TICKED = frozenset({"true", "false"})


def own_fields_examined(connection: Connection, opened: object, schema: FieldSchema) -> Iterator[Examined]:
    """A warning for each field that batonpass needs and the account lacks: tickets are opened all the same."""
    if not isinstance(opened, ProvisionsFields):
        return
    wanted = opened.own_fields()
    lacks = lacking(wanted, schema)
    for lack in lacks:
        why = f" ({lack.field.why})" if lack.field.why else ""
        told = lack.conflict or f'the field "{lack.field.name}" is missing{why}'
        fix = (
            "rename or mend it in the helpdesk" if lack.conflict else f"batonpass provision {connection.name}"
        )
        yield warning("own fields", f"{connection.name}: {told}", fix)
    if wanted and not lacks:
        yield ok("own fields", f"{connection.name}: all there")


def start_examined(connection: Connection, schema: FieldSchema) -> Iterator[Examined]:
    """Whether the account has what the start rule names: one that it lacks would never start anything."""
    settings = connection.settings
    if not isinstance(settings, HelpdeskSettings) or settings.start is None:
        return
    problem = _unmet(settings.start, schema)
    at = f"start of [connections.{connection.name}]"
    if problem is None:
        yield ok("start", f"{at}: {_said(settings.start)}")
    else:
        what, hint = problem
        yield failed(
            "start", f"{at}: {what}", hint or f"batonpass discover {connection.name} shows what is there"
        )


def _said(start: StartRule) -> str:
    if start.tag is not None:
        return f'the tag "{start.tag}" (a tag need not be there before it is used)'
    if start.group is not None:
        return f'the group "{start.group}" is there'
    return f'the field "{start.field}" is there and can say "{start.value}"'


def _unmet(start: StartRule, schema: FieldSchema) -> tuple[str, str | None] | None:
    """What is missing, and what was meant perhaps; None where nothing is."""
    if start.group is not None:
        names = [each.name for each in schema.groups]
        if start.group in {each.id for each in schema.groups} or start.group in names:
            return None
        return f'there is no group "{start.group}"', did_you_mean(start.group, names, listed="groups")
    if start.field is None or start.value is None:
        return None
    field = next((each for each in schema.fields if start.field in {each.name, each.id}), None)
    if field is None:
        names = [each.name for each in schema.fields if each.active]
        return f'there is no field "{start.field}"', did_you_mean(start.field, names, listed="fields")
    if not field.active:
        return f'the field "{start.field}" is switched off', "switch it on in the helpdesk"
    return _unsayable(field, start.value)


def _unsayable(field: FieldDefinition, value: str) -> tuple[str, str | None] | None:
    if field.kind is FieldKind.CHECKBOX and value.lower() not in _TICKED:
        return f'"{field.name}" is ticked or not, never "{value}"', 'value = "true"'
    if field.kind not in {FieldKind.DROPDOWN, FieldKind.MULTISELECT}:
        return None
    if any(value in {option.value, option.label} for option in field.options):
        return None
    labels = [option.label for option in field.options]
    return f'"{field.name}" has no option "{value}"', did_you_mean(value, labels, listed="options")
