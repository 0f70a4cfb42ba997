"""The tables of `config.toml` that say what is watched and who hears of it: deadlines, storms, notices, metrics; and
for how long things are kept."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from batonpass.app.notices import problem_with
from batonpass.domain.conversation import Value

Seconds = Annotated[float, Field(ge=10, le=31_536_000)]


class DeadlinesConfig(Value):
    """How long each state of a handoff may last before somebody hears of it, in seconds."""

    ticket_within: Seconds = 120.0
    """Then the customer is told that no ticket stands yet, and the team is alerted."""
    announce_within: Seconds = 900.0
    accept_within: Seconds = 86_400.0
    resolve_within: Seconds = 2_592_000.0
    give_up_after: Seconds = 259_200.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.give_up_after <= self.ticket_within:
            raise ValueError("give_up_after must be longer than ticket_within")
        if self.accept_within < self.announce_within:
            raise ValueError("accept_within must not be shorter than announce_within")
        return self


class StormConfig(Value):
    """When handoffs from one cause count as a surge, and what its customers are told."""

    per_minute: Annotated[float, Field(ge=1, le=1_000_000)] = 60.0
    times: Annotated[float, Field(ge=1, le=1000)] = 5.0
    say: dict[str, str] = Field(default_factory=dict)
    """Language → sentence, with `{ahead}` and `{minutes}`."""
    say_without_time: dict[str, str] = Field(default_factory=dict)
    """Language → sentence for when nobody knows how long it takes, with `{ahead}`."""

    @field_validator("say")
    @classmethod
    def _placeholders(cls, value: dict[str, str]) -> dict[str, str]:
        return _only(
            value, frozenset({"ahead", "minutes"}), "the only placeholders here are {ahead} and {minutes}"
        )

    @field_validator("say_without_time")
    @classmethod
    def _placeholders_without_time(cls, value: dict[str, str]) -> dict[str, str]:
        return _only(value, frozenset({"ahead"}), "the only placeholder here is {ahead}")


def _resolved(value: Any, info: ValidationInfo) -> Any:
    return value if info.context is None else info.context["secret"](value)


def _usable(url: SecretStr) -> SecretStr:
    if (problem := problem_with(url)) is not None:
        raise PydanticCustomError("notices", "{problem}", {"problem": problem})
    return url


SecretUrl = Annotated[SecretStr, BeforeValidator(_resolved), AfterValidator(_usable)]


class NoticesConfig(Value):
    """Where the team hears of alerts, besides the log."""

    to: tuple[SecretUrl, ...] | SecretUrl = ()
    """Apprise URLs, or one: each is a secret, because most have a token in them."""

    @property
    def places(self) -> tuple[SecretStr, ...]:
        return self.to if isinstance(self.to, tuple) else (self.to,)


class MetricsConfig(Value):
    """Where Prometheus reads metrics: a port of its own, not the public one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """None: nowhere."""


Days = Annotated[int, Field(ge=1, le=36_500)]


class RetentionConfig(Value):
    """How long each kind of data is kept, in days. What belongs to a handoff counts from when it was over."""

    deliveries: Days = 35
    """What vendors delivered, as it came."""
    agent_bodies: Days = 35
    """What AI agents sent, as it came."""
    attempts: Days = 90
    conversations: Days = 365
    """What was said, and the facts found; states, times and the ticket's id stay."""
    handoffs: Days = 1100
    solved_tickets: Days = 1100
    """Of the copy of vendors' records: tickets that are solved count from their last change, then they are emptied."""
    deleted_records: Days = 90
    """What is left of records that their vendor has deleted, or that were emptied."""
    legal_hold: bool = False
    """Nothing is deleted, whatever its age and whoever asks."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.handoffs < self.conversations:
            raise ValueError("handoffs must not be shorter than conversations")
        return self


class ReconcileConfig(Value):
    """How often the helpdesk is read for what webhooks have not told, and how much may follow from one reading."""

    every: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    """Seconds; 0: never."""
    start_at_most: Annotated[int, Field(ge=0, le=1_000_000)] = 20
    """So many handoffs may be started by one reading, and up to a fifth of the tickets that it has read."""


class MappingsConfig(Value):
    """How the mapping files are watched over."""

    drift_every: Annotated[float, Field(ge=0, le=604_800)] = 3600.0
    """Seconds from one comparison of the helpdesk's account with the mapping to the next; 0: never."""


def _only(sentences: Mapping[str, str], known: frozenset[str], message: str) -> dict[str, str]:
    for sentence in sentences.values():
        if placeholders(sentence) - known:
            raise PydanticCustomError("placeholder", "{message}", {"message": message})
    return dict(sentences)


def placeholders(template: str) -> frozenset[str]:
    """The names in braces; `?` where it cannot be read."""
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)
    except ValueError:
        return frozenset("?")
