"""The ports `ListsAgents` and `TellsPresence`, and the probe of access."""

from __future__ import annotations

from urllib.parse import urlsplit

from batonpass.domain import ticket as domain
from batonpass.domain.errors import RefusedError
from batonpass.domain.presence import AgentPresence, Availability, Load, Presence
from batonpass.domain.text import one_line
from batonpass.ports import Access
from batonpass_freshdesk import wire
from batonpass_freshdesk.account import Part


class Team(Part):
    async def check_access(self) -> Access:
        me = await self._account.client.me()
        name = one_line((me.contact and me.contact.name) or "") or f"agent {me.id}"
        return Access(account=f"{urlsplit(self._account.settings.address).hostname}, as {name}")

    async def agents(self) -> tuple[domain.Agent, ...]:
        """Only an admin's key sees the team; any other sees itself."""
        try:
            listed = await self._account.client.agents()
        except RefusedError as refused:
            if refused.status != 403:
                raise
            listed = (await self._account.me(),)
        return tuple(_agent(each) for each in listed if not each.deactivated)

    async def presence(self) -> Presence:
        """Needs an admin's key. Accounts that know no channels tell only whether somebody takes new tickets."""
        listed = await self._account.client.availability()
        groups = await self._account.client.groups()
        return Presence(
            agents=tuple(_presence(each, groups) for each in listed if not each.deactivated),
            as_of=self._account.clock.now(),
        )


def _agent(known: wire.Agent) -> domain.Agent:
    contact = known.contact or wire.Person()
    return domain.Agent(id=str(known.id), name=contact.name, email=contact.email)


def _presence(known: wire.Agent, groups: tuple[wire.Group, ...]) -> AgentPresence:
    told = known.availability
    channels = () if told is None else told.channel_availability
    return AgentPresence(
        agent=_agent(known),
        availability=_availability(known, channels),
        since=told.status_updated_at if told is not None else known.available_since,
        group_ids=tuple(str(group.id) for group in groups if known.id in group.agent_ids),
        loads=tuple(
            Load(
                channel=channel.channel,
                assigned=channel.current_assignment_load,
                limit=channel.assignment_limit,
            )
            for channel in channels
        ),
    )


def _availability(known: wire.Agent, channels: tuple[wire.Channel, ...]) -> Availability:
    """Online: takes new work on one channel at least; away: only logged in.

    An agent without channels who takes no new tickets may be there or not: the API does not say.
    """
    if any(channel.available for channel in channels) or (not channels and known.available):
        return Availability.ONLINE
    if any(channel.logged_in for channel in channels):
        return Availability.AWAY
    return Availability.OFFLINE if channels else Availability.UNKNOWN
