"""A webhook delivery as it came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a signature is checked on: nothing here has been parsed or written anew."""

    method: str
    """In capitals."""
    url: str
    """The public address that the vendor called: `server.public_url` from the configuration, with the path and the
    query as they came. What a proxy's headers say of it can be forged and has no part in it."""
    headers: Sequence[tuple[str, str]] = field(repr=False)
    """In the order in which they came, names in lower case; a header that came twice stands here twice."""
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """The value of a header; the values of one that came several times joined by commas (RFC 9110 §5.2)."""
        found = list(self._values(name))
        return ", ".join(found) if found else None

    def _values(self, name: str) -> Iterator[str]:
        wanted = name.lower()
        return (value for known, value in self.headers if known == wanted)
