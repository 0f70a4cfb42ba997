"""The helpdesks that batonpass knows, each with what a test needs to ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import batonpass_freshdesk
import batonpass_hubspot
import batonpass_intercom
import batonpass_zendesk
from batonpass.domain.clock import SystemClock
from batonpass.ports import Manifest
from batonpass.testing.desk import Desk, desk
from batonpass.testing.emulator import Emulator

MAPPINGS = Path(__file__).parent.parent / "mappings"


@dataclass(frozen=True, kw_only=True)
class Known:
    manifest: Manifest
    name: str
    """The connection's, and its mapping file's."""
    start: Mapping[str, str] = field(default_factory=lambda: {"tag": "needs_person"})
    asks: Mapping[str, str] = field(default_factory=lambda: {"tag": "needs_person"})
    """How a happening says that `start` is met."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    """What the emulator's `with_sample_account` takes."""
    rates: bool = True
    """Whether the tickets that handoffs open here can be rated."""

    def emulated(self, **options: Any) -> Emulator:
        return type(self.manifest.emulator()).with_sample_account(**self.account, **options)

    def plays(self, folder: Path, **told: Any) -> AbstractAsyncContextManager[Desk]:
        """The whole of batonpass in front of this helpdesk; `settings` come beside the known ones."""
        settings = {"start": dict(self.start), **self.settings, **told.pop("settings", {})}
        emulator = told.pop("emulator", None) or self.emulated(clock=told.get("clock") or SystemClock())
        mapping = (MAPPINGS / f"{self.name}.toml").read_text(encoding="utf-8")
        return desk(
            folder,
            self.manifest,
            name=self.name,
            mapping=told.pop("mapping", mapping),
            settings=settings,
            emulator=emulator,
            **told,
        )


HELPDESKS = (
    Known(manifest=batonpass_zendesk.manifest, name="zendesk"),
    Known(manifest=batonpass_freshdesk.manifest, name="freshdesk"),
    Known(manifest=batonpass_intercom.manifest, name="intercom", rates=False),  # only conversations are rated
    Known(
        manifest=batonpass_hubspot.manifest,
        name="hubspot-tickets",
        start={"field": "Needs a person", "value": "true"},
        asks={"field": "Needs a person", "value": "true"},
        settings={"tickets": True},
        account={"tickets": True},
    ),
)
