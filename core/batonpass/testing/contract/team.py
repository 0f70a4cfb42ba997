"""The support team: who can be assigned, who is there."""

from __future__ import annotations

from batonpass.domain.event import EventKind
from batonpass.domain.presence import Availability, Presence
from batonpass.domain.ticket import TicketChange
from batonpass.ports import Capability, ListsAgents, TellsPresence
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds


class TeamContract(Basis):
    """`ListsAgents` and `TellsPresence`."""

    @holds(ListsAgents.agents, "Every person who can be assigned tickets")
    async def test_everybody_who_is_listed_can_be_assigned(self) -> None:
        async with self.opened(Capability.AGENTS, Capability.CHANGE_TICKET, Capability.READ_BACK) as made:
            agents = await made.to(ListsAgents).agents()
            assert len({agent.id for agent in agents}) == len(agents) >= 2
            assert any(agent.name and agent.email for agent in agents)

            for agent in agents:
                ref = await made.a_ticket()
                await made.helpdesk.change_ticket(ref, TicketChange(assignee=agent))

                assert (await made.helpdesk.read_ticket(ref)).assignee_id == agent.id

    @holds(TellsPresence.presence, "Who takes new work now")
    async def test_presence_says_who_and_when(self) -> None:
        async with self.opened(Capability.AGENT_PRESENCE) as made:
            made.clock.go_on(7200)

            told = await made.to(TellsPresence).presence()

            assert told.as_of == made.clock.now()
            assert told.agents
            assert len({each.agent.id for each in told.agents}) == len(told.agents)

    async def test_presence_changes_with_the_people(self) -> None:
        async with self.opened(Capability.AGENT_PRESENCE) as made:
            self.playing(made, EventKind.AGENT_PRESENCE_CHANGED)
            before = _states(await made.to(TellsPresence).presence())

            changed = await made.play(EventKind.AGENT_PRESENCE_CHANGED)

            after = _states(await made.to(TellsPresence).presence())
            assert {who for who in before if before[who] is not after.get(who)} == {changed}


def _states(presence: Presence) -> dict[str, Availability]:
    return {each.agent.id: each.availability for each in presence.agents}
