"""One Zendesk account as the ports see it: the parts joined."""

from __future__ import annotations

from urllib.parse import urlsplit

from batonpass.domain.errors import CredentialsRefusedError, RefusedError
from batonpass.domain.text import one_line
from batonpass.ports import Access, Connecting
from batonpass_zendesk import TOKENS_END, ZendeskSettings
from batonpass_zendesk.account import STAFF, Account
from batonpass_zendesk.bulk_client import BulkClient
from batonpass_zendesk.changes import Changes
from batonpass_zendesk.client import ZendeskClient
from batonpass_zendesk.conversing import Conversing
from batonpass_zendesk.following import Following
from batonpass_zendesk.history import History
from batonpass_zendesk.login import HOSTS, credentials_for
from batonpass_zendesk.messaging import messaging_for
from batonpass_zendesk.passing import Passing
from batonpass_zendesk.refusals import explain
from batonpass_zendesk.registering import Registering
from batonpass_zendesk.schema import Schema
from batonpass_zendesk.streams import ReadsStreams
from batonpass_zendesk.team import Team
from batonpass_zendesk.tickets import Tickets


def open_zendesk(settings: ZendeskSettings, connecting: Connecting) -> Zendesk:
    transport = connecting.open_transport(
        base_url=settings.address,
        hosts=HOSTS,
        credentials=credentials_for(settings, connecting),
        explain=explain,
    )
    account = Account(
        client=ZendeskClient(transport),
        name=connecting.name,
        address=settings.address,
        clock=connecting.clock,
        settings=settings,
        messaging=messaging_for(settings, connecting),
    )
    return Zendesk(account, BulkClient(transport))


class Zendesk:
    """`Helpdesk`, `Replies`, `ReadsConversations`, `FollowsTickets`, `ListsChanges`, `ListsAgents`,
    `TellsPresence`, `ProvisionsFields`, `PassesConversations`, `RegistersWebhooks`, `FactSource`, `Streams`,
    `TellsFromCopy` and `Probe`."""

    def __init__(self, account: Account, bulk: BulkClient) -> None:
        self._account = account
        tickets = Tickets(account)
        self.open_ticket = tickets.open_ticket
        self.find_ticket = tickets.find_ticket
        self.ticket_ref = tickets.ticket_ref
        self.read_ticket = tickets.read_ticket
        self.append_note = tickets.append_note
        self.find_note = tickets.find_note
        self.change_ticket = tickets.change_ticket

        schema = Schema(account)
        self.field_schema = schema.field_schema
        self.own_fields = schema.own_fields
        self.create_field = schema.create_field
        self.add_options = schema.add_options

        conversing = Conversing(account)
        self.reply = conversing.reply
        self.find_reply = conversing.find_reply
        self.read_conversation = conversing.read_conversation

        following = Following(account)
        self.follow_ticket = following.follow_ticket
        self.own_id = following.own_id

        self.changed_tickets = Changes(account).changed_tickets

        team = Team(account)
        self.agents = team.agents
        self.presence = team.presence

        registering = Registering(account)
        self.register_webhook = registering.register_webhook
        self.registered_webhooks = registering.registered_webhooks

        self.pass_conversation = Passing(account).pass_conversation
        history = History(account)
        self.facts_about = history.facts_about
        self.facts_from_copy = history.facts_from_copy

        reading = ReadsStreams(account, bulk)
        self.streams = reading.streams
        self.begin_round = reading.begin_round
        self.pages = reading.pages

    async def check_access(self) -> Access:
        me = await self._account.client.me()
        name = self._account.name
        if me.id is None:  # Zendesk answers 200 with an "Anonymous user" where it recognises nobody
            raise CredentialsRefusedError(f"{name}: Zendesk does not know these credentials")
        if me.role not in STAFF:
            raise RefusedError(f"{name}: the login belongs to no agent or admin", code="forbidden")
        account = f"{urlsplit(self._account.address).hostname}, as {one_line(me.name)}"
        return Access(account=account, warnings=self._warnings())

    def _warnings(self) -> tuple[str, ...]:
        uses_token = self._account.settings.api_token is not None
        return (f"{TOKENS_END.what} {TOKENS_END.on}; {TOKENS_END.fix}",) if uses_token else ()
