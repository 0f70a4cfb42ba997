"""Webhooks are registered by the vendor's API, once for each address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from batonpass.domain.event import EventKind
from batonpass.ports import Capability, RegistersWebhooks
from batonpass.testing.contract.capturing import Delivering, capturing
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.webhooks import Delivers


class RegisteringContract(Delivers):
    """`RegistersWebhooks`."""

    needs = Capability.REGISTER_WEBHOOKS

    @asynccontextmanager
    async def registering(self) -> AsyncIterator[Delivering]:
        async with (
            self.opened(Capability.REGISTER_WEBHOOKS, **self.as_helpdesk()) as made,
            capturing(self.servers, made.clock) as door,
        ):
            assert self.manifest.webhooks is not None
            yield Delivering(made=made, door=door, receives=self.manifest.webhooks, secret=self.secret(made))

    @holds(RegistersWebhooks.register_webhook, "Have the vendor deliver everything")
    async def test_a_registered_webhook_delivers_with_the_secret_that_it_was_given(self) -> None:
        async with self.registering() as to:
            registered = await to.made.to(RegistersWebhooks).register_webhook(to.url)

            secret = None if registered.secret is None else registered.secret.get_secret_value()
            believed = await self.one_delivery_of(to, secret)

            assert registered.url == to.url
            assert registered.delivers
            assert registered.problem is None
            assert believed

    @holds(RegistersWebhooks.register_webhook, "Where a webhook of ours to this URL stands already")
    async def test_registering_again_changes_nothing(self) -> None:
        async with self.registering() as to:
            webhooks = to.made.to(RegistersWebhooks)
            first = await webhooks.register_webhook(to.url)
            before = await webhooks.registered_webhooks()

            again = await webhooks.register_webhook(to.url)

            assert again.id == first.id
            assert len(await webhooks.registered_webhooks()) == len(before)
            good = again.secret or first.secret
            assert await self.one_delivery_of(to, None if good is None else good.get_secret_value())

    @holds(RegistersWebhooks.registered_webhooks, "All webhooks of the account")
    async def test_what_is_registered_is_listed_without_its_secret(self) -> None:
        async with self.registering() as to:
            webhooks = to.made.to(RegistersWebhooks)
            registered = await webhooks.register_webhook(to.url)

            listed = await webhooks.registered_webhooks()

            mine = [each for each in listed if each.id == registered.id]
            assert [(each.url, each.delivers, each.problem) for each in mine] == [(to.url, True, None)]
            assert all(each.secret is None for each in listed)

    async def one_delivery_of(self, to: Delivering, secret: str | None) -> bool:
        """Whether something that happens arrives and is believed."""
        kinds = (EventKind.TICKET_OPENED, EventKind.CONTACT_CHANGED, EventKind.SUBSCRIPTION_CHANGED)
        kind = next((each for each in kinds if each in to.made.emulator.plays), None)
        if kind is None:
            pytest.skip("its emulator plays none of these")
        _, deliveries = await to.happened(kind)
        secrets = (secret or to.secret,)
        return any(event.kind is kind for each in deliveries for event in to.events(each, secrets=secrets))
