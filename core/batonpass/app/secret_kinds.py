"""Secrets in the wrong place: each is held against the kinds that all installed connectors know.

What is told names the kinds and the setting, never a character of the secret itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pydantic import SecretStr

from batonpass.diagnostics import Finding, TomlFile
from batonpass.ports import ConnectionSettings, Manifest, SecretKind

WRONG_KIND = "BC008"
_ANYBODYS = (
    "123e4567-e89b-42d3-a456-426614174000",
    "0123456789abcdef" * 2,
    "0123456789abcdef0123456789abcdef01234567",
    "0123456789abcdef" * 4,
    "aB3dE5gH7jK9mN1pQ3sT",
    "aB3dE5gH7jK9mN1pQ3sT_vW-yZ2bC4dE6fG8hJ0kL1mN3pQ",
    "YUIzZEU1Z0g3aks5bU4xcFEzc1Q5d1l6MmI0YzZkOGU=",
)
"""Shapes that secrets of many vendors have, and those that people make themselves: UUIDs, hexadecimal, base64."""
_SAME_KIND = {"webhook_secret_previous": "webhook_secret"}
"""Settings that take what another one takes."""


def wrong_kinds(
    file: TomlFile, at: Sequence[str], *, manifest: Manifest, settings: ConnectionSettings,
    installed: Iterable[Manifest],
) -> Iterator[Finding]:  # fmt: skip
    """One finding for each secret of this connection that is surely of another kind than its setting takes.

    Surely: it matches the pattern of another kind in full and not its own. A secret without a known shape is left
    alone. `at` is the connection's table in `file`.
    """
    known = [*_kinds_of(manifest), *(kind for each in installed for kind in _kinds_of(each))]
    for key in settings.secret_keys():
        secret = getattr(settings, key)
        if isinstance(secret, SecretStr):
            wanted = manifest.secrets.get(key) or manifest.secrets.get(_SAME_KIND.get(key, key))
            mistaken = mistaken_for(secret, wanted, known)
            if mistaken is not None:
                yield _finding(file, (*at, key), mistaken, wanted)


def mistaken_for(
    secret: SecretStr, wanted: SecretKind | None, known: Iterable[SecretKind]
) -> SecretKind | None:
    """The kind that the secret really is; None where it may be what is wanted, or has no known shape.

    A kind whose shape others share (a UUID, say) is believed only where what is wanted has a shape of its own, which
    the secret then lacks.
    """
    text = secret.get_secret_value()
    if wanted is not None and _matches(wanted, text):
        return None
    shaped = wanted is not None and wanted.pattern is not None
    found = (kind for kind in known if kind != wanted and _matches(kind, text))
    return next((kind for kind in found if shaped or not _shared_shape(kind)), None)


def _kinds_of(manifest: Manifest) -> Iterator[SecretKind]:
    """The closer ones first: those that people mix up."""
    yield from manifest.other_secrets
    yield from manifest.secrets.values()


def _matches(kind: SecretKind, text: str) -> bool:
    return kind.pattern is not None and re.fullmatch(kind.pattern, text) is not None


def _shared_shape(kind: SecretKind) -> bool:
    return any(_matches(kind, text) for text in _ANYBODYS)


def _finding(file: TomlFile, at: tuple[str, ...], mistaken: SecretKind, wanted: SecretKind | None) -> Finding:
    key = at[-1]
    needs = wanted.what if wanted is not None else "another secret"
    place = _place(file, at)
    return file.finding(
        at,
        f"{place} holds {mistaken.what}; {key} of [{'.'.join(at[:-1])}] needs {needs}",
        code=WRONG_KIND,
        hint=f"put {needs} into {place}" if wanted is not None else None,
        secret=True,
    )


def _place(file: TomlFile, at: Sequence[str]) -> str:
    """Where the secret stands, as people would look for it."""
    written: object = file.data
    for step in at:
        written = written.get(step) if isinstance(written, dict) else None
    kind, _, where = written.partition(":") if isinstance(written, str) else ("", "", "")
    return {"env": f"the environment variable {where}", "file": f"the file {where}"}.get(kind, "this setting")
