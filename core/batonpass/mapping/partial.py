"""What can be read of a mapping with mistakes: so that the rest of it is checked in the same run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from batonpass.diagnostics import TomlFile
from batonpass.mapping.layers import LayeredFile
from batonpass.mapping.shapes import HelpdeskFile

_ANY_SUBJECT = "-"


def usable_part(file: LayeredFile) -> tuple[HelpdeskFile, LayeredFile] | None:
    """The rules that are of the right shape, each by itself, and the file without the others; None where the file is
    no TOML. A field whose rule is left out stands in the file as None."""
    if not file.readable or not file.data:
        return None
    ticket, fields = _table(file, "ticket"), _table(file, "fields")
    subject = ticket.get("subject")
    right: dict[str, Any] = {"subject": subject if isinstance(subject, str) else _ANY_SUBJECT}
    right |= {key: rule for key, rule in ticket.items() if key != "subject" and _fits({key: rule}, {})}
    mapped = {name: rule for name, rule in fields.items() if _fits({}, {name: rule})}
    shape = HelpdeskFile.model_validate({"ticket": right, "fields": mapped})
    data = {"ticket": right, "fields": {**dict.fromkeys(fields), **mapped}}
    return shape, replace(file, data=data if "fields" in file.data else {"ticket": right})


def _table(file: TomlFile, name: str) -> Mapping[str, Any]:
    table = file.data.get(name)
    return table if isinstance(table, dict) else {}


def _fits(ticket: dict[str, Any], fields: dict[str, Any]) -> bool:
    try:
        HelpdeskFile.model_validate({"ticket": {"subject": _ANY_SUBJECT, **ticket}, "fields": fields})
    except ValidationError:
        return False
    return True
