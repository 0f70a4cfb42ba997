"""Where secrets come from: the environment or a file of their own, never `config.toml` itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic_core import PydanticCustomError


class SecretSource:
    """Resolves `"env:NAME"` and `"file:PATH"`; relative paths count from the configuration's folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._folder = folder
        self._environment = environment

    def __call__(self, reference: object) -> str:
        """The secret. Raises `PydanticCustomError` with what to do, never with what stands in the file."""
        if not isinstance(reference, str) or ":" not in reference:
            raise _problem('a secret does not belong here: write "env:NAME" or "file:PATH"')
        kind, _, where = reference.partition(":")
        if kind == "env":
            return self._from_environment(where)
        if kind == "file":
            return self._from_file(where)
        raise _problem('a secret does not belong here: write "env:NAME" or "file:PATH"')

    def _from_environment(self, name: str) -> str:
        value = self._environment.get(name, "").strip()
        if not value:
            raise _problem(f'the environment variable {name} is not set; export it or use "file:PATH"')
        return value

    def _from_file(self, where: str) -> str:
        path = self._folder / where
        try:
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _problem(f"cannot read {path}: {getattr(error, 'strerror', None) or 'not text'}") from None
        if not value:
            raise _problem(f"{path} is empty")
        return value


def _problem(message: str) -> PydanticCustomError:
    return PydanticCustomError("secret", "{message}", {"message": message})
