"""Freshdesk: opens tickets, follows them, and tells of a customer's recent tickets."""

from __future__ import annotations

from typing import Any

from batonpass.ports import Capability, Connecting, HelpdeskSettings, Manifest


class FreshdeskSettings(HelpdeskSettings):
    """One Freshdesk account."""


def connect(settings: FreshdeskSettings, connecting: Connecting) -> object:
    raise RuntimeError("being written")


def _emulator(**options: Any) -> Any:
    raise RuntimeError("being written")


manifest = Manifest(
    name="freshdesk",
    title="Freshdesk",
    capabilities=frozenset({Capability.OPEN_TICKET}),
    settings=FreshdeskSettings,
    connect=connect,
    emulator=_emulator,
)
