"""The port `ProvisionsFields`. Needs an admin's key. Nothing is ever deleted."""

from __future__ import annotations

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.ticket import FieldDefinition, FieldId, NewField
from batonpass_freshdesk import wire
from batonpass_freshdesk.tables import KINDS, TYPES, WITH_OPTIONS
from batonpass_freshdesk.tickets import Tickets

_IN_PROGRESS = "field_update_in_progress"
_BACKGROUND_SECONDS = 60.0


class Provisioning(Tickets):
    def own_fields(self) -> tuple[NewField, ...]:
        return (self._key_place.wanted(),)

    async def create_field(self, field: NewField) -> FieldDefinition:
        """Hidden from customers. Freshdesk makes the name itself, perhaps with a number at its end, so what it gives
        back counts. It cannot hold a field to unique values."""
        if field.kind not in TYPES:
            raise RefusedError(f"Freshdesk cannot create a field of kind {field.kind}", code="unsupported")
        standing = await self._labelled(field.name)
        if standing is not None:
            if KINDS.get(standing.type) is not field.kind or standing.archived:
                raise RefusedError("a field of this name stands already, of another kind", code="conflict")
            return await self._with_choices(standing, field.options)
        new = wire.NewField(
            label=field.name,
            label_for_customers=field.name,
            type=TYPES[field.kind],
            choices=_choices((), field.options) if field.kind in WITH_OPTIONS else None,
        )
        try:
            created = await self._account.client.create_field(new)
        except RefusedError as refused:
            raise _explained(refused) from None
        if field.name == self._account.settings.key_field:
            self._key_place.learn(await self._account.client.ticket_fields())
        return self._definition(created)

    async def add_options(self, field: FieldId, options: tuple[str, ...]) -> FieldDefinition:
        fields = await self._account.client.ticket_fields()
        standing = next((each for each in fields if each.name == field), None)
        if standing is None:
            raise RefusedError("no ticket field has this name", fields=(field,), code="not_found")
        return await self._with_choices(standing, options)

    async def _with_choices(self, field: wire.TicketField, labels: tuple[str, ...]) -> FieldDefinition:
        """The whole list is sent, the old choices with their ids, so that none is taken for a new one."""
        wanted = [label for label in dict.fromkeys(labels) if label not in field.labels]
        if not wanted:
            return self._definition(field)
        if KINDS.get(field.type) not in WITH_OPTIONS:
            raise RefusedError("this field has no options", fields=(field.name,), code="unsupported")
        try:
            whole = await self._account.client.admin_field(field.id)
            if whole.field_update_in_progress:
                raise _still_busy()
            lacking = tuple(label for label in wanted if label not in whole.labels)
            changed = wire.ChangedField(choices=_choices(whole.known_choices, lacking))
            return self._definition(await self._account.client.update_field(field.id, changed))
        except RefusedError as refused:
            raise _explained(refused) from None

    async def _labelled(self, name: str) -> wire.TicketField | None:
        same = name.casefold()
        fields = await self._account.client.ticket_fields()
        return next((field for field in fields if field.label.casefold() == same), None)


def _choices(standing: tuple[wire.Choice, ...], labels: tuple[str, ...]) -> list[wire.NewChoice]:
    kept = [
        wire.NewChoice(id=choice.id, value=choice.value, position=choice.position or place)
        for place, choice in enumerate(standing, 1)
    ]
    last = max((choice.position for choice in kept), default=0)
    added = dict.fromkeys(labels)
    return [*kept, *(wire.NewChoice(value=label, position=last + nth) for nth, label in enumerate(added, 1))]


def _explained(refused: RefusedError) -> RefusedError | RetryLaterError:
    return _still_busy() if _IN_PROGRESS in (*refused.reasons, *refused.fields) else refused


def _still_busy() -> RetryLaterError:
    """100 choices and more are applied in the background; until then the field takes no change."""
    return RetryLaterError(
        "admin_fields.update: Freshdesk is still applying the last change of this field",
        retry_after=_BACKGROUND_SECONDS,
        consumes_attempt=False,
        code=_IN_PROGRESS,
    )
