"""The table `[pages]` of `config.toml`: who may sign in, and how long a link in a ticket opens its page."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from batonpass.domain.conversation import Value

_USER_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Small letters: nobody should have to remember how they wrote themselves."""


def is_user_name(name: str) -> bool:
    return _USER_NAME.fullmatch(name) is not None


def _user_name(name: str) -> str:
    if not is_user_name(name):
        raise PydanticCustomError(
            "user_name", "a user's name has small letters, digits, - and _, at most 64 of them"
        )
    return name


UserName = Annotated[str, AfterValidator(_user_name)]


class UserRole(StrEnum):
    """What a user may do on the pages."""

    OPS = "ops"
    """Look, and change mappings."""
    LEAD = "lead"
    """Look."""


class UserConfig(Value):
    role: UserRole
    password_argon2: Annotated[str, Field(max_length=300)]
    """As `batonpass user add` prints it."""

    @field_validator("password_argon2")
    @classmethod
    def _a_hash(cls, value: str) -> str:
        if not value.startswith("$argon2id$"):
            raise PydanticCustomError(
                "password_hash", "needs the line that `batonpass user add NAME` prints, never a password"
            )
        return value


class PagesConfig(Value):
    link_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days for which the link in a ticket opens the handoff's page."""
    users: dict[UserName, UserConfig] = Field(default_factory=dict)
