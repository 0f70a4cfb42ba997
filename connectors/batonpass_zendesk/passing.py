"""Passing a messaging conversation from the AI agent to people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from batonpass.domain.errors import ConfigurationError, RefusedError, RetryLaterError
from batonpass.domain.ticket import TicketDraft, TicketKey, TicketRef
from batonpass_zendesk import sent, wire
from batonpass_zendesk.account import Account, number, written

MOST_METADATA = 4096
"""Bytes: https://developer.zendesk.com/api-reference/conversations/#operation/passControl"""
AGENTS = "zd:agentWorkspace"
LOOK_AGAIN = 2.0
_PLACE = "dataCapture."


class Passing:
    """`PassesConversations`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def pass_conversation(
        self, conversation_id: str, draft: TicketDraft, *, key: TicketKey
    ) -> TicketRef:
        """The ticket takes requester, priority, group, tags and fields from the call's metadata; what does not fit
        into its 4 KB is left out, the last fields first. Its note and `key` are no part of it.

        The AI agent must have sent at least one message before: Zendesk opens a ticket without the metadata
        otherwise (third-party report: botpress, zendesk-messaging-hitl).
        """
        del key
        messaging = self._account.messaging
        if messaging is None:
            raise ConfigurationError(
                f"{self._account.name}: set messaging_app_id, messaging_key_id and messaging_key_secret to pass "
                "conversations",
                code="no_messaging",
            )
        if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", conversation_id):
            raise RefusedError("conversations.pass: this is no id of a conversation", code="not_found")
        conversation = await messaging.conversation(conversation_id)
        target = self._account.settings.messaging_integration
        if not _is_with(conversation.active, target):
            passed = sent.PassedControl(switchboardIntegration=target, metadata=_metadata(draft))
            await messaging.pass_control(conversation_id, passed)
        return await self._ticket(conversation_id)

    async def _ticket(self, conversation_id: str) -> TicketRef:
        try:
            ticket = await self._account.client.ticket_of_conversation(conversation_id)
        except RefusedError as refused:
            if refused.status != 404:
                raise
            raise RetryLaterError(
                "conversations.pass: passed, its ticket is not there yet",
                retry_after=LOOK_AGAIN,
                code="no_ticket_yet",
            ) from None
        return self._account.ref(ticket.id)


def _is_with(active: wire.SwitchboardIntegration | None, target: str) -> bool:
    """Whether the people have it: to pass it to `next` once more would take it on to whoever follows them."""
    if active is None:
        return False
    return active.kind == AGENTS or target in {active.id, active.name}


def _metadata(draft: TicketDraft) -> dict[str, str | int | bool]:
    """As much as fits, in this order."""
    kept: dict[str, str | int | bool] = {}
    for name, value in _data_capture(draft):
        longer = {**kept, f"{_PLACE}{name}": value}
        if len(json.dumps(longer, ensure_ascii=False).encode()) <= MOST_METADATA:
            kept = longer
    return kept


def _data_capture(draft: TicketDraft) -> Iterator[tuple[str, str | int | bool]]:
    """https://developer.zendesk.com/documentation/conversations/messaging-platform/programmable-conversations/switchboard/"""
    requester = draft.requester
    if requester is not None and requester.name:
        yield "systemField.requester.name", requester.name
    if requester is not None and requester.email:
        yield "systemField.requester.email", requester.email
    if draft.priority is not None:
        yield "systemField.priority", draft.priority.value
    if draft.group is not None:
        yield "systemField.group_id", number(draft.group.id, "group")
    if draft.assignee is not None:
        yield "systemField.assignee_id", number(draft.assignee.id, "assignee")
    if draft.tags:
        yield "systemField.tags", ",".join(draft.tags)
    for field in draft.fields:
        value = written(field.value)
        yield (
            f"ticketField.{number(field.id, field.id)}",
            ",".join(value) if isinstance(value, list) else value,
        )
