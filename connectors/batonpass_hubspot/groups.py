"""Groups: the options of one dropdown property, where the settings name it."""

from __future__ import annotations

from collections.abc import Iterable

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import Group
from batonpass_hubspot.settings import HubSpotSettings
from batonpass_hubspot.wire import Property


def group_property(settings: HubSpotSettings) -> str:
    """Its name. Raises `RefusedError` where no property keeps the group."""
    if settings.group_property is None:
        raise RefusedError(
            "tickets: HubSpot sets a ticket's team by its owner; name a property in group_property",
            status=400,
            fields=("group",),
            code="unsupported",
        )
    return settings.group_property


def groups_of(known: Iterable[Property], settings: HubSpotSettings) -> tuple[Group, ...]:
    named = next((each for each in known if each.name == settings.group_property), None)
    options = () if named is None else named.options
    return tuple(Group(id=each.value, name=each.label) for each in options if not each.hidden)
