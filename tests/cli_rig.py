"""What the tests of the commands share: a folder as `init` writes it, emulators behind it, and a way to run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner, Result

from batonpass.app.new_folder import NewFolder, filled, template_connections, write_folder
from batonpass.app.registry import connectors
from batonpass.cli import app
from batonpass.store.sqlite import SqliteDatabase
from batonpass.testing.emulator import Emulator
from batonpass.testing.serving import served_in_thread

SECRETS = {
    "ZENDESK_CLIENT_SECRET": "emulated-secret",
    "HUBSPOT_ACCESS_TOKEN": "emulator-token",
    "STRIPE_API_KEY": "rk_test_emulator",
}
CONVERSATIONS = Path(__file__).parent.parent / "core" / "batonpass" / "demo" / "conversations"
DOUBLE_CHARGE = CONVERSATIONS / "1-double-charge.json"


def run(*arguments: object, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> Result:
    """The command in this process; only the named variables are set of those that matter here."""
    others = dict.fromkeys((*SECRETS, "BATONPASS_CONFIG", "BATONPASS_API_KEY"))
    texts = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, texts, env={**others, **(env or {})}, input=stdin, catch_exceptions=False)


@contextmanager
def held_open(path: Path) -> Iterator[None]:
    """As while a server runs on it."""
    database = SqliteDatabase(path)
    asyncio.run(database.open())
    try:
        yield
    finally:
        asyncio.run(database.close())


@dataclass
class Desk:
    """A folder whose configuration reaches emulators of all vendors."""

    folder: Path
    made: NewFolder
    emulators: dict[str, Emulator]

    @property
    def config(self) -> Path:
        return self.made.config

    def change(self, table: str, key: str, value: str | int) -> None:
        self.config.write_text(filled(self.config.read_text(), {(table, key): value}))


@dataclass
class Vendors:
    """Emulators of the vendors of a new folder, without latency."""

    emulators: dict[str, Emulator]
    addresses: dict[str, str]


@contextmanager
def emulated() -> Iterator[Vendors]:
    emulators = {
        name: type(connectors()[name].emulator()).with_sample_account() for name in template_connections()
    }
    with ExitStack() as stack:
        addresses = {name: stack.enter_context(served_in_thread(each)) for name, each in emulators.items()}
        yield Vendors(emulators=emulators, addresses=addresses)


def furnished(folder: Path, vendors: Vendors) -> Desk:
    """A folder as `init` writes it, pointed at the emulators, whose planned faults and counts are forgotten."""
    changes: dict[tuple[str, str], str | int | float] = {}
    for name, emulator in vendors.emulators.items():
        emulator.heal()
        emulator.calls.clear()
        hidden = connectors()[name].settings.secret_keys()
        told = {key: value for key, value in emulator.login().items() if key not in hidden}
        settings = {**told, "base_url": vendors.addresses[name]}
        changes |= {(f"connections.{name}", key): value for key, value in settings.items()}
    return Desk(folder=folder, made=write_folder(folder, changes=changes), emulators=vendors.emulators)


def words(output: str) -> str:
    """The output without its line breaks and columns."""
    return " ".join(output.split())


def subprocess_environment(**more: str) -> dict[str, str]:
    return {**os.environ, **SECRETS, "PYTHONUNBUFFERED": "1", **more}
