"""Webhooks as vendors have them: registering ours, and telling whether it stands and delivers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from batonpass.app.config import Config, Connection
from batonpass.app.secret_files import Kept, SecretFile
from batonpass.app.webhook_address import webhook_url
from batonpass.app.wiring import connected
from batonpass.diagnostics import TomlFile
from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError, RefusedError
from batonpass.ports import Capability, RegisteredWebhook, RegistersWebhooks, WebhookDoor
from batonpass.store import StoreError
from batonpass.store.reading import Arrived, arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What registering has come to."""

    url: str
    webhook: RegisteredWebhook | None
    """As the vendor has it; None where a person must enter it."""
    refused: RefusedError | None = None
    """Why the vendor did not take it from us."""
    by_hand: tuple[str, ...] = ()
    """What a person enters where, in order; empty where the vendor has taken it from us."""
    kept: Kept | None = None
    """Where its secret stands now; None where none was told or made."""
    lines: tuple[str, ...] = ()
    """Lines that `config.toml` lacks in the connection's table."""
    secret_missing: bool = False
    """Whether a secret must still be fetched by a person: none is configured, and none was told."""


def door_of(connection: Connection) -> WebhookDoor:
    """Raises `ConfigurationError` where this vendor delivers nothing."""
    if connection.manifest.webhooks is None:
        raise ConfigurationError(
            f"{connection.manifest.title} delivers no webhooks to us", code="no_webhooks"
        )
    return connection.manifest.webhooks


def by_api(connection: Connection) -> bool:
    return Capability.REGISTER_WEBHOOKS in connection.capabilities


async def register(config: Config, connection: Connection, clock: Clock) -> Registration:
    """Register the connection's webhook by the vendor's API or, where there is none or it refuses, say what to enter
    by hand. A secret that was told or made is kept in a file of its own.

    Raises `FileProblemsError` without a public address, and what the connection's calls raise.
    """
    door, url = door_of(connection), webhook_url(config, connection.name)
    file = SecretFile(config.path.parent, connection.name)
    file.prepare()
    made = _made(connection, door, file)
    kept = None
    if made is not None:
        # Kept first: a vendor that was told a secret which we then lost would deliver in vain.
        kept = file.keep(made)
        connection = _with_secret(connection, made)
    webhook, refused = await _registered(connection, url, clock)
    told = None if webhook is None else webhook.secret
    if told is not None and told != connection.settings.webhook_secret:
        kept = file.keep(told)
    return Registration(
        url=url,
        webhook=webhook,
        refused=refused,
        by_hand=() if webhook is not None else door.by_hand(connection.settings, url),
        kept=kept,
        lines=_missing_lines(config, connection.name, kept),
        secret_missing=kept is None and connection.settings.webhook_secret is None,
    )


async def webhooks_of(connection: Connection, clock: Clock) -> tuple[RegisteredWebhook, ...] | None:
    """All that the account tells of; None where this vendor tells nothing by its API."""
    if not by_api(connection):
        return None
    async with connected(connection, clock) as opened:
        return await _registering(connection, opened).registered_webhooks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is wrong with one connection's webhook, as far as can be seen from here."""

    url: str
    problems: tuple[str, ...]
    fix: str
    """Where there are problems: the next command."""
    told: bool
    """Whether the vendor tells of its webhooks by API; if not, a person must look where `by_hand` says."""
    by_hand: tuple[str, ...] = ()
    arrived: Arrived | None = None
    """What was delivered in the last day; None: there is no journal yet."""


async def looked_at(config: Config, connection: Connection, clock: Clock) -> Looked:
    """Is the secret configured; is ours registered, and does it deliver?"""
    door, url = door_of(connection), webhook_url(config, connection.name)
    problems = []
    if connection.settings.webhook_secret is None:
        problems.append(f"no webhook_secret in [connections.{connection.name}]: every delivery is refused")
    webhooks = await webhooks_of(connection, clock)
    if webhooks is not None:
        problems += problems_of(webhooks, url)
    return Looked(
        arrived=_arrived(config, connection, clock),
        url=url,
        problems=tuple(problems),
        fix=register_command(connection.name),
        told=webhooks is not None,
        by_hand=door.by_hand(connection.settings, url) if webhooks is None else (),
    )


def register_command(connection: str) -> str:
    return f"batonpass webhooks register {connection}"


def problems_of(webhooks: Sequence[RegisteredWebhook], url: str) -> list[str]:
    """Why nothing, or not everything, arrives at `url`. Registering again is the fix of each."""
    ours = [each for each in webhooks if each.url == url]
    if not ours:
        return [f"no webhook of this account delivers to {url}"]
    return [
        each.problem or f"webhook {each.id} is switched off at the vendor"
        for each in ours
        if each.problem is not None or not each.delivers
    ]


def _made(connection: Connection, door: WebhookDoor, file: SecretFile) -> SecretStr | None:
    """A secret of our own making, where the vendor has none and none is configured; one made before is taken again."""
    if not door.hint_only or connection.settings.webhook_secret is not None:
        return None
    return file.read() or SecretStr(secrets.token_urlsafe(32))


def _with_secret(connection: Connection, secret: SecretStr) -> Connection:
    settings = connection.settings.model_copy(update={"webhook_secret": secret})
    return Connection(
        name=connection.name, manifest=connection.manifest, settings=settings, mapping=connection.mapping
    )


async def _registered(
    connection: Connection, url: str, clock: Clock
) -> tuple[RegisteredWebhook | None, RefusedError | None]:
    if not by_api(connection):
        return None, None
    async with connected(connection, clock) as opened:
        try:
            return await _registering(connection, opened).register_webhook(url), None
        except RefusedError as refused:
            return None, refused


def _registering(connection: Connection, opened: object) -> RegistersWebhooks:
    if not isinstance(opened, RegistersWebhooks):
        raise ConfigurationError(
            f"the connector {connection.manifest.name} says that it registers webhooks, but cannot"
        )
    return opened


def _missing_lines(config: Config, name: str, kept: Kept | None) -> tuple[str, ...]:
    if kept is None:
        return ()
    table = TomlFile.read(config.path).data.get("connections", {}).get(name, {})
    written = {f'{key} = "{value}"' for key, value in table.items() if isinstance(value, str)}
    lines = [line for line in kept.lines if line not in written]
    before = table.get("webhook_secret")
    if isinstance(before, str) and f'webhook_secret = "{before}"' not in kept.lines:
        lines.append(f'webhook_secret_previous = "{before}"')
    return tuple(lines)


def _arrived(config: Config, connection: Connection, clock: Clock) -> Arrived | None:
    try:
        return arrived(config.store, connection.name, since=clock.now() - timedelta(days=1))
    except StoreError:
        return None  # `batonpass doctor` says what is wrong with it
