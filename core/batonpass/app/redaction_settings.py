"""`[redaction]` of `config.toml`: what is masked before it leaves, and when."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from batonpass.context.redaction import COUNTRIES, KINDS, OwnPattern, PatternError, Redactor
from batonpass.domain.conversation import HandoffRequest, Value

Kind = Literal["card", "cvv", "iban", "password", "api_key", "national_id"]
Country = Literal["US", "DE", "GB", "ES", "FR", "IT", "NL", "BR", "IN"]
assert set(get_args(Kind)) == set(KINDS)
assert get_args(Country) == COUNTRIES

MOST_PATTERNS = 50
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class RedactionConfig(Value):
    allow: tuple[Kind, ...] = ()
    """Kinds that are left as they are."""
    countries: tuple[Country, ...] = get_args(Country)
    """Whose national ids are looked for."""
    before_store: bool = False
    """Whether the conversation is masked before it is kept, too."""
    patterns: Annotated[dict[str, str], Field(max_length=MOST_PATTERNS)] = Field(default_factory=dict)
    """Name → a pattern of the team's own, in the syntax of RE2."""

    @field_validator("patterns")
    @classmethod
    def _usable(cls, value: dict[str, str]) -> dict[str, str]:
        for name, pattern in value.items():
            if not _NAME.fullmatch(name) or name in KINDS:
                raise PydanticCustomError(
                    "pattern_name", "a pattern's name is new and has small letters, digits and _ only"
                )
            try:
                OwnPattern(name, pattern)
            except PatternError as error:
                raise PydanticCustomError(
                    "pattern", "{name}: {problem}", {"name": name, "problem": str(error)}
                ) from None
        return value

    def redactor(self) -> Redactor:
        return Redactor(
            allow=self.allow,
            countries=self.countries,
            own=[OwnPattern(name, pattern) for name, pattern in self.patterns.items()],
        )

    def mask(self) -> Callable[[HandoffRequest], HandoffRequest] | None:
        """What is done to every request before it is kept; None: nothing."""
        if not self.before_store:
            return None
        redactor = self.redactor()
        return lambda request: redactor.request(request).request
