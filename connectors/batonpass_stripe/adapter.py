"""Stripe as a source of billing facts: our words ↔ wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError, RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactRule, FactValue, Person, Standing
from batonpass.domain.person import MatchKey, MatchRule
from batonpass.ports import Access, Connecting, RegisteredWebhook, the_one
from batonpass.transport import FixedCredentials
from batonpass_stripe.client import VERSION, StripeClient, explain
from batonpass_stripe.readable import Readable, readable
from batonpass_stripe.record import Match, Record, Records, is_live
from batonpass_stripe.registering import WebhookEndpoints
from batonpass_stripe.rights import Allowed, lacking, together
from batonpass_stripe.settings import StripeSettings

HOST = "api.stripe.com"
MOST_NAMESAKES = 10

_RESTRICTED = "rk"
_UNRESTRICTED = "sk"
_KINDS = {  # https://docs.stripe.com/keys
    "rk": "a restricted API key",
    "sk": "an unrestricted API key",
    "pk": "a publishable key, for browsers",
    "whsec": "the signing secret of a webhook",
}


class StripeBilling:
    """`FactSource`, `RegistersWebhooks` and `Probe` over one account."""

    def __init__(self, client: StripeClient, *, name: str, account: str, key_kind: str, clock: Clock) -> None:
        self._client = client
        self._records = Records(client, clock, Allowed(name))
        self._endpoints = WebhookEndpoints(client)
        self._name = name
        self._account = account
        self._key_kind = key_kind

    async def check_access(self) -> Access:
        """One list call of one customer; with a restricted key one more for each right that it may lack, at once.

        Keys of a wrong kind or mode have been refused on connecting.
        """
        await self._client.any_customer()
        if self._key_kind == _RESTRICTED:
            return Access(account=self._account, warnings=await lacking(self._client))
        warning = (
            "the API key is unrestricted (sk_): it can move money, and batonpass only reads; create a restricted "
            "key with read access to customers, subscriptions, invoices, charges, disputes and products"
        )
        return Access(account=self._account, warnings=(warning,))

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """As `FactSource` promises. The customer is found by the id that we were given, else by e-mail address; never
        by phone, for only Stripe's search finds numbers, which lags by minutes.

        Of several customers with one address, the only one with a live subscription is meant; otherwise nobody is.
        Where the key may not read some part, its facts are left out (and a log line says so once).
        """
        rules_here = tuple(each for each in person.match if each is not MatchRule.PHONE)
        person = replace(person, match=rules_here)
        matched = await the_one(person, (self._name, "stripe"), partial(self._matches, person))
        if isinstance(matched, FactAnswer):
            return matched
        match = matched.record
        asked = [(rule, how) for rule in rules if (how := readable(rule.object, rule.property))]
        record = await self._records.read(match, {part for _, how in asked for part in how.needs})
        facts = tuple(fact for rule, how in asked if (fact := self._fact(rule, how, record)))
        return FactAnswer(standing=Standing.FOUND, facts=facts, matched_by=matched.by)

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        return await self._endpoints.register_webhook(url)

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        return await self._endpoints.registered_webhooks()

    def _fact(self, rule: FactRule, how: Readable, record: Record) -> Fact | None:
        value = None if how.needs & record.refused else how.read(record)
        if value is None or value == "":
            return None
        return Fact(name=rule.name, value=_ours(value, rule), source=self._name, as_of=record.now)

    async def _matches(self, person: Person, key: MatchKey) -> Sequence[Match]:
        if key.rule is MatchRule.EXTERNAL_ID:
            return await self._with_id(key.value)
        return await self._with_email(person)

    async def _with_id(self, customer_id: str) -> Sequence[Match]:
        try:
            customer = await self._client.customer(customer_id)
        except RefusedError as error:
            if error.status == 404:
                return ()
            raise
        return () if customer.deleted else (Match(customer=customer),)

    async def _with_email(self, person: Person) -> Sequence[Match]:
        """Stripe keeps an address as it was typed, and finds it only so: without regard to case the one in small
        letters is asked for as well."""
        spellings = [each for address in person.addresses for each in (address, address.lower())]
        if not person.folds_case:
            spellings = list(person.addresses)
        async with together() as group:
            asked = [
                group.create_task(self._client.customers(email=each)) for each in dict.fromkeys(spellings)
            ]
        answers = [task.result() for task in asked]
        # Checked again here: a filter that is passed over must not give us somebody else's bills.
        customers = {
            each.id: each
            for answer in answers
            for each in answer.items
            if not each.deleted and person.has_email(each.email)
        }
        matches = [Match(customer=each) for each in customers.values()]
        if len(matches) > 1 and len(matches) <= MOST_NAMESAKES and not any(each.cut for each in answers):
            return await self._live_ones(matches)
        # a list that was cut may hide the one that is meant: then there are at least two
        return matches * 2 if len(matches) == 1 and any(each.cut for each in answers) else matches

    async def _live_ones(self, namesakes: Sequence[Match]) -> Sequence[Match]:
        """The only one with a live subscription; all of them where there is no such one."""
        async with together() as group:
            asked = [group.create_task(self._records.subscriptions(each.customer)) for each in namesakes]
        live = [
            Match(customer=namesake.customer, subscriptions=read)
            for namesake, task in zip(namesakes, asked, strict=True)
            if (read := task.result()) and any(is_live(each) for each in read.items)
        ]
        return live if len(live) == 1 else namesakes


def connect(settings: StripeSettings, connecting: Connecting) -> StripeBilling:
    """Raises `ConfigurationError` on a key of the wrong kind or mode, naming what it is and what is needed."""
    key = settings.api_key.get_secret_value()
    key_kind = _checked_kind(key, settings.mode, connecting.name)
    headers = {"Stripe-Version": VERSION}
    if settings.account:
        headers["Stripe-Account"] = settings.account
    transport = connecting.open_transport(
        base_url=settings.base_url or f"https://{HOST}",
        hosts=(HOST,),
        credentials=FixedCredentials({"Authorization": f"Bearer {key}"}),
        explain=explain,
        headers=headers,
    )
    return StripeBilling(
        StripeClient(transport, live=settings.mode == "live"),
        name=connecting.name,
        account=f"Stripe{f' {settings.account}' if settings.account else ''}, {settings.mode} mode",
        key_kind=key_kind,
        clock=connecting.clock,
    )


def _checked_kind(key: str, mode: str, connection: str) -> str:
    kind, _, rest = key.partition("_")
    its_mode = rest.partition("_")[0]
    if kind in {_RESTRICTED, _UNRESTRICTED} and its_mode == mode:
        return kind
    got = _KINDS.get(kind, "no Stripe key that we know")
    if its_mode in {"live", "test"}:
        got = f"{got} of {its_mode} mode"
    other = (
        f', or set mode = "{its_mode}"'
        if kind in {_RESTRICTED, _UNRESTRICTED} and its_mode in {"live", "test"}
        else ""
    )
    raise ConfigurationError(
        f'connection {connection!r}: api_key is {got}; with mode = "{mode}" it must be a restricted API key '
        f"(rk_{mode}_…){other}",
        code="wrong_key",
    )


def _ours(value: FactValue, rule: FactRule) -> FactValue:
    """The value in our words, where the rule has one for it; a truth value is listed as `true` or `false`."""
    if isinstance(value, bool):
        return dict(rule.values).get(str(value).lower(), value)
    return dict(rule.values).get(value, value) if isinstance(value, str) else value
