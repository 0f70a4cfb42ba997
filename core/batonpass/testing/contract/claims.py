"""The manifest says what is there, and nothing else."""

from __future__ import annotations

import re
from typing import Any

from batonpass.domain.event import EventKind
from batonpass.ports import PROTOCOLS, Capability
from batonpass.testing.contract.basis import Basis

_PARTS_OF_HELPDESK = {
    Capability.IDEMPOTENT_CREATE,
    Capability.NOTE_APART,
    Capability.READ_BACK,
    Capability.APPEND_NOTE,
    Capability.FIELD_SCHEMA,
    Capability.CHANGE_TICKET,
}


class ClaimsContract(Basis):
    """`Manifest`."""

    async def test_the_protocol_of_each_claimed_capability_is_there(self) -> None:
        async with self.opened() as made:
            lacking = [
                capability
                for capability in made.connection.capabilities
                if not isinstance(made.port, PROTOCOLS[capability])
            ]

            assert lacking == []

    async def test_settings_only_narrow_what_the_manifest_claims(self) -> None:
        async with self.opened() as made:
            assert made.connection.capabilities <= self.manifest.capabilities
            assert made.connection.capabilities

    async def test_capabilities_fit_together(self) -> None:
        claimed = self.manifest.capabilities

        assert Capability.OPEN_TICKET in claimed or not claimed & _PARTS_OF_HELPDESK
        assert Capability.OPEN_TICKET in claimed or Capability.LIST_CHANGES not in claimed
        assert Capability.FOLLOW_TICKET in claimed or Capability.SATISFACTION not in claimed
        assert Capability.APPEND_NOTE in claimed or Capability.NOTE_APART not in claimed
        assert Capability.REGISTER_WEBHOOKS not in claimed or self.manifest.webhooks is not None

    async def test_every_secret_has_a_kind(self) -> None:
        settings = set(self.manifest.settings.secret_keys()) - {"webhook_secret_previous"}
        if self.manifest.webhooks is None:
            settings.discard("webhook_secret")

        assert settings <= self.manifest.secrets.keys()
        kinds = (*self.manifest.secrets.values(), *self.manifest.other_secrets)
        assert [
            kind.what for kind in kinds if kind.pattern is not None and not re.compile(kind.pattern)
        ] == []

    async def test_the_emulators_own_secrets_are_of_the_kinds_that_are_told(self) -> None:
        async with self.opened() as made:
            wrong = [
                name
                for name, kind in self.manifest.secrets.items()
                if name in made.login and kind.pattern and not re.fullmatch(kind.pattern, made.login[name])
            ]

            assert wrong == []

    async def test_a_door_tells_what_it_takes_and_what_a_person_enters(self) -> None:
        door = self.manifest.webhooks
        if door is None:
            return
        url = "https://batonpass.example/webhooks/contract"

        lines = door.by_hand(self._bare_settings(), url)

        assert door.scheme
        assert door.kinds
        assert any(url in line for line in lines)
        assert all(line.strip() and "\n" not in line for line in lines)

    async def test_the_emulator_plays_every_kind_that_a_delivery_can_mean(self) -> None:
        async with self.opened() as made:
            door = self.manifest.webhooks
            told = {kind for kinds in door.kinds.values() for kind in kinds} if door is not None else set()

            silent = told - {EventKind.UNKNOWN} - set(made.emulator.plays) - self.cannot_play.keys()

            assert silent == set(), "the emulator plays them, or cannot_play says why not"
            assert not self.cannot_play.keys() & set(made.emulator.plays)

    def _bare_settings(self) -> Any:
        emulator = self.manifest.emulator()
        told = {"connector": self.manifest.name, "base_url": "http://127.0.0.1:9", **emulator.login()}
        return self.manifest.settings.model_validate({**told, **self.settings})
