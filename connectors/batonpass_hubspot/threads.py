"""What was said on a ticket, by its conversations.

https://developers.hubspot.com/docs/api-reference/latest/conversations/inbox-and-messages/guide: a ticket that came in
through the inbox or the help desk has threads; an actor's id begins with its kind: A- a user, V- a contact or visitor,
E- an e-mail address, I- an integration, S- HubSpot itself, and, as the actors' type `BOT` lets expect, B- a chatbot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from batonpass.domain.conversation import Role
from batonpass.domain.errors import RefusedError
from batonpass.domain.plain_text import plain_text
from batonpass.domain.ticket import Agent
from batonpass_hubspot.desk import Desk, agent_of
from batonpass_hubspot.desk_wire import Identifier, Message, MessageContent, NewMessage, Recipient

MESSAGE, INCOMING, OUTGOING = "MESSAGE", "INCOMING", "OUTGOING"
CUT = "TRUNCATED"
"""Of a message whose text is not all there; one cut to the newest reply is whole for us: the rest is quotation."""
_USER = "A-"
_ROLES: Mapping[str, Role] = MappingProxyType(
    {
        _USER: Role.AGENT,
        "V-": Role.CUSTOMER,
        "E-": Role.CUSTOMER,
        "B-": Role.AI,
        "S-": Role.AI,
        "I-": Role.AI,
    }
)
"""Who is no person of the team and no customer is a machine that answers for the team."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One public message."""

    message: Message
    thread_id: str
    text: str
    role: Role | None
    """None: our own."""


class Threads:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def said_on(self, ticket_id: str) -> tuple[Said, ...]:
        """All public messages of all its threads, the oldest first."""
        said: list[Said] = []
        ai_agents = await self._ai_agents()
        for thread in await self._desk.api.threads_of(ticket_id):
            for message in await self._desk.api.messages(thread.id):
                if message.type == MESSAGE:
                    text = await self._text(thread.id, message)
                    role = self._role(message, ai_agents)
                    said.append(Said(message=message, thread_id=thread.id, text=text, role=role))
        return tuple(sorted(said, key=_when))

    async def reply(self, ticket_id: str, text: str) -> None:
        """To whoever wrote last, on the channel on which they did. Raises `RefusedError` with code `no_thread` where
        nobody has written through the inbox."""
        theirs = [each for each in await self.said_on(ticket_id) if each.role is Role.CUSTOMER]
        last = theirs[-1] if theirs else None
        sender = self._desk.settings.reply_as
        if last is None or not (last.message.channel_id and last.message.channel_account_id) or not sender:
            raise RefusedError(
                "threads.send: the ticket has no conversation in which the customer wrote", code="no_thread"
            )
        new = NewMessage(
            text=text,  # without `richText` markup stays text
            subject=last.message.subject,
            sender_actor_id=f"{_USER}{sender}",
            channel_id=last.message.channel_id,
            channel_account_id=last.message.channel_account_id,
            recipients=_back_to(last.message),
        )
        await self._desk.api.send(last.thread_id, new)

    async def has_reply(self, ticket_id: str, text: str) -> bool:
        """Whether our own user, or our app, has said exactly this: messages keep no key that is hidden."""
        same = _same(text)
        return any(each.role is None and _same(each.text) == same for each in await self.said_on(ticket_id))

    async def author(self, message: Message) -> Agent:
        """The person who wrote it, under the owner id where there is one."""
        user_id = (message.created_by or "").removeprefix(_USER)
        owners = await self._desk.known_owners()
        owner = next((each for each in owners if each.user_id == user_id), None)
        return Agent(id=message.created_by or "") if owner is None else agent_of(owner)

    async def _text(self, thread_id: str, message: Message) -> str:
        if message.truncation_status != CUT:
            return _plain(message)
        return _plain(await self._desk.api.whole_message(thread_id, message.id))

    async def _ai_agents(self) -> frozenset[str]:
        """The actor ids of the AI agent, whose id in the settings is its owner's, or an actor's."""
        told = self._desk.settings.ai_agent_id
        if told is None:
            return frozenset()
        users = {
            f"{_USER}{owner.user_id}"
            for owner in await self._desk.known_owners()
            if owner.id == told and owner.user_id is not None
        }
        return frozenset({told, *users})

    def _role(self, message: Message, ai_agents: frozenset[str]) -> Role | None:
        author = message.created_by or ""
        if message.direction == INCOMING:
            return Role.CUSTOMER
        if author in ai_agents:
            return Role.AI
        if self._is_ours(message):
            return None
        return _ROLES.get(author[:2], Role.AI if message.direction == OUTGOING else Role.CUSTOMER)

    def _is_ours(self, message: Message) -> bool:
        """By our app, where it is known which that is; else by the user in whose name we reply, who then should be
        nobody's own."""
        settings = self._desk.settings
        app = message.client.integration_app_id if message.client else None
        if settings.app_id is not None and app is not None:
            return app == settings.app_id
        return settings.reply_as is not None and message.created_by == f"{_USER}{settings.reply_as}"


def _plain(said: Message | MessageContent) -> str:
    """The plain form where HubSpot gives one, else that of the rich one."""
    return (said.text or "").strip() or plain_text(said.rich_text)


def _back_to(message: Message) -> tuple[Recipient, ...]:
    return tuple(
        Recipient(
            actor_id=sender.actor_id,
            name=sender.name,
            delivery_identifiers=_identifiers(sender.delivery_identifier),
        )
        for sender in message.senders
    )


def _identifiers(identifier: Identifier | None) -> tuple[Identifier, ...]:
    return () if identifier is None else (identifier,)


def _when(said: Said) -> tuple[bool, float]:
    at = said.message.created_at
    return (at is None, 0.0 if at is None else at.timestamp())


def _same(text: str) -> str:
    return " ".join(text.split())


def first_reply(said: Iterable[Said], since: datetime) -> Said | None:
    """The first message of a person of the team, not before `since`."""
    for each in said:
        at = each.message.created_at
        if each.role is Role.AGENT and each.message.direction == OUTGOING and at is not None and at >= since:
            return each
    return None
