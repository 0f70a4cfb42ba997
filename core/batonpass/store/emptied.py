"""What is left of a conversation once it is forgotten: pure."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from batonpass.domain.conversation import Conversation, HandoffRequest, Reason, Role, Turn

_GONE = (Turn(role=Role.AI, text=""),)
"""What stands in the place of the turns: no AI agent hands over a conversation of one empty message of its own."""


def emptied(body: bytes) -> bytes:
    """The request without anything that was said or is known of the customer. It still reads as a request."""
    if not body:
        return body  # its conversation was never read
    try:
        request = HandoffRequest.model_validate_json(body)
    except ValidationError:  # of a release whose requests we do not know: nothing of it may stay
        request = HandoffRequest(conversation=Conversation(turns=_GONE))
    left = HandoffRequest(
        conversation=Conversation(language=request.conversation.language, turns=_GONE),
        helpdesk=request.helpdesk,
        reason=Reason(code=request.reason.code),
    )
    return left.model_dump_json(exclude_defaults=True).encode()


def is_emptied(request: HandoffRequest) -> bool:
    """Whether its conversation is no longer kept."""
    return request.conversation.turns == _GONE


_VALUES: dict[str, Any] = {
    "value": "",
    "shown": "",
    "kind": "plain",
    "detail": "",
    "tags": [],
    "contacts": [],
    "handoffs": [],
    "summary": [],
}


def without_values(result: Any) -> Any:
    """A step's result with the names and the number of its facts and fields, without their values. What reads such a
    result can still read it."""
    match result:
        case dict():
            return {
                key: _VALUES[key] if key in _VALUES else without_values(kept) for key, kept in result.items()
            }
        case list():
            return [without_values(each) for each in result]
        case _:
            return result
