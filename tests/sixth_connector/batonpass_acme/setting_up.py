"""Fields, webhooks, access."""

from __future__ import annotations

from pydantic import SecretStr

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import FieldDefinition, FieldId, NewField
from batonpass.ports import Access, RegisteredWebhook
from batonpass_acme import wire
from batonpass_acme.account import KINDS, Account
from batonpass_acme.tickets import definition
from batonpass_acme.webhooks import KINDS as EVENTS


class SetsUp(Account):
    """`ProvisionsFields`, `RegistersWebhooks` and `Probe`."""

    def own_fields(self) -> tuple[NewField, ...]:
        """None: a ticket's reference is no field."""
        return ()

    async def create_field(self, field: NewField) -> FieldDefinition:
        types = {kind: type_ for type_, kind in KINDS.items()}
        if field.kind not in types:
            raise RefusedError(f"fields.create: no field of kind {field.kind} here", code="unsupported")
        known = next((each for each in await self._client.fields() if each.title == field.name), None)
        if known is None:
            options = tuple(wire.Option(value=label, label=label) for label in dict.fromkeys(field.options))
            made = wire.Field(key="", title=field.name, type=types[field.kind], options=options)
            return definition(await self._client.create_field(made))
        if known.type != types[field.kind]:
            raise RefusedError("fields.create: one of this name has another kind", code="conflict")
        return await self._with_options(known, field.options)

    async def add_options(self, field: FieldId, options: tuple[str, ...]) -> FieldDefinition:
        known = next((each for each in await self._client.fields() if each.key == field), None)
        if known is None:
            raise RefusedError("options.add: no such field", fields=(field,), code="not_found")
        return await self._with_options(known, options)

    async def _with_options(self, known: wire.Field, wanted: tuple[str, ...]) -> FieldDefinition:
        missing = [each for each in wanted if each not in {option.label for option in known.options}]
        added = tuple(wire.Option(value=label, label=label) for label in missing)
        for option in added:
            await self._client.add_option(known.key, option)
        return definition(known.model_copy(update={"options": (*known.options, *added)}))

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        standing = next((each for each in await self._client.webhooks() if each.url == url), None)
        wanted = wire.Webhook(
            id="" if standing is None else standing.id, url=url, on=True, events=tuple(EVENTS)
        )
        return _told(await self._client.put_webhook(wanted))

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        return tuple(_told(each) for each in await self._client.webhooks())

    async def check_access(self) -> Access:
        me = await self._client.me()
        return Access(account=f"{me.account}, as {me.name}")


def _told(webhook: wire.Webhook) -> RegisteredWebhook:
    return RegisteredWebhook(
        id=webhook.id,
        url=webhook.url,
        delivers=webhook.on,
        events=webhook.events,
        problem=None if webhook.on else "switched off: run batonpass webhooks register",
        secret=None if webhook.secret is None else SecretStr(webhook.secret),
    )
