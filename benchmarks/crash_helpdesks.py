"""The helpdesks of the crash test, with what only their own words can say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # the helpdesks with what a test asks of them

import batonpass_stripe
from batonpass.testing.crash_scene import Staged
from helpdesks import HELPDESKS, MAPPINGS, Known

DROPPED = "Handoff reason"
"""A field that every ticket of ours fills."""


def _drop_titled(fields: Callable[[Any], Mapping[Any, Any]], title: str) -> Callable[[Any], None]:
    def drop(emulator: Any) -> None:
        known = fields(emulator).values()
        next(each for each in known if DROPPED in (getattr(each, title, ""), each)).drops = True

    return drop


def _drop_in_hubspot(emulator: Any) -> None:
    emulator.account.rules.drops.add(("tickets", "handoff_reason"))


def _conversation(emulator: Any) -> str:
    made: str = emulator.add_conversation("I was charged twice.", "I pass you on.").id
    return made


_MORE: Mapping[str, Mapping[str, Any]] = {
    "zendesk": {
        "drop_a_field": _drop_titled(lambda emulator: emulator.account.fields, "title"),
        "conversation": _conversation,
        "conversing": lambda emulator: emulator.messaging_login(),
    },
    "freshdesk": {"drop_a_field": _drop_titled(lambda emulator: emulator.account.fields, "label")},
    "intercom": {"drop_a_field": _drop_titled(lambda emulator: emulator.account.ticket_fields, "name")},
    "hubspot-tickets": {"drop_a_field": _drop_in_hubspot},
}


def _staged(known: Known) -> Staged:
    return Staged(
        name=known.name,
        manifest=known.manifest,
        mapping=(MAPPINGS / f"{known.name}.toml").read_text(encoding="utf-8"),
        start=known.start,
        asks=known.asks,
        settings=known.settings,
        emulated=known.emulated,
        source=batonpass_stripe.manifest,
        source_mapping=(MAPPINGS / "stripe.toml").read_text(encoding="utf-8"),
        **_MORE[known.name],
    )


STAGED = {known.name: _staged(known) for known in HELPDESKS}
