"""The messaging API (Sunshine Conversations) of one account: the calls that pass a conversation on.

https://developer.zendesk.com/api-reference/conversations/
"""

from __future__ import annotations

import base64
import re
from typing import Any

from batonpass.ports import Connecting
from batonpass.transport import Call, Explanation, FixedCredentials, Transport
from batonpass_zendesk import ZendeskSettings, sent, wire
from batonpass_zendesk.login import HOSTS

_CODE = re.compile(r"[A-Za-z_]{1,60}")


class MessagingClient:
    def __init__(self, transport: Transport, app_id: str) -> None:
        self._transport = transport
        self._conversations = f"/sc/v2/apps/{app_id}/conversations"

    async def conversation(self, conversation_id: str) -> wire.Conversation:
        call = Call(
            operation="conversations.read", method="GET", path=f"{self._conversations}/{conversation_id}"
        )
        return (await self._transport.call(call)).read_as(wire.ConversationAnswer).conversation

    async def pass_control(self, conversation_id: str, passed: sent.PassedControl) -> None:
        call = Call(
            operation="conversations.pass",
            method="POST",
            path=f"{self._conversations}/{conversation_id}/passControl",
            json=passed.model_dump(),
            effect=True,
            reads_body=False,
        )
        await self._transport.call(call)


def messaging_for(settings: ZendeskSettings, connecting: Connecting) -> MessagingClient | None:
    """None where the messaging API is not set up."""
    if not settings.passes_conversations:
        return None
    assert settings.messaging_app_id is not None
    assert settings.messaging_key_secret is not None
    key = f"{settings.messaging_key_id}:{settings.messaging_key_secret.get_secret_value()}"
    proof = {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}
    transport = connecting.open_transport(
        base_url=settings.address,
        hosts=HOSTS,
        credentials=FixedCredentials(proof, name="messaging"),
        explain=explain,
    )
    return MessagingClient(transport, settings.messaging_app_id)


def explain(body: Any) -> Explanation:
    """`{"errors": [{"code": "conversation_not_found", "title": …}]}`"""
    codes = [error.get("code") for error in body["errors"]]
    return Explanation(
        reasons=tuple(code for code in codes if isinstance(code, str) and _CODE.fullmatch(code))
    )
