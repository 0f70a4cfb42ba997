"""`[identity]` of `config.toml`: by what a customer is looked up."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType
from typing import Annotated, Literal

import phonenumbers
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from batonpass.context.identity import IdentityRules
from batonpass.diagnostics import Finding, TomlFile, did_you_mean
from batonpass.domain.conversation import Value
from batonpass.domain.person import MatchRule

Rules = Annotated[tuple[MatchRule, ...], Field(max_length=len(MatchRule))]


class OfConnection(Value):
    """`[identity.connections.<name>]`."""

    match: Rules


class IdentityConfig(Value):
    match: Rules = tuple(MatchRule)
    """The rules in their order; none: no source is asked about anybody."""
    default_region: str | None = None
    """The country of phone numbers without a country code: `DE`."""
    email_case: Literal["exact", "insensitive"] = "exact"
    """Whether `Anna@example.com` is somebody else than `anna@example.com`."""
    connections: dict[str, OfConnection] = Field(default_factory=dict)

    @field_validator("match")
    @classmethod
    def _each_once(cls, value: tuple[MatchRule, ...]) -> tuple[MatchRule, ...]:
        if len(set(value)) < len(value):
            raise PydanticCustomError("twice", "each rule stands here once")
        return value

    @field_validator("default_region")
    @classmethod
    def _a_country(cls, value: str | None) -> str | None:
        if value is not None and value not in phonenumbers.SUPPORTED_REGIONS:
            raise PydanticCustomError("region", "a country is two capital letters, ISO 3166: DE, GB, US")
        return value

    @property
    def rules(self) -> IdentityRules:
        return IdentityRules(
            match=self.match,
            of_connection=MappingProxyType({name: each.match for name, each in self.connections.items()}),
            default_region=self.default_region,
            folds_case=self.email_case == "insensitive",
        )

    def unknown(self, file: TomlFile, connections: Collection[str]) -> list[Finding]:
        """Rules for connections that there are not."""
        return [
            file.finding(
                ("identity", "connections", name),
                f"there is no connection named {name!r}",
                code="TF101",
                key=True,
                hint=did_you_mean(name, connections, listed="configured"),
            )
            for name in self.connections
            if name not in connections
        ]
