"""JSON Schemas of mapping files, with an account's own names in them, so that editors complete and check.

They say no more than the files' shapes and the account tell; `batonpass check` knows more, and has the last word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from typing import Any

from batonpass.domain.paths import PACKAGE_PATHS
from batonpass.domain.ticket import FieldDefinition, FieldKind, FieldSchema, Priority, TextUnit
from batonpass.mapping.convert import NO, YES
from batonpass.mapping.shapes import FactFile, HelpdeskFile
from batonpass.mapping.transforms import TRANSFORMS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Json = dict[str, Any]


def helpdesk_schema(account: FieldSchema, facts: Collection[str] = ()) -> Json:
    """Of a helpdesk's mapping in this account. `facts` are the facts that are defined."""
    whole = HelpdeskFile.model_json_schema()
    rules = _Rules(whole.pop("$defs"), (*PACKAGE_PATHS, *sorted(facts)))
    ticket = rules.ticket
    for part, names in (
        ("priority", tuple(priority.value for priority in Priority)),
        ("group", tuple(each.name for each in account.groups)),
        ("form", tuple(each.name for each in account.forms)),
        ("assignee", ()),
    ):
        said = ticket["properties"][part]["description"]
        value: Json = {"enum": list(dict.fromkeys(names))} if names else {"type": "string"}
        ticket["properties"][part] = {"description": said, "anyOf": rules.of(value)}
    ticket["properties"]["tags"]["items"] = {"anyOf": [{"type": "string"}, rules.text]}
    # What a file lacks may stand in the one below it.
    ticket.pop("required", None)
    whole.pop("required", None)
    writable = [each for each in account.fields if each.active and each.kind is not FieldKind.OTHER]
    whole["properties"]["ticket"] = ticket
    whole["properties"]["fields"] = {
        "type": "object",
        "description": "The helpdesk's fields, by name.",
        "properties": {each.name: rules.of_field(each) for each in writable},
        "additionalProperties": False,
    }
    return {"$schema": DIALECT, **whole, "title": "Mapping of a helpdesk"}


def fact_schema(readable: Mapping[str, tuple[str, ...]]) -> Json:
    """Of a source's mapping; `readable` is what the source can be asked for, as for `load_fact_mapping`."""
    whole = FactFile.model_json_schema()
    fact = whole.pop("$defs")["Fact"]
    fact["properties"]["object"] = {
        "description": fact["properties"]["object"]["description"],
        "enum": list(readable),
    }
    fact["allOf"] = [
        {
            "if": {"properties": {"object": {"const": name}}, "required": ["object"]},
            "then": {"properties": {"property": _readable(properties)}},
        }
        for name, properties in readable.items()
    ]
    whole.pop("required", None)
    whole["properties"]["facts"] = {
        "type": "object",
        "description": "Our names of facts.",
        "patternProperties": {r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$": fact},
        "additionalProperties": False,
    }
    return {"$schema": DIALECT, **whole, "title": "Mapping of facts"}


class _Rules:
    """The shapes of rules, with what may stand in them."""

    def __init__(self, shapes: Json, paths: Iterable[str]) -> None:
        self._shapes = shapes
        self.ticket = deepcopy(shapes["Ticket"])
        self.text = deepcopy(shapes["Text"])
        source = shapes["From"]["properties"]
        # A path that is not in the list is a warning only: a source may be connected later.
        source["from"] = {
            "description": source["from"]["description"],
            "anyOf": [{"enum": list(paths)}, {"type": "string"}],
        }
        names = "|".join(TRANSFORMS)
        source["transforms"]["items"] = {
            "anyOf": [
                *({"const": name, "description": known.says} for name, known in TRANSFORMS.items()),
                {"type": "string", "pattern": f"^({names})(:.*)?$"},
            ]
        }

    def of(self, value: Json) -> list[Json]:
        """The forms of a rule that writes such a value."""
        always, looked_up = deepcopy(self._shapes["Always"]), deepcopy(self._shapes["From"])
        always["properties"]["value"] = value
        looked_up["properties"]["values"]["additionalProperties"] = value
        looked_up["properties"]["default"] = value
        return [value, looked_up, self.text, always]

    def of_field(self, field: FieldDefinition) -> Json:
        forms = self.of(_value(field))
        said = f"{field.kind}{', required' if field.required else ''}"
        return {"description": said, "anyOf": [*forms, {"type": "array", "items": {"anyOf": forms[1:]}}]}


def _value(field: FieldDefinition) -> Json:
    match field.kind:
        case FieldKind.DROPDOWN:
            return {"enum": _options(field)}
        case FieldKind.MULTISELECT:
            return {"anyOf": [{"enum": _options(field)}, {"type": "string", "pattern": ","}]}
        case FieldKind.CHECKBOX:
            return {"enum": [True, False, *sorted(YES | NO)]}
        case FieldKind.INTEGER:
            return {"type": ["integer", "string"]}
        case FieldKind.DECIMAL:
            return {"type": ["number", "string"]}
        case FieldKind.TEXT | FieldKind.LONG_TEXT if field.longest and field.unit is TextUnit.CHARACTERS:
            return {"type": ["string", "number", "boolean"], "maxLength": field.longest}
        case _:
            return {"type": ["string", "number", "boolean"]}


def _options(field: FieldDefinition) -> list[str]:
    labels = [option.label for option in field.options]
    return list(dict.fromkeys([*labels, *(option.value for option in field.options)]))


def _readable(properties: tuple[str, ...]) -> Json:
    exact = [each for each in properties if not each.endswith("*")]
    forms: list[Json] = [{"enum": exact}] if exact else []
    for each in properties:
        if each.endswith("*"):
            start = each[:-1].replace(".", r"\.")
            forms.append({"type": "string", "pattern": f"^{start}.+"})
    return {"anyOf": forms}
