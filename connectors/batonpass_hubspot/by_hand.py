"""What a person enters in HubSpot to have webhooks delivered."""

from __future__ import annotations

import json

from batonpass_hubspot.desk_wire import NewSubscription
from batonpass_hubspot.events import OBJECT_TYPES
from batonpass_hubspot.registering import wanted
from batonpass_hubspot.settings import HubSpotSettings


def by_hand(settings: HubSpotSettings, url: str) -> tuple[str, ...]:
    """For a project-based app, the only kind that can be made since 2026-10-26 (service keys receive no webhooks):
    https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks"""
    subscriptions = wanted(settings)
    lines = [
        "In your app's project, make the file src/app/webhooks/webhooks-hsmeta.json with this content:",
        _file(subscriptions, url),
        "Upload the project (hs project upload), deploy the build and install the app in the account.",
        "Give the app the scopes tickets and crm.objects.contacts.read"
        if settings.tickets
        else "Give the app the scopes crm.objects.contacts.read, .companies.read and .deals.read",
        "Copy the client secret from the app's Auth tab into webhook_secret, and the app's id into app_id.",
    ]
    if settings.start is not None and settings.start.tag is not None:
        lines.append(
            "HubSpot's tickets have no tags; the start rule looks at the property batonpass_tags. A checkbox of your "
            'own says it better: [start] field = "Needs a person", value = "true"'
        )
    if settings.start is not None and settings.start.group is not None:
        lines.append(
            "The start rule's group is an option of the property in group_property; without that setting it is the "
            "id, not the name, of a HubSpot team."
        )
    if settings.start is not None and settings.start.field is not None:
        lines.append(
            "Check that the property of the start rule has the internal name that stands in the file; the events "
            "name nothing else."
        )
    return tuple(lines)


def _file(subscriptions: tuple[NewSubscription, ...], url: str) -> str:
    generic = [each for each in subscriptions if each.object_type_id is not None]
    named = [each for each in subscriptions if each.object_type_id is None]
    told = {
        "uid": "batonpass_webhooks",
        "type": "webhooks",
        "config": {
            "settings": {"targetUrl": url, "maxConcurrentRequests": 10},
            "subscriptions": {
                "crmObjects": [
                    {
                        "subscriptionType": each.event_type,
                        "objectType": OBJECT_TYPES[each.object_type_id or ""],
                        "active": True,
                    }
                    for each in generic
                ],
                "legacyCrmObjects": [
                    {"subscriptionType": each.event_type, "active": True}
                    | ({"propertyName": each.property_name} if each.property_name else {})
                    for each in named
                ],
            },
        },
    }
    return json.dumps(told)
