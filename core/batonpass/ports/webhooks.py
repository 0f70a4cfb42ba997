"""What comes in: how a vendor's deliveries prove themselves, what they tell, how they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.event import Event, EventKind


class Receive(Protocol):
    def __call__(
        self, delivery: Delivery, *, secrets: Sequence[SecretStr], settings: Any, now: datetime
    ) -> tuple[Event, ...]:
        """The events in a delivery that is this vendor's; pure.

        First the signature is checked, on the raw bytes, in constant time, against every one of `secrets`; only then
        is anything parsed. Raises `RejectedDeliveryError` with code `missing_header`, `malformed_header`,
        `wrong_kind`, `too_old`, `no_match` (a signature that proves nothing) or `malformed_body` (signed, but no
        delivery of this vendor), and `ConfigurationError` where there is no secret or one of another kind; nothing
        else, whatever was sent.

        `settings` are the connection's: their `start` rule decides which events are `HANDOFF_ASKED`. One item of a
        batch that cannot be understood becomes an event of kind `UNKNOWN`; the others are unharmed.
        """
        ...


class Read(Protocol):
    def __call__(self, body: bytes, *, settings: Any, received_at: datetime) -> tuple[Event, ...]:
        """The events in the body of a delivery that was proven when it came and has been kept since: the same
        events with the same ids as `Receive` gave then, but for kinds that this release has learnt meanwhile; pure.

        Raises `RejectedDeliveryError` with code `malformed_body` and nothing else.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDoor:
    """One vendor's deliveries."""

    receive: Receive
    read: Read
    kinds: Mapping[str, tuple[EventKind, ...]]
    """The vendor's word for what happened → what it can mean: the list of what is supported, as the docs print it."""
    scheme: str
    """How a delivery proves itself, for the docs: "HMAC-SHA256 of timestamp and body, base64"."""
    needs_public_url: bool = False
    """Whether the public address is part of what is signed."""
    hint_only: bool = False
    """Whether nothing in a delivery is signed: then it is a reason to read, and never believed."""
    by_hand: Callable[[Any, str], tuple[str, ...]]
    """Settings and the endpoint's URL → what a person enters where, one line each, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredWebhook:
    """A webhook as the vendor has it."""

    id: str
    url: str
    delivers: bool
    """Whether the vendor sends to it now."""
    events: tuple[str, ...] = ()
    """In the vendor's own words."""
    problem: str | None = None
    """Why it does not deliver, or fails, with what to do; None where all is well."""
    secret: SecretStr | None = None
    """What its deliveries prove themselves with; told only when it has just been registered."""


@runtime_checkable
class RegistersWebhooks(Protocol):
    """Registers webhooks by the vendor's API (`Capability.REGISTER_WEBHOOKS`)."""

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        """Have the vendor deliver everything in `WebhookDoor.kinds` to `url`, and whatever the `start` rule needs;
        gives it with its secret. Where a webhook of ours to this URL stands already, that one is brought up to date,
        switched on again where the vendor had paused it, and given with its secret or, where the vendor tells it
        only once, without."""
        ...

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        """All webhooks of the account that this connection can see, ours or not."""
        ...
