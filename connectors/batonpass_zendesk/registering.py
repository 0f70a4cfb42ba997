"""Asking Zendesk for webhooks.

One webhook subscribed to ticket events serves everything, the start rule included. Two pages of Zendesk's disagree
on whether ticket events can be subscribed to (`webhook-event-types` says by triggers only, `ticket-events` lists
them): where the account refuses, one webhook is made for triggers, and the triggers with it.
"""

from __future__ import annotations

from batonpass.domain.errors import RefusedError
from batonpass.domain.text import one_line
from batonpass.domain.ticket import FieldDefinition, FieldKind
from batonpass.ports import RegisteredWebhook, SecretStr
from batonpass_zendesk import sent, wire
from batonpass_zendesk.account import Account
from batonpass_zendesk.event_bodies import AGENT_EVENTS, EVENTS, LATER_EVENTS
from batonpass_zendesk.schema import Schema
from batonpass_zendesk.trigger_bodies import body_for
from batonpass_zendesk.triggers import WHEN, start_conditions, trigger

NAME = "batonpass"
BY_TRIGGERS = "conditional_ticket_events"
SUBSCRIPTIONS = (
    tuple(EVENTS),
    tuple(event for event in EVENTS if event not in LATER_EVENTS),
    tuple(event for event in EVENTS if event not in {*LATER_EVENTS, *AGENT_EVENTS}),
)
"""Tried in this order: an account without omnichannel routing may have no agent events either."""
_REFUSALS = frozenset({400, 403, 422})


class Registering:
    """`RegistersWebhooks`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        """Needs an admin's rights. With a webhook for triggers, presence is told by no event."""
        known = next((each for each in await self._client.webhooks() if _is_ours(each, url)), None)
        webhook = await self._created(url) if known is None else await self._updated(known)
        if BY_TRIGGERS in webhook.subscriptions:
            await self._make_triggers(webhook.id)
        secret = await self._client.signing_secret(webhook.id)
        return RegisteredWebhook(
            id=webhook.id,
            url=webhook.endpoint,
            delivers=webhook.status == "active",
            events=tuple(webhook.subscriptions),
            secret=SecretStr(secret),
        )

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        found = await self._client.webhooks()
        return tuple([await self._described(webhook) for webhook in found])

    async def _created(self, url: str) -> wire.Webhook:
        for subscriptions in SUBSCRIPTIONS:
            try:
                return await self._client.create_webhook(_new(url, subscriptions))
            except RefusedError as refused:
                if refused.status not in _REFUSALS:
                    raise
        return await self._client.create_webhook(_new(url, (BY_TRIGGERS,)))

    async def _updated(self, known: wire.Webhook) -> wire.Webhook:
        """Switched on, with all the events that the account lets it have. How it is connected, by events or by
        triggers, can never be changed at Zendesk."""
        lacks = BY_TRIGGERS not in known.subscriptions and not set(EVENTS) <= set(known.subscriptions)
        for subscriptions in SUBSCRIPTIONS if lacks else ():
            wanted = sorted({*known.subscriptions, *subscriptions})
            try:
                changed = sent.ChangedWebhook(status="active", subscriptions=wanted)
                await self._client.change_webhook(known.id, changed)
            except RefusedError as refused:
                if refused.status not in _REFUSALS:
                    raise
            else:
                return known.model_copy(update={"status": "active", "subscriptions": tuple(wanted)})
        await self._client.change_webhook(known.id, sent.ChangedWebhook(status="active"))
        return known.model_copy(update={"status": "active"})

    async def _make_triggers(self, webhook_id: str) -> None:
        """Those of this webhook that stand already are brought up to date, by their titles."""
        standing = {each.title: each.id for each in await self._client.triggers() if _calls(each, webhook_id)}
        start = await self._start_conditions()
        for word, conditions in {**WHEN, **({} if start is None else {"handoff_asked": start})}.items():
            made = trigger(word, conditions, webhook_id=webhook_id)
            if made.title in standing:
                await self._client.change_trigger(standing[made.title], made)
            else:
                await self._client.create_trigger(made)

    async def _start_conditions(self) -> sent.Conditions | None:
        start = self._account.settings.start
        if start is None:
            return None
        if start.tag is not None:
            return start_conditions(start, group_id=None, field_id=None, value=None)
        schema = await Schema(self._account).field_schema()
        group = next((each.id for each in schema.groups if _names(start.group, each.id, each.name)), None)
        field = next((each for each in schema.fields if _names(start.field, each.id, each.name)), None)
        return start_conditions(
            start,
            group_id=group,
            field_id=None if field is None else field.id,
            value=None if field is None else _condition_value(field, start.value or ""),
        )

    async def _described(self, webhook: wire.Webhook) -> RegisteredWebhook:
        problem = None
        if webhook.status != "active":
            problem = "it is switched off; register it again, or switch it on in Admin Center > Webhooks"
        elif webhook.name == NAME and await self._is_paused(webhook.id):
            problem = (
                "Zendesk has paused it, for most of its latest calls failed: see that the endpoint answers, "
                "then Zendesk goes on by itself; a ticket whose events were missed is read again at its next one"
            )
        return RegisteredWebhook(
            id=webhook.id,
            url=webhook.endpoint,
            delivers=problem is None,
            events=tuple(webhook.subscriptions),
            problem=problem,
        )

    async def _is_paused(self, webhook_id: str) -> bool:
        """Zendesk shows the circuit breaker in the list of invocations only; the word that it uses there is known
        from its Admin Center ("circuit broken"), not from the API's page."""
        try:
            newest = await self._client.newest_invocations(webhook_id)
        except RefusedError:
            return False
        return bool(newest) and "circuit" in newest[0].status.lower()


