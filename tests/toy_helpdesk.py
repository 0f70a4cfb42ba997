"""A helpdesk without a vendor: everything in memory, for tests of what stands above the connectors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from pydantic import SecretStr

from batonpass.app import registry
from batonpass.app.new_folder import sha256
from batonpass.domain.errors import BatonpassError, RefusedError
from batonpass.domain.event import EventKind
from batonpass.domain.presence import AgentPresence, Availability, Load, Presence
from batonpass.domain.ticket import (
    Agent,
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    Form,
    Group,
    NewField,
    TicketLimits,
)
from batonpass.ports import (
    Access,
    Capability,
    Connecting,
    ConnectionSettings,
    HelpdeskSettings,
    Manifest,
    RegisteredWebhook,
    SecretKind,
    WebhookDoor,
)
from fakes import NOON, ToyVendor

KEY = NewField(name="Batonpass key", kind=FieldKind.TEXT, unique=True, why="finds a ticket again")


@dataclass
class ToyEmulator(ToyVendor):
    plays: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TICKET_SOLVED})


class ToySettings(HelpdeskSettings):
    api_key: SecretStr = SecretStr("")


class LedgerSettings(ConnectionSettings):
    api_key: SecretStr = SecretStr("")


@dataclass
class ToyDesk:
    """The account at the vendor, and the connection to it."""

    fields: list[FieldDefinition] = field(
        default_factory=lambda: [
            FieldDefinition(id=FieldId("1"), name="Needs a person", kind=FieldKind.CHECKBOX),
            FieldDefinition(
                id=FieldId("2"),
                name="Tier",
                kind=FieldKind.DROPDOWN,
                required=True,
                options=(
                    FieldOption(value="tier_free", label="Free"),
                    FieldOption(value="tier_pro", label="Pro"),
                ),
            ),
            FieldDefinition(id=FieldId("3"), name="Old", kind=FieldKind.TEXT, active=False),
        ]
    )
    forms: tuple[Form, ...] = (
        Form(id="7", name="Default", fields=(FieldId("1"), FieldId("2")), statuses=("New", "Done")),
    )
    own: tuple[NewField, ...] = (KEY,)
    webhooks: list[RegisteredWebhook] = field(default_factory=list)
    secrets: list[str] = field(default_factory=lambda: ["toywh_first000", "toywh_second00"])
    """What the vendor gives for new webhooks, one after the other; none where it tells no secret."""
    refuses: dict[str, BatonpassError] = field(default_factory=dict)
    """Method → the error that it raises."""
    created: list[str] = field(default_factory=list)
    seen_secrets: list[str | None] = field(default_factory=list)
    """The `webhook_secret` of the settings that connected."""

    def _maybe_refuse(self, method: str) -> None:
        if method in self.refuses:
            raise self.refuses[method]

    async def check_access(self) -> Access:
        self._maybe_refuse("check_access")
        return Access(account="toy account")

    async def field_schema(self) -> FieldSchema:
        self._maybe_refuse("field_schema")
        return FieldSchema(
            fields=tuple(self.fields),
            groups=(Group(id="9", name="Support"), Group(id="10", name="Billing")),
            limits=TicketLimits(subject=100, note=1000),
            as_of=NOON,
            forms=self.forms,
        )

    async def agents(self) -> tuple[Agent, ...]:
        self._maybe_refuse("agents")
        return (Agent(id="51", name="Ada Agent", email="ada@toy.example"),)

    async def presence(self) -> Presence:
        self._maybe_refuse("presence")
        there = AgentPresence(
            agent=Agent(id="51"),
            availability=Availability.AWAY,
            status="Lunch",
            loads=(Load(channel="messaging", assigned=2, limit=5),),
        )
        return Presence(agents=(there,), as_of=NOON)

    def own_fields(self) -> tuple[NewField, ...]:
        return self.own

    async def create_field(self, field: NewField) -> FieldDefinition:
        self._maybe_refuse("create_field")
        options = tuple(FieldOption(value=f"toy_{each.lower()}", label=each) for each in field.options)
        made = FieldDefinition(
            id=FieldId(f"cf_{len(self.fields) + 1}"), name=field.name, kind=field.kind, options=options
        )
        self.fields.append(made)
        self.created.append(field.name)
        return made

    async def add_options(self, field: FieldId, options: tuple[str, ...]) -> FieldDefinition:
        at = next(number for number, each in enumerate(self.fields) if each.id == field)
        more = tuple(FieldOption(value=f"toy_{each.lower()}", label=each) for each in options)
        self.fields[at] = replace(self.fields[at], options=(*self.fields[at].options, *more))
        return self.fields[at]

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        self._maybe_refuse("register_webhook")
        standing = [each for each in self.webhooks if each.url == url]
        others = [each for each in self.webhooks if each.url != url]
        secret = SecretStr(self.secrets.pop(0)) if self.secrets and not standing else None
        made = RegisteredWebhook(id="w1", url=url, delivers=True, events=("ticket.solved",))
        self.webhooks = [*others, made]
        return replace(made, secret=secret)

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        self._maybe_refuse("registered_webhooks")
        return tuple(self.webhooks)

    # Of the protocol, but called by nothing that is tested with it.
    async def _never(self, *_: object, **__: object) -> None:
        raise AssertionError("not for this test")

    open_ticket = find_ticket = read_ticket = append_note = find_note = change_ticket = _never
    ticket_ref = _never


def refused(code: str) -> RefusedError:
    return RefusedError("no permission webhooks:write", status=403, code=code)


DOOR = WebhookDoor(
    receive=lambda delivery, **_: (),
    read=lambda body, **_: (),
    kinds=MappingProxyType({"ticket.solved": (EventKind.TICKET_SOLVED,)}),
    scheme="none",
    by_hand=lambda settings, url: (f"enter {url} in Settings > Webhooks", "tick everything"),
)
_HELPDESK = frozenset({Capability.OPEN_TICKET, Capability.FIELD_SCHEMA, Capability.AGENTS})


def manifest_of(
    desk: ToyDesk, *, registers: bool = True, door: WebhookDoor | None = DOOR, provisions: bool = True
) -> Manifest:
    def connect(settings: ToySettings, connecting: Connecting) -> object:
        held = settings.webhook_secret
        desk.seen_secrets.append(None if held is None else held.get_secret_value())
        return desk

    can = _HELPDESK | ({Capability.REGISTER_WEBHOOKS} if registers else set())
    return Manifest(
        name="toy",
        title="Toy Desk",
        capabilities=can | ({Capability.PROVISION_FIELDS} if provisions else set()),
        settings=ToySettings,
        connect=connect,
        emulator=ToyEmulator,
        webhooks=door,
        secrets=MappingProxyType(
            {
                "api_key": SecretKind(what="a Toy Desk API key (toy_…)", pattern=r"toy_[a-z0-9]{8}"),
                "webhook_secret": SecretKind(
                    what="a Toy Desk webhook secret (toywh_…)", pattern=r"toywh_[a-z0-9]{8}"
                ),
            }
        ),
        other_secrets=(SecretKind(what="a Toy Desk browser key (toypk_…)", pattern=r"toypk_[a-z0-9]{8}"),),
    )


LEDGER = Manifest(
    name="ledger",
    title="Ledger",
    capabilities=frozenset(),
    settings=LedgerSettings,
    connect=lambda settings, connecting: object(),
    emulator=ToyVendor,
    webhooks=DOOR,
    secrets=MappingProxyType(
        {"api_key": SecretKind(what="a Ledger API key (lk_live_…)", pattern=r"lk_live_[a-z0-9]{8}")}
    ),
)


@contextmanager
def installed(monkeypatch, *manifests: Manifest):
    """Only these connectors are installed."""
    points = [_Point(each) for each in manifests]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    registry.connectors.cache_clear()
    try:
        yield
    finally:
        monkeypatch.undo()
        registry.connectors.cache_clear()


@dataclass
class _Point:
    manifest: Manifest

    @property
    def load(self) -> Callable[[], Manifest]:
        return lambda: self.manifest


def toy_folder(
    folder: Path, *lines: str, public_url: str | None = "https://handoff.example.com", more: str = ""
) -> Path:
    """A configuration with the toy helpdesk; `lines` go into its table."""
    server = f'public_url = "{public_url}"\n' if public_url else ""
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "mappings" / "toy.toml").write_text(
        '[ticket]\nsubject = "{issue.title}"\n\n[fields]\nTier = "Free"\n'
    )
    table = "\n".join(("[connections.toy]", *lines))
    config = folder / "config.toml"
    agent = f'[agents.bot]\nkey_sha256 = "{sha256("bp_key")}"\n'
    config.write_text(f"[server]\n{server}\n{agent}\n{table}\n{more}")
    return config
