"""The support team: who can be assigned tickets, and who is there."""

from __future__ import annotations

from batonpass.domain.presence import AgentPresence, Availability, Load, Presence
from batonpass.domain.ticket import Agent
from batonpass_zendesk import wire
from batonpass_zendesk.account import Account, as_agent

NEVER_ASSIGNED = frozenset({1, 3, 5})
"""Light agents, contributors, billing admins: https://developer.zendesk.com/api-reference/ticketing/users/users/"""

OWN_STATUSES = {
    2: Availability.OFFLINE,
    3: Availability.ONLINE,
    4: Availability.AWAY,
    5: Availability.AWAY,
}
"""Zendesk's own unified statuses; 5 takes transfers only. What others mean is told by the channels.
https://developer.zendesk.com/api-reference/agent-availability/unified-agent-status-api/"""

_BY_CHANNEL = {
    "online": Availability.ONLINE,
    "away": Availability.AWAY,
    "transfers_only": Availability.AWAY,
    "offline": Availability.OFFLINE,
}
_MOST_AVAILABLE_FIRST = (Availability.ONLINE, Availability.AWAY, Availability.OFFLINE)


class Team:
    """`ListsAgents` and `TellsPresence`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client
        self._known: dict[str, Agent] = {}
        self._nobody: set[str] = set()

    async def agents(self) -> tuple[Agent, ...]:
        """Neither our own user nor the AI agent's, which are no persons; nor light agents and suspended ones."""
        machines = await self._account.machines()
        found = tuple(
            as_agent(user)
            for user in await self._client.team()
            if _takes_tickets(user) and str(user.id) not in machines
        )
        self._known = {agent.id: agent for agent in found}
        return found

    async def presence(self) -> Presence:
        """By the availability API, which needs omnichannel routing for the unified status; without it the channels
        tell. An account that has neither refuses (403 or 404)."""
        now = self._account.clock.now()
        listed: list[wire.Availability] = []
        channels: dict[str, list[wire.ChannelAttributes]] = {}
        async for page in self._client.availabilities():
            listed += page.data
            for channel in page.included:
                channels.setdefault(_agent_of(channel), []).append(channel.attributes)
        await self._learn({str(each.attributes.agent_id) for each in listed})
        agents = (
            self._present(each.attributes, channels.get(str(each.attributes.agent_id), [])) for each in listed
        )
        machines = await self._account.machines()
        return Presence(agents=tuple(each for each in agents if each.agent.id not in machines), as_of=now)

    async def _learn(self, ids: set[str]) -> None:
        """The availability API tells ids only: the names are read once, and again when somebody new appears."""
        if ids <= self._known.keys() | self._nobody:
            return
        await self.agents()
        self._nobody |= ids - self._known.keys()

    def _present(
        self, told: wire.AvailabilityAttributes, channels: list[wire.ChannelAttributes]
    ) -> AgentPresence:
        agent_id = str(told.agent_id)
        status = told.agent_status
        return AgentPresence(
            agent=self._known.get(agent_id, Agent(id=agent_id)),
            availability=_availability(status, channels),
            since=status.updated_at if status else None,
            status=status.name if status else None,
            group_ids=tuple(str(group) for group in told.group_ids),
            loads=tuple(
                Load(channel=each.name, assigned=each.work_item_count, limit=each.max_capacity)
                for each in channels
            ),
        )


def _agent_of(channel: wire.Channel) -> str:
    """The second part of `channels|10011|messaging`."""
    return f"{channel.id}||".split("|")[1]


def _takes_tickets(user: wire.User) -> bool:
    return user.id is not None and user.active and not user.suspended and user.role_type not in NEVER_ASSIGNED


def _availability(status: wire.AgentStatus | None, channels: list[wire.ChannelAttributes]) -> Availability:
    if status is not None and status.id in OWN_STATUSES:
        return OWN_STATUSES[status.id]
    told = {_BY_CHANNEL.get(each.status or "", Availability.UNKNOWN) for each in channels}
    return next((each for each in _MOST_AVAILABLE_FIRST if each in told), Availability.UNKNOWN)
