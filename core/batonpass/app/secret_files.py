"""Files of our own that hold one webhook secret each, `secrets/<connection>.webhook` beside `config.toml`."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from batonpass.domain.errors import ConfigurationError

_FOLDER = "secrets"
_SAFE_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a secret."""

    path: Path
    previous: Path | None
    """Where the different one that stood there has gone; None where there was none."""
    lines: tuple[str, ...]
    """For the connection's table in `config.toml`."""


class SecretFile:
    """Where the webhook secret of one connection is kept. Raises `ConfigurationError` where nothing can be."""

    def __init__(self, folder: Path, connection: str) -> None:
        if not _SAFE_NAME.fullmatch(connection):
            raise ConfigurationError(
                f"the connection's name {connection!r} can be no file's name: use letters, digits, - and _"
            )
        self.reference = f"file:{_FOLDER}/{connection}.webhook"
        self.path = folder / _FOLDER / f"{connection}.webhook"
        self.previous = folder / _FOLDER / f"{connection}.webhook.previous"

    def read(self) -> SecretStr | None:
        """The secret that stands there; None where there is none."""
        try:
            held = self.path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(self.path, error) from None
        return SecretStr(held) if held else None

    def prepare(self) -> None:
        """Make sure that a secret can be written before a vendor is asked for one that it tells only once."""
        try:
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            self._written("").unlink()
        except OSError as error:
            raise _unusable(self.path, error) from None

    def keep(self, secret: SecretStr) -> Kept:
        """Write it, for the owner's eyes only. A different one that stands there becomes the previous one."""
        held = self.read()
        moved = held is not None and held.get_secret_value() != secret.get_secret_value()
        try:
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            fresh = self._written(f"{secret.get_secret_value()}\n")
            if moved:
                self.path.replace(self.previous)
            fresh.replace(self.path)
        except OSError as error:
            raise _unusable(self.path, error) from None
        lines = [f'webhook_secret = "{self.reference}"']
        if moved:
            lines.append(f'webhook_secret_previous = "{self.reference}.previous"')
        return Kept(path=self.path, previous=self.previous if moved else None, lines=tuple(lines))

    def _written(self, text: str) -> Path:
        """A new file beside the real one, so that a power cut leaves one of them whole."""
        path = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return path


def _unusable(path: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(f"{path}: {getattr(error, 'strerror', None) or 'not text'}")
