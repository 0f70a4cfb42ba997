"""HubSpot as a source of facts: our words ↔ wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from batonpass.domain.clock import Clock
from batonpass.domain.facts import Fact, FactAnswer, FactRule, Person, Standing
from batonpass.ports import Access, Copy, Page, RegisteredWebhook, Round, Slice, Stream
from batonpass_hubspot.access import check_token, missing_scope, title_of, token_warnings
from batonpass_hubspot.belonging import meant_company
from batonpass_hubspot.client import HubSpotClient, ObjectType
from batonpass_hubspot.from_copy import facts_from_copy
from batonpass_hubspot.history import History
from batonpass_hubspot.matching import Matching
from batonpass_hubspot.registering import Registering, registered_by
from batonpass_hubspot.syncing import Syncing
from batonpass_hubspot.telling import Records, fact_of, newest
from batonpass_hubspot.wanted import Wanted
from batonpass_hubspot.wire import Record


class HubSpotFacts:
    """`FactSource`, `Streams`, `TellsFromCopy` and `Probe` over one HubSpot account.

    A contact is looked up by id or by exact e-mail address, its secondary ones too, without search, which lags; by
    search only for a phone number.
    Company facts are about the primary company, or the only one; of several without a primary one none is meant
    and there are no company facts. Deal facts are about the only open deal; `open` lists all open ones. Where a
    contact has more than a hundred deals, the hundred newest are read.

    One lookup takes two round trips: the contact with the ids of what belongs to it, then companies and deals
    beside each other. Lists of the account are read beside them and kept for ten minutes.
    """

    def __init__(
        self,
        client: HubSpotClient,
        *,
        name: str,
        token: str,
        clock: Clock,
        history: History,
        registering: Registering | None = None,
    ) -> None:
        self._client = client
        self._matching = Matching(client, name)
        self._history = history
        self._syncing = Syncing(history.desk)
        self._directory = self._syncing.directory
        self._name = name
        self._token = token
        self._clock = clock
        self._registering = registering

    async def check_access(self) -> Access:
        """As `Probe` promises: the account, and one record of each type to see which scopes the token has."""
        check_token(self._token, self._name)
        account = await self._client.account()
        await self._client.any_of(ObjectType.CONTACTS)
        missing = await asyncio.gather(
            missing_scope(
                self._client.any_of(ObjectType.COMPANIES),
                "crm.objects.companies.read",
                "lookups with company facts are refused",
            ),
            missing_scope(
                self._client.any_of(ObjectType.DEALS),
                "crm.objects.deals.read",
                "lookups with deal facts are refused",
            ),
            missing_scope(self._client.owners(), "crm.objects.owners.read", "owners' names are left out"),
        )
        if self._registering is not None:
            await self._registering.check()
        warnings = (*(each for each in missing if each), *token_warnings(self._token))
        return Access(account=title_of(account), warnings=warnings)

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """As `FactSource` promises; the person's tickets beside the facts, where the token may read them."""
        wanted = Wanted.by(rules)
        looking_up = asyncio.create_task(self._directory.look_up(wanted))
        try:
            matched = await self._matching.contact_of(
                person,
                properties=wanted.properties[ObjectType.CONTACTS],
                associations=wanted.associations,
            )
            if isinstance(matched, FactAnswer):
                return matched
            records, contacts = await asyncio.gather(
                self._read(matched.record, wanted),
                self._history.beside_facts(matched.record.id, person),
            )
            known = await looking_up
        finally:
            looking_up.cancel()
        as_of = self._clock.now()
        facts = tuple(
            Fact(name=rule.name, value=value, source=self._name, as_of=as_of)
            for rule in rules
            if (value := fact_of(rule, records, known)) is not None
        )
        return FactAnswer(standing=Standing.FOUND, facts=facts, contacts=contacts, matched_by=matched.by)

    # Streams, TellsFromCopy -----------------------------------------------------------------------------------

    def streams(self) -> tuple[Stream, ...]:
        return self._syncing.streams()

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        return await self._syncing.begin_round(
            stream, position, since=since, now=now, most_slices=most_slices
        )

    def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        return self._syncing.pages(stream, part, cursor, rules=rules)

    async def facts_from_copy(self, copy: Copy, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """As `TellsFromCopy` promises; without the person's tickets, which are another connection's to keep."""
        return await facts_from_copy(self._matching, self._name, copy, person, rules)

    # RegistersWebhooks ----------------------------------------------------------------------------------------

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        return await registered_by(self._registering).register_webhook(url)

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        return await registered_by(self._registering).registered_webhooks()

    async def _read(self, contact: Record, wanted: Wanted) -> Records:
        company = meant_company(contact)
        newest_deals = newest({link.id: link.id for link in contact.associated(ObjectType.DEALS)})
        companies, deals = await asyncio.gather(
            self._batch(ObjectType.COMPANIES, [] if company is None else [company], wanted),
            self._batch(ObjectType.DEALS, newest_deals, wanted),
        )
        return Records(contact=contact, company=companies[0] if companies else None, deals=deals)

    async def _batch(self, kind: ObjectType, ids: Sequence[str], wanted: Wanted) -> tuple[Record, ...]:
        if not ids or kind not in wanted.properties:
            return ()
        return await self._client.read_batch(kind, ids, wanted.properties[kind])
