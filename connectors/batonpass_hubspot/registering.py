"""The webhook subscriptions of one app.

https://developers.hubspot.com/docs/api-reference/latest/webhooks/guide: an app has one address and one list of
subscriptions for all accounts in which it is installed. These endpoints serve legacy public apps; a project-based app
has its webhooks in its own files (`by_hand`). Which token opens them was not tried on an account: the description asks
for the scopes `developers-read` and `developers-write`.
"""

from __future__ import annotations

from collections.abc import Iterator

from batonpass.domain.errors import RefusedError
from batonpass.ports import RegisteredWebhook
from batonpass_hubspot.desk_client import HubSpotAppClient
from batonpass_hubspot.desk_wire import TICKET_TYPE, NewSubscription, Subscription
from batonpass_hubspot.events import TICKET_PROPERTIES
from batonpass_hubspot.fields import TAGS_PROPERTY
from batonpass_hubspot.names import property_name
from batonpass_hubspot.settings import HubSpotSettings

_CRM_PROPERTIES = (
    ("contact", ("email", "lifecyclestage", "hubspot_owner_id")),
    ("company", ("name", "hubspot_owner_id")),
    ("deal", ("dealstage", "amount", "closedate", "hubspot_owner_id")),
)
_CRM_CHANGES = ("creation", "deletion", "merge", "restore")


def wanted(settings: HubSpotSettings) -> tuple[NewSubscription, ...]:
    """What this connection listens to: tickets, or what facts are about."""
    found = _ticket_events(settings) if settings.tickets else _crm_events()
    return tuple(dict.fromkeys(found))


def _ticket_events(settings: HubSpotSettings) -> Iterator[NewSubscription]:
    yield NewSubscription(event_type="ticket.creation")
    group = (settings.group_property,) if settings.group_property else ()
    for name in (*TICKET_PROPERTIES, *group, *_of_the_start_rule(settings)):
        yield NewSubscription(event_type="ticket.propertyChange", property_name=name)
    yield NewSubscription(event_type="object.associationChange", object_type_id=TICKET_TYPE)


def _of_the_start_rule(settings: HubSpotSettings) -> tuple[str, ...]:
    start = settings.start
    if start is None:
        return ()
    if start.field is not None:
        return (property_name(start.field),)
    return (TAGS_PROPERTY,) if start.tag is not None else ()


def _crm_events() -> Iterator[NewSubscription]:
    for kind, names in _CRM_PROPERTIES:
        for change in _CRM_CHANGES:
            yield NewSubscription(event_type=f"{kind}.{change}")
        for name in names:
            yield NewSubscription(event_type=f"{kind}.propertyChange", property_name=name)


class Registering:
    """`RegistersWebhooks` for `app_id`."""

    def __init__(self, client: HubSpotAppClient, settings: HubSpotSettings) -> None:
        self._client = client
        self._settings = settings

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        """Without its secret: that is the app's client secret, which no endpoint tells. Raises `RefusedError` with
        code `conflict` where the app delivers to another address: it has only one."""
        standing = await self._client.settings()
        if standing is not None and standing.target_url and standing.target_url != url:
            raise RefusedError(
                "app.settings: this app delivers to another address; change that in the app's settings, or use an "
                "app of its own",
                code="conflict",
            )
        if standing is None or not standing.target_url:
            await self._client.point_to(url)
        known = {_key(each): each for each in await self._client.subscriptions()}
        refused = [each for each in wanted(self._settings) if not await self._ensured(each, known)]
        return _told(self._app, url, await self._client.subscriptions(), refused=refused)

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        standing = await self._client.settings()
        if standing is None or not standing.target_url:
            return ()
        return (_told(self._app, standing.target_url, await self._client.subscriptions()),)

    async def check(self) -> None:
        """One cheap read: refused where the developer's key is no good."""
        await self._client.settings()

    async def _ensured(self, new: NewSubscription, known: dict[tuple[str, ...], Subscription]) -> bool:
        """Whether it stands and is active now. One that HubSpot refuses does not keep the others from standing."""
        has = known.get(_key(new))
        try:
            if has is None:
                await self._client.subscribe(new)
            elif not has.active:
                await self._client.activate(has.id)
        except RefusedError as refused:
            if refused.status not in {400, 409}:
                raise
            return refused.status == 409  # another call has just made it
        return True

    @property
    def _app(self) -> str:
        return self._settings.app_id or ""


def _key(each: NewSubscription | Subscription) -> tuple[str, ...]:
    return (each.event_type, each.property_name or "", each.object_type_id or "")


def _name(each: NewSubscription | Subscription) -> str:
    return " ".join(part for part in _key(each) if part)


def _told(
    app: str, url: str, known: tuple[Subscription, ...], *, refused: list[NewSubscription] | None = None
) -> RegisteredWebhook:
    paused = [_name(each) for each in known if not each.active]
    problems = []
    if not known:
        problems.append("the app has no subscriptions: register the webhook")
    if paused:
        problems.append(
            f"paused: {', '.join(paused)}; register the webhook again, or activate them in HubSpot"
        )
    if refused:
        problems.append(f"refused by HubSpot: {', '.join(map(_name, refused))}; subscribe to them by hand")
    return RegisteredWebhook(
        id=f"app-{app}",
        url=url,
        delivers=any(each.active for each in known),
        events=tuple(_name(each) for each in known),
        problem="; ".join(problems) or None,
    )


def registered_by(registering: Registering | None) -> Registering:
    if registering is None:
        raise RefusedError(
            "registering HubSpot webhooks needs app_id and developer_key; without them a person enters them",
            code="unsupported",
        )
    return registering
