"""The triggers that stand in for ticket events where an account has none."""

from __future__ import annotations

from batonpass.domain.event import EventKind
from batonpass.ports import StartRule
from batonpass_zendesk import sent
from batonpass_zendesk.trigger_bodies import COMMENTED, body_for

TITLE = "batonpass: "
_WHY = "Made by batonpass; tells it of tickets, by their ids only."


def _is(field: str, value: str) -> sent.Condition:
    return sent.Condition(field=field, operator="is", value=value)


def _status(operator: str, value: str = "solved") -> sent.Condition:
    return sent.Condition(field="status", operator=operator, value=value)


def _changed(field: str) -> sent.Condition:
    return sent.Condition(field=field, operator="changed", value="")


WHEN: dict[str, sent.Conditions] = {
    EventKind.TICKET_OPENED.value: sent.Conditions(all=[_is("update_type", "Create")]),
    EventKind.TICKET_ASSIGNED.value: sent.Conditions(
        all=[_is("update_type", "Change")], any=[_changed("assignee_id"), _changed("group_id")]
    ),
    COMMENTED: sent.Conditions(all=[_is("update_type", "Change"), _is("comment_is_public", "true")]),
    EventKind.NOTE_ADDED.value: sent.Conditions(
        all=[_is("update_type", "Change"), _is("comment_is_public", "false")]
    ),
    EventKind.TICKET_SOLVED.value: sent.Conditions(all=[_status("value")]),
    EventKind.TICKET_REOPENED.value: sent.Conditions(all=[_status("value_previous"), _status("less_than")]),
    EventKind.STATUS_CHANGED.value: sent.Conditions(
        all=[_changed("status"), _status("less_than"), _status("not_value_previous")]
    ),
}
"""Our word → when a trigger says it.
https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/"""


def start_conditions(
    start: StartRule, *, group_id: str | None, field_id: str | None, value: str | None
) -> sent.Conditions | None:
    """When the rule is met; None where its group or field is not in the account. `value` is the option's tag."""
    if start.tag is not None:
        return sent.Conditions(
            all=[sent.Condition(field="current_tags", operator="includes", value=start.tag.lower())]
        )
    if start.group is not None:
        return None if group_id is None else sent.Conditions(all=[_is("group_id", group_id)])
    if field_id is None or value is None:
        return None
    return sent.Conditions(all=[_is(f"custom_fields_{field_id}", value)])


def trigger(word: str, conditions: sent.Conditions, *, webhook_id: str) -> sent.NewTrigger:
    return sent.NewTrigger(
        title=f"{TITLE}{word}",
        description=_WHY,
        conditions=conditions,
        actions=[sent.Action(field="notification_webhook", value=[webhook_id, body_for(word)])],
    )
