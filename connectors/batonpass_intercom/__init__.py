"""Intercom: opens tickets, follows them, and tells of a customer's recent tickets."""

from __future__ import annotations

from typing import Any

from batonpass.ports import Capability, Connecting, HelpdeskSettings, Manifest


class IntercomSettings(HelpdeskSettings):
    """One Intercom account."""


def connect(settings: IntercomSettings, connecting: Connecting) -> object:
    raise RuntimeError("being written")


def _emulator(**options: Any) -> Any:
    raise RuntimeError("being written")


manifest = Manifest(
    name="intercom",
    title="Intercom",
    capabilities=frozenset({Capability.OPEN_TICKET}),
    settings=IntercomSettings,
    connect=connect,
    emulator=_emulator,
)