IN_WORDS = {
    "ticket_opened": "Ticket > Ticket is Created",
    "ticket_assigned": "Ticket is Updated, and any of: Assignee Changed, Group Changed",
    "commented": "Ticket is Updated, Comment is Public",
    "note_added": "Ticket is Updated, Comment is Private",
    "ticket_solved": "Status category Changed to Solved",
    "ticket_reopened": "Status category Changed from Solved, Status category Less than Solved",
    "status_changed": "Status category Changed, Less than Solved, Not changed from Solved",
}
"""The conditions of `WHEN` as Admin Center words them."""


def by_hand(url: str, *, start_said: str | None) -> tuple[str, ...]:
    """What a person enters in Admin Center."""
    conditions = dict(IN_WORDS) if start_said is None else {**IN_WORDS, "handoff_asked": start_said}
    only_with_triggers = (
        "Where no ticket events are offered: connect it to a trigger or automation instead, and make these triggers "
        "(Admin Center > Objects and rules > Triggers), each with the action Notify by webhook and its JSON body:"
    )
    return (
        "Admin Center > Apps and integrations > Webhooks > Create webhook",
        "Connect to: Zendesk events; choose the ticket events and the agent availability events",
        f"Endpoint URL: {url}",
        "Request method: POST; request format: JSON; authentication: none",
        "Create it, then Show signing secret: put it into the connection's webhook_secret",
        only_with_triggers,
        *(f"{said}: {body_for(word)}" for word, said in conditions.items()),
    )


def _new(url: str, subscriptions: tuple[str, ...]) -> sent.NewWebhook:
    why = "Tells batonpass what happens to tickets. Made by batonpass."
    return sent.NewWebhook(name=NAME, endpoint=url, subscriptions=list(subscriptions), description=why)


def _is_ours(webhook: wire.Webhook, url: str) -> bool:
    return webhook.name == NAME and webhook.endpoint == url


def _calls(known: wire.Trigger, webhook_id: str) -> bool:
    return any(
        action.field == "notification_webhook"
        and isinstance(action.value, list)
        and webhook_id in action.value
        for action in known.actions
    )


def _names(wanted: str | None, own_id: str, name: str) -> bool:
    return wanted is not None and (
        wanted == own_id or one_line(wanted).casefold() == one_line(name).casefold()
    )


def _condition_value(field: FieldDefinition, value: str) -> str:
    """The option's tag for its label; `true` for a ticked box."""
    if field.kind is FieldKind.CHECKBOX:
        return value.lower()
    labels = {one_line(option.label).casefold(): option.value for option in field.options}
    return labels.get(one_line(value).casefold(), value)
