"""What happens to tickets and conversations of an emulated workspace, and the notification of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from batonpass.domain.clock import Clock
from batonpass_intercom import emulated_json as as_json
from batonpass_intercom.emulated_account import (
    Account,
    EmulatedAdmin,
    EmulatedContact,
    EmulatedPart,
    EmulatedWork,
    Stored,
)

Notify = Callable[[str, Mapping[str, Any]], None]
"""A topic and its item."""
Author = EmulatedAdmin | EmulatedContact
_PLACEHOLDER = re.compile(r"\{\{\s*(?:user\.)?(first_name|name|email)[^{}]*\}\}")

BY_ADMIN = {
    ("ticket", "comment"): "ticket.admin.replied",
    ("ticket", "note"): "ticket.note.created",
    ("ticket", "close"): "ticket.closed",
    ("conversation", "comment"): "conversation.admin.replied",
    ("conversation", "note"): "conversation.admin.noted",
    ("conversation", "close"): "conversation.admin.closed",
    ("conversation", "open"): "conversation.admin.opened",
    ("conversation", "snoozed"): "conversation.admin.snoozed",
}
"""A part that a teammate adds → its topic."""


class Desk:
    def __init__(self, account: Account, clock: Clock, notify: Notify) -> None:
        self._account = account
        self._clock = clock
        self._notify = notify

    def open_ticket(
        self,
        contact: EmulatedContact,
        *,
        title: str,
        description: str,
        attributes: Mapping[str, Stored],
        type_id: int | None = None,
        team_id: int = 0,
        admin_id: int = 0,
    ) -> EmulatedWork:
        made = self._made("ticket", contact)
        made.number = self._account.next_number()
        made.type_id = type_id or self._account.type_id
        made.title, made.description = title, description
        made.attributes = dict(attributes)
        made.team_id, made.admin_id = team_id, admin_id
        self._tell("ticket.created", made)
        if team_id:
            self._tell("ticket.team.assigned", made)
        return made

    def start_conversation(self, contact: EmulatedContact, text: str, *, title: str = "") -> EmulatedWork:
        made = self._made("conversation", contact)
        made.title, made.description = title, as_typed(text)
        self._tell("conversation.user.created", made)
        return made

    def _made(self, kind: str, contact: EmulatedContact) -> EmulatedWork:
        now = self._clock.now()
        made = EmulatedWork(
            kind=kind, id=self._account.next_id(), contact_id=contact.id, created_at=now, updated_at=now
        )
        self._account.work[made.id] = made
        return made

    def say(self, work: EmulatedWork, type_: str, body: str, author: Author) -> EmulatedPart:
        """A note or comment, in HTML; a customer's opens again what was closed."""
        if isinstance(author, EmulatedAdmin):
            made = self.add_part(work, type_, author, body=self._filled_in(body, work))
            self._tell(BY_ADMIN[work.kind, type_], work, made)
            return made
        made = self.add_part(work, type_, author, body=body)
        if work.state != "open":
            work.reopens += work.state == "closed"
            work.state, work.closed_at = "open", None
        topic = "ticket.contact.replied" if work.kind == "ticket" else "conversation.user.replied"
        self._tell(topic, work, made)
        return made

    def add_part(
        self, work: EmulatedWork, type_: str, author: Author, *, body: str | None = None, **more: str
    ) -> EmulatedPart:
        now = self._clock.now()
        made = EmulatedPart(
            id=self._account.next_id(), type=type_, author=_author(author), at=now, body=body, **more
        )
        work.parts.append(made)
        work.updated_at = now
        return made

    def assign(
        self,
        work: EmulatedWork,
        by: EmulatedAdmin,
        *,
        admin_id: int | None = None,
        team_id: int | None = None,
    ) -> None:
        part = self.add_part(work, "assignment", by)
        if admin_id is not None:
            work.admin_id = admin_id
            topic = "ticket.admin.assigned" if work.kind == "ticket" else "conversation.admin.assigned"
            self._tell(topic, work, part)
        if team_id is not None:
            work.team_id = team_id
            topic = "ticket.team.assigned" if work.kind == "ticket" else "conversation.admin.assigned"
            self._tell(topic, work, part)

    def set_category(self, work: EmulatedWork, category: str, by: EmulatedAdmin) -> None:
        """Of a ticket."""
        before, work.category = work.category, category
        if before == category:
            return
        part = self.add_part(work, "ticket_state_updated_by_admin", by, state=category, previous_state=before)
        self._tell("ticket.state.updated", work, part)

    def set_open(self, work: EmulatedWork, state: str, by: EmulatedAdmin) -> None:
        """`open`, `closed` or `snoozed`; told by the name of the part."""
        if work.state == state:
            return
        type_ = {"open": "open", "closed": "close", "snoozed": "snoozed"}[state]
        work.reopens += work.state == "closed" and state == "open"
        work.state = state
        work.closed_at = self._clock.now() if state == "closed" else None
        part = self.add_part(work, type_, by)
        topic = BY_ADMIN.get((work.kind, type_))
        if topic is not None:
            self._tell(topic, work, part)

    def tag(self, work: EmulatedWork, tag_id: int, by: EmulatedAdmin) -> None:
        """Intercom has a topic for tags of conversations, none for those of tickets."""
        name = self._account.tags[tag_id]
        work.tags[tag_id] = name
        work.updated_at = self._clock.now()
        if work.kind == "conversation":
            added = {"type": "tag.list", "tags": [as_json.tag(tag_id, name)]}
            part = EmulatedPart(id=0, type="tag", author=_author(by), at=self._clock.now())
            self._tell("conversation_part.tag.created", work, part, tags_added=added)

    def set_attributes(self, work: EmulatedWork, values: Mapping[str, Stored], by: EmulatedAdmin) -> None:
        changed = {name: value for name, value in values.items() if work.attributes.get(name) != value}
        work.attributes.update(values)
        if changed:
            part = self.add_part(work, f"{work.kind}_attribute_updated_by_admin", by)
            if work.kind == "ticket":
                self._tell("ticket.attribute.updated", work, part)

    def set_title(self, work: EmulatedWork, title: str) -> None:
        """Intercom has no topic for it."""
        work.title = title
        work.updated_at = self._clock.now()

    def rate(self, work: EmulatedWork, stars: int, remark: str) -> None:
        work.rating = (stars, remark, self._clock.now())
        work.updated_at = self._clock.now()
        self._tell("ticket.rating.provided" if work.kind == "ticket" else "conversation.rating.added", work)

    def tell_away(self, admin: EmulatedAdmin) -> None:
        self._notify("admin.away_mode_updated", as_json.admin(admin))

    def _tell(self, topic: str, work: EmulatedWork, part: EmulatedPart | None = None, **more: Any) -> None:
        """The item carries the part that it is about, and no other."""
        item = as_json.work_json(work, self._account)
        name = "ticket_parts" if work.kind == "ticket" else "conversation_parts"
        shape = as_json.ticket_part if work.kind == "ticket" else as_json.conversation_part
        item[name] = {**item[name], name: [] if part is None else [shape(part)]}
        wrapped = {"type": "ticket", "ticket": item} if topic == "ticket.closed" else item
        self._notify(topic, {**wrapped, **more})

    def _filled_in(self, body: str, work: EmulatedWork) -> str:
        """Placeholders in what teammates write. Whether Intercom does so with what comes by its API is not documented: the
        emulator takes the worse case."""
        known = self._account.contacts[work.contact_id]
        name = known.name or ""
        values = {"first_name": name.split(" ")[0], "name": name, "email": known.email or ""}
        return _PLACEHOLDER.sub(lambda found: values[found[1]], body)


def as_typed(text: str) -> str:
    """What somebody types in the messenger or the inbox, as Intercom keeps it: HTML in which markup is text."""
    return f"<p>{escape(text, quote=False).replace(chr(10), '<br>')}</p>"


def _author(author: Author) -> dict[str, str | None]:
    told: dict[str, str | None] = {"id": str(author.id), "name": author.name}
    if isinstance(author, EmulatedAdmin):
        return {"type": "admin", **told, "email": author.email}
    return {"type": "user", **told, **({"email": author.email} if author.email else {})}
