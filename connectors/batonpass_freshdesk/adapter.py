"""One connection: all its parts on one account."""

from __future__ import annotations

import base64

from batonpass.ports import Connecting
from batonpass.transport import FixedCredentials
from batonpass_freshdesk import FreshdeskSettings, wire
from batonpass_freshdesk.account import Account
from batonpass_freshdesk.changes import Changes
from batonpass_freshdesk.client import FreshdeskClient
from batonpass_freshdesk.following import Following
from batonpass_freshdesk.history import History
from batonpass_freshdesk.listing_client import ListingClient
from batonpass_freshdesk.provisioning import Provisioning
from batonpass_freshdesk.registering import Registering
from batonpass_freshdesk.streams import AccountStreams
from batonpass_freshdesk.team import Team

HOSTS = (".freshdesk.com",)


class Freshdesk(Following, Changes, Provisioning, Registering, Team, History, AccountStreams):
    """One Freshdesk account as `Helpdesk`, `Replies`, `ReadsConversations`, `FollowsTickets`, `ListsChanges`,
    `ListsAgents`, `TellsPresence`, `ProvisionsFields`, `RegistersWebhooks`, `FactSource`, `Streams`, `TellsFromCopy` and
    `Probe`."""


def open_freshdesk(settings: FreshdeskSettings, connecting: Connecting) -> Freshdesk:
    login = base64.b64encode(f"{settings.api_key.get_secret_value()}:X".encode()).decode()
    transport = connecting.open_transport(
        base_url=settings.address,
        hosts=HOSTS,
        credentials=FixedCredentials({"Authorization": f"Basic {login}"}),
        explain=wire.explain,
    )
    return Freshdesk(
        Account(
            FreshdeskClient(transport),
            ListingClient(transport),
            settings,
            name=connecting.name,
            clock=connecting.clock,
        )
    )
