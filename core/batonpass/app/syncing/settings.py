"""`[sync.<connection>.<stream>]` of `config.toml`: what is read in bulk, and how often.

A connection that has a table here is synced: all its streams, each as often as its connector advises, unless a table of
the stream says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Annotated, Any, Self

from apscheduler.triggers.cron import CronTrigger
from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from batonpass.diagnostics import Finding, TomlFile, did_you_mean, validated
from batonpass.domain.conversation import Value
from batonpass.ports import Stream

_LENGTH = re.compile(r"(\d{1,6}) ?([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
SHORTEST, LONGEST = 60.0, 31 * 86_400.0


def _length(value: Any) -> Any:
    """`"15m"`, `"1h"`, `"2d"`, or seconds."""
    if not isinstance(value, str):
        return value
    found = _LENGTH.fullmatch(value.strip())
    if found is None:
        raise PydanticCustomError("length", 'a length of time is "15m", "1h", "2d", or a number of seconds')
    return int(found[1]) * _SECONDS[found[2]]


Length = Annotated[float, BeforeValidator(_length), Field(ge=SHORTEST, le=LONGEST)]


class StreamConfig(Value):
    """`[sync.<connection>.<stream>]`."""

    off: bool = False
    every: Length | None = None
    """None: as its connector advises."""
    cron: str | None = None
    """Five fields, in UTC, instead of `every`."""
    read_all_every: Length | None = None
    """After so long everything is read again; None: as its connector advises."""

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            CronTrigger.from_crontab(value, timezone=UTC)
        except ValueError:
            raise PydanticCustomError(
                "cron", 'five fields: minute, hour, day, month, weekday, as in "15 3 * * *"'
            ) from None
        return value

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.every is not None and self.cron is not None:
            raise PydanticCustomError("both", "every and cron exclude each other")
        return self


class LimitsConfig(Value):
    """`[sync]` itself: of all connections."""

    slices: Annotated[int, Field(ge=1, le=32)] = 4
    """Parts of one stream that are read at the same time, where the vendor's limits gain by it."""
    streams: Annotated[int, Field(ge=1, le=32)] = 2
    """Streams that one process reads at the same time."""
    gone_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Where a larger share of a stream's records is missing from a complete reading, a person must say that they are
    gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncConfig:
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    connections: Mapping[str, Mapping[str, StreamConfig]] = field(default_factory=dict)
    """Connection → what is said of single streams of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedStream:
    """A stream that is read."""

    connection: str
    stream: Stream
    settings: StreamConfig

    @property
    def name(self) -> str:
        """`crm/contacts`."""
        return f"{self.connection}/{self.stream.name}"

    @property
    def every(self) -> timedelta:
        """Where no cron is set."""
        return self.stream.every if self.settings.every is None else timedelta(seconds=self.settings.every)

    @property
    def reads_all_every(self) -> timedelta | None:
        told = self.settings.read_all_every
        return self.stream.reads_all_every if told is None else timedelta(seconds=told)

    @property
    def when(self) -> str:
        """ "every 15 min", "by cron 15 3 * * *"."""
        if self.settings.cron is not None:
            return f"by cron {self.settings.cron}"
        seconds = self.every.total_seconds()
        for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
            if seconds >= length and seconds % length == 0:
                return f"every {seconds / length:g} {unit}"
        return f"every {seconds:g} s"


def read_sync(
    file: TomlFile, known: Mapping[str, Sequence[Stream] | None]
) -> tuple[SyncConfig | None, list[Finding]]:
    """`known`: every usable connection with the streams that it has; None: nobody can tell."""
    table = file.data.get("sync", {})
    if not isinstance(table, dict):
        return None, []  # the whole-file check says so
    own = {name: value for name, value in table.items() if not isinstance(value, dict)}
    # What is said of connections must not be taken for settings of [sync] itself.
    limits, findings = validated(replace(file, data={**file.data, "sync": own}), LimitsConfig, at=("sync",))
    connections: dict[str, dict[str, StreamConfig]] = {}
    for name, streams in table.items():
        if not isinstance(streams, dict):
            continue
        if name not in known:
            findings.append(_unknown(file, ("sync", name), f"there is no connection named {name!r}", known))
            continue
        if (has := known[name]) is None:
            connections[name] = {}
            continue
        if not has:
            findings.append(
                file.finding(("sync", name), f"the connection {name!r} has nothing that can be synced", code="TF101",
                             key=True, hint="batonpass connectors shows which connectors can sync")
            )  # fmt: skip
            continue
        connections[name], found = _streams(file, name, streams, [each.name for each in has])
        findings += found
    return (None if limits is None else SyncConfig(limits=limits, connections=connections)), findings


def _streams(
    file: TomlFile, connection: str, table: Mapping[str, Any], known: Collection[str]
) -> tuple[dict[str, StreamConfig], list[Finding]]:
    streams: dict[str, StreamConfig] = {}
    findings: list[Finding] = []
    for name in table:
        at = ("sync", connection, name)
        if name not in known:
            findings.append(_unknown(file, at, f"{connection!r} has no stream named {name!r}", known))
            continue
        stream, found = validated(file, StreamConfig, at=at)
        findings += found
        if stream is not None:
            streams[name] = stream
    return streams, findings


def _unknown(file: TomlFile, at: tuple[str, ...], message: str, known: Collection[str]) -> Finding:
    return file.finding(at, message, code="TF101", key=True, hint=did_you_mean(at[-1], known, listed="known"))


def synced_streams(
    config: SyncConfig, known: Mapping[str, Sequence[Stream] | None]
) -> Iterator[SyncedStream]:
    """All that is read, connections in the order of the file, parents first."""
    for connection, settings in config.connections.items():
        for stream in known[connection] or ():
            found = settings.get(stream.name, StreamConfig())
            if not found.off:
                yield SyncedStream(connection=connection, stream=stream, settings=found)
