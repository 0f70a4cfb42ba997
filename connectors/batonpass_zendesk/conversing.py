"""What was said on a ticket, and what we say there to the customer."""

from __future__ import annotations

import html

from batonpass.domain.conversation import Role, Turn
from batonpass.domain.reading import ReadConversation, ReadCustomer
from batonpass.domain.ticket import NoteKey, TicketRef
from batonpass_zendesk import sent, wire
from batonpass_zendesk.account import STAFF, Account, literal, number
from batonpass_zendesk.tickets import standing

REPLY_KEY = "batonpass_reply"


class Conversing:
    """`Replies` and `ReadsConversations`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client

    async def reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> None:
        """Its key stands in the metadata of the change's audit, which no page of Zendesk's shows the customer.
        https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/#setting-metadata"""
        changed = sent.ChangedTicket(
            comment=sent.NewComment(html_body=_paragraphs(text), public=True), metadata={REPLY_KEY: key}
        )
        await self._client.update_ticket(number(ref.id, "ticket"), changed)

    async def find_reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> bool:
        del text  # the key is enough
        async for audit in self._client.audits(number(ref.id, "ticket")):
            custom = audit.metadata.custom if audit.metadata is not None else None
            spoke = any(event.type == "Comment" and event.public for event in audit.events)
            if spoke and custom is not None and custom.get(REPLY_KEY) == key:
                return True
        return False

    async def read_conversation(self, ref: TicketRef) -> ReadConversation:
        """All of the at most 5,000 comments that a ticket can have. What Zendesk itself wrote, and comments without
        text, are left out."""
        ticket_id = number(ref.id, "ticket")
        told = await self._client.ticket_with_people(ticket_id)
        ticket = standing(told.ticket)
        people = {user.id: user for user in told.users}
        comments: list[wire.Comment] = []
        async for page in self._client.comments_with_authors(ticket_id):
            comments += (comment for comment in page.comments if comment.public)
            people.update({user.id: user for user in page.users})
        own = await self._account.own_id()
        asker = people.get(ticket.requester_id)
        turns = (
            self._turn(comment, people.get(comment.author_id), ticket)
            for comment in comments
            if str(comment.author_id) != own
        )
        return ReadConversation(
            turns=tuple(turn for turn in turns if turn is not None),
            customer=_customer(asker) if asker is not None and str(asker.id) != own else ReadCustomer(),
            subject=ticket.subject or None,
            channel=str(ticket.via.channel) if ticket.via and ticket.via.channel is not None else None,
            language=asker.locale if asker is not None else None,
        )

    def _turn(self, comment: wire.Comment, author: wire.User | None, ticket: wire.Ticket) -> Turn | None:
        text = _plain(comment)
        if not text or comment.author_id is None or comment.author_id < 0:  # -1 is Zendesk itself
            return None
        return Turn(role=self._role(comment.author_id, author, ticket), text=text, at=comment.created_at)

    def _role(self, author_id: int, author: wire.User | None, ticket: wire.Ticket) -> Role:
        if str(author_id) == self._account.settings.ai_agent_id:
            return Role.AI
        is_staff = author is not None and author.role in STAFF
        return Role.AGENT if is_staff and author_id != ticket.requester_id else Role.CUSTOMER


def _paragraphs(text: str) -> str:
    """Plain text as HTML that says the same, line for line."""
    parts = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    lines = (html.escape(part.strip("\n"), quote=False).replace("\n", "<br>") for part in parts)
    return literal("".join(f"<p>{line}</p>" for line in lines))


def _plain(comment: wire.Comment) -> str:
    """Zendesk's own plain text; it leaves hard spaces in it as they were in the HTML."""
    text = comment.plain_body if comment.plain_body is not None else comment.body or ""
    return text.replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " ").strip()


def _customer(user: wire.User) -> ReadCustomer:
    return ReadCustomer(id=str(user.id), name=user.name or None, email=user.email, phone=user.phone)
