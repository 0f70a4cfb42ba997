"""What HubSpot says when it refuses: its codes and what it names, without its message, which may quote values.

https://developers.hubspot.com/docs/api-reference/error-handling
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from batonpass.domain.json_text import JsonError, parse_answer
from batonpass.transport import Explain, Explanation
from batonpass_hubspot.wire import ErrorBody

EXISTING = "EXISTING_ID_"
"""The beginning of the reason that names the record which has the value already."""

IN_OUR_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "subject": "subject",
        "content": "note",
        "hs_note_body": "note",
        "hs_ticket_priority": "priority",
        "hubspot_owner_id": "assignee",
        "hubspot_team_id": "group",
        "hs_pipeline": "form",
        "hs_pipeline_stage": "status",
        "batonpass_tags": "tags",
        "email": "requester",
        "firstname": "requester",
        "lastname": "requester",
    }
)
"""A property → the part of a ticket that it is. A custom property is a field and keeps its name, which is its id."""

_CODE = re.compile(r"[A-Z][A-Z0-9_.]{1,60}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{1,100}")
_NAMING = ("propertyName", "properties", "requiredGranularScopes", "requiredScopes", "missingScopes")
_EXISTING = re.compile(r"Existing ID: (\d{1,20})", re.ASCII)


def explain(body: Any) -> Explanation:
    """HubSpot's codes, and the properties or scopes it names.

    Some validation errors are told in `errors`, some as a JSON list inside the message
    (github.com/HubSpot/hubspot-api-python, issues): both are read.
    """
    error = ErrorBody.model_validate(body)
    inside = list(_listed_in(error.message))
    contexts = [error.context, *(detail.context for detail in error.errors)]
    codes = [error.category, error.policy_name, *(detail.code for detail in error.errors)]
    codes += [str(each.get("error")) for each in inside]
    names = [name for context in contexts for word in _NAMING for name in context.get(word, ())]
    names += [str(each.get("name")) for each in inside]
    if taken := _EXISTING.search(error.message):
        codes.append(f"{EXISTING}{taken[1]}")
    return Explanation(
        fields=tuple(dict.fromkeys(name for name in names if _NAME.fullmatch(name))),
        reasons=tuple(dict.fromkeys(code for code in codes if code and _CODE.fullmatch(code))),
    )


def ticket_explainer(group_property: str | None) -> Explain:
    """As `explain`, with the parts of a ticket in our words."""
    words = {**IN_OUR_WORDS, **({group_property: "group"} if group_property else {})}

    def explain_ticket(body: Any) -> Explanation:
        said = explain(body)
        named = dict.fromkeys(words.get(name, name) for name in said.fields)
        return Explanation(fields=tuple(named), reasons=said.reasons)

    return explain_ticket


def _listed_in(message: str) -> Iterator[dict[str, Any]]:
    """`Property values were not valid: [{"isValid":false,"error":"INVALID_OPTION","name":"tier", …}]`"""
    start, end = message.find("[{"), message.rfind("}]")
    if not 0 <= start < end:
        return
    try:
        listed = parse_answer(message[start : end + 2].encode())
    except JsonError:
        return
    yield from (each for each in listed if isinstance(each, dict))
