"""What is read of a workspace once and kept for a while: who we are, its fields, its people, its tags."""

from __future__ import annotations

from collections.abc import Sequence

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import Agent
from batonpass_intercom import sent_wire, wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.schema import Attributes, attributes_of
from batonpass_intercom.settings import IntercomSettings

FRESH = 300.0
"""Seconds for which attributes and people are believed."""
NO_TICKET_TYPE = "ticket_type"
"""The code of the refusal where the settings name no one ticket type."""


class Workspace:
    def __init__(self, client: IntercomClient, settings: IntercomSettings, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._me: wire.Admin | None = None
        self._attributes: tuple[float, Attributes] | None = None
        self._people: tuple[float, dict[str, wire.Admin]] | None = None
        self._tags: dict[str, str] = {}

    async def me(self) -> wire.Admin:
        """The teammate whom the access token belongs to."""
        if self._me is None:
            self._me = await self._client.me()
        return self._me

    async def own_id(self) -> str:
        """In whose name we write."""
        return self._settings.admin_id or (await self.me()).id

    async def attributes(self, *, fresh: bool = False) -> Attributes:
        now = self._clock.monotonic()
        if self._attributes is None or fresh or now - self._attributes[0] >= FRESH:
            usable = [each for each in await self._client.ticket_types() if not each.archived]
            asked = await self._client.conversation_attributes()
            self._attributes = now, attributes_of(self._form(usable), usable, asked)
        return self._attributes[1]

    def _form(self, usable: Sequence[wire.TicketType]) -> wire.TicketType:
        wanted = self._settings.ticket_type
        named = [each for each in usable if wanted is None or wanted in {each.id, each.name}]
        if len(named) == 1:
            return named[0]
        there = (
            ", ".join(each.name for each in usable) or "none; make one in Intercom under Settings > Tickets"
        )
        problem = "set ticket_type" if wanted is None else f"there is no ticket type {wanted!r}"
        raise RefusedError(f"{problem}; ticket types: {there}", code=NO_TICKET_TYPE)

    async def people(self, *, fresh: bool = False) -> dict[str, wire.Admin]:
        """Teammates by id."""
        now = self._clock.monotonic()
        if self._people is None or fresh or now - self._people[0] >= FRESH:
            self._people = now, {admin.id: admin for admin in await self._client.admins()}
        return self._people[1]

    async def agent(self, admin_id: str) -> Agent:
        """The person with this id, with as much as is known of them."""
        known = (await self.people()).get(admin_id)
        return Agent(id=admin_id) if known is None else agent_of(known)

    def is_person(self, admin_id: str | None, own: str) -> bool:
        """Neither nobody, nor our own user, nor the AI agent's."""
        return admin_id is not None and admin_id not in {own, self._settings.ai_agent_id}

    async def tag_id(self, name: str) -> str:
        """Of the tag with this name, which is made where there is none."""
        if name not in self._tags:
            self._tags[name] = (await self._client.create_tag(sent_wire.NewTag(name=name))).id
        return self._tags[name]


def agent_of(known: wire.Admin | wire.Author) -> Agent:
    return Agent(id=known.id or "", name=known.name, email=known.email or None)
