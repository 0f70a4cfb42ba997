"""What all parts of a ticket connection share: the account's clients, its lists, its settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError
from batonpass.domain.ticket import Agent
from batonpass_hubspot.client import HubSpotClient, ObjectType
from batonpass_hubspot.contact_key import ContactKey
from batonpass_hubspot.desk_client import HubSpotDeskClient
from batonpass_hubspot.directory import Kept
from batonpass_hubspot.fields import KEY_PROPERTY, OWN
from batonpass_hubspot.searching import Pace
from batonpass_hubspot.settings import HubSpotSettings
from batonpass_hubspot.stages import Stages
from batonpass_hubspot.wanted import EMAIL, MORE_EMAILS
from batonpass_hubspot.wire import Account, Owner, Property, Record

PERSON = "PERSON"


@dataclass(slots=True, kw_only=True)
class Desk:
    """One account. Its lists are read when first needed and again after ten minutes."""

    crm: HubSpotClient
    api: HubSpotDeskClient
    settings: HubSpotSettings
    name: str
    clock: Clock
    properties: Kept[tuple[Property, ...]] = field(init=False)
    owners: Kept[tuple[Owner, ...]] = field(init=False)
    account: Kept[Account] = field(init=False)
    pace: Pace = field(init=False)
    """Of all searches."""
    _stages: Kept[Stages] = field(init=False)

    def __post_init__(self) -> None:
        self.properties = Kept(lambda: self.crm.properties(ObjectType.TICKETS), self.clock)
        self.owners = Kept(self.crm.owners, self.clock)
        self.account = Kept(self.crm.account, self.clock)
        self.pace = Pace(self.clock)
        self._stages = Kept(self._load_stages, self.clock)

    async def stages(self, *, anew: bool = False) -> Stages:
        if anew:
            self._stages.forget()
        return await self._stages.get()

    async def own_properties(self) -> frozenset[str]:
        """Which of batonpass's own properties the account has, as they are to be; both, where that cannot be read: then
        HubSpot itself says what it lacks."""
        try:
            known = await self.properties.get()
        except BatonpassError:
            return OWN
        named = [each for each in known if each.name in OWN]
        return frozenset(each.name for each in named if each.name != KEY_PROPERTY or each.has_unique_value)

    async def contact(self, key: ContactKey) -> Record | None:
        """The contact of this key; None where there is none, or where it does not itself say so."""
        found = await self.crm.contact(
            key.value, id_property=key.id_property, properties=(EMAIL, MORE_EMAILS), associations=()
        )
        return found if found is not None and key.fits(found) else None

    async def agent(self, owner_id: str) -> Agent | None:
        """The person with this owner id; None for nobody, the AI agent, and queues. Without its name where owners
        cannot be read."""
        if not owner_id or owner_id == self.settings.ai_agent_id:
            return None
        owner = next((each for each in await self.known_owners() if each.id == owner_id), None)
        if owner is None:
            return Agent(id=owner_id)
        return agent_of(owner) if owner.type == PERSON else None

    async def known_owners(self) -> tuple[Owner, ...]:
        """Nobody, where they cannot be read: names are not worth the rest."""
        try:
            return await self.owners.get()
        except BatonpassError:
            return ()

    async def _load_stages(self) -> Stages:
        return Stages(pipelines=await self.crm.pipelines(ObjectType.TICKETS), settings=self.settings)


def agent_of(owner: Owner) -> Agent:
    return Agent(id=owner.id, name=owner.name or None, email=owner.email)
