"""Stripe as a source of billing facts: our words ↔ wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.facts import FactAnswer, FactRule, Person
from batonpass.ports import Access, Connecting, Copy, Page, RegisteredWebhook, Round, Slice, Stream
from batonpass.transport import FixedCredentials
from batonpass_stripe.client import VERSION, StripeClient, explain
from batonpass_stripe.copied import CopiedAccount
from batonpass_stripe.record import Records
from batonpass_stripe.registering import WebhookEndpoints
from batonpass_stripe.rights import Allowed, lacking
from batonpass_stripe.settings import StripeSettings
from batonpass_stripe.streams import StripeStreams
from batonpass_stripe.telling import Telling

HOST = "api.stripe.com"

_RESTRICTED = "rk"
_UNRESTRICTED = "sk"
_KINDS = {  # https://docs.stripe.com/keys
    "rk": "a restricted API key",
    "sk": "an unrestricted API key",
    "pk": "a publishable key, for browsers",
    "whsec": "the signing secret of a webhook",
}


class StripeBilling:
    """`FactSource`, `TellsFromCopy`, `Streams`, `RegistersWebhooks` and `Probe` over one account."""

    def __init__(self, client: StripeClient, *, name: str, account: str, key_kind: str, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._telling = Telling(name)
        self._records = Records(client, clock, Allowed(name))
        self._streams = StripeStreams(client, clock, name=name)
        self._endpoints = WebhookEndpoints(client)
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
        """As `FactSource` promises; `Telling.facts` says who is meant. Where the key may not read some part, its facts
        are left out (and a log line says so once)."""
        return await self._telling.facts(self._records, person, rules)

    async def facts_from_copy(self, copy: Copy, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """As `TellsFromCopy` promises. Payments are not kept: what needs them is left out."""
        return await self._telling.facts(CopiedAccount(copy, self._clock), person, rules)

    def streams(self) -> tuple[Stream, ...]:
        return self._streams.streams()

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        return await self._streams.begin_round(
            stream, position, since=since, now=now, most_slices=most_slices
        )

    def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        return self._streams.pages(stream, part, cursor, rules=rules)

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        return await self._endpoints.register_webhook(url)

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        return await self._endpoints.registered_webhooks()


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
        StripeClient(transport, live=settings.mode == "live", clock=connecting.clock),
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
