"""Where calls may go at all."""

from __future__ import annotations

from urllib.parse import urlsplit

from batonpass.domain.errors import ConfigurationError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def checked_base(base_url: str, hosts: tuple[str, ...], connection: str) -> str:
    """The base URL if it names an allowed host by https (loopback: http too), without a trailing slash."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    if host in _LOOPBACK and parts.scheme in {"http", "https"}:
        return base_url.rstrip("/")
    allowed = any(
        host.endswith(rule) and len(host) > len(rule) if rule.startswith(".") else host == rule
        for rule in hosts
    )
    if parts.scheme != "https" or not allowed or parts.username or parts.password:
        raise ConfigurationError(
            f"connection {connection!r}: {host or 'the address'} is not one of its vendor's hosts "
            f"({', '.join(hosts)}) by https; correct base_url or leave it out",
            code="host_not_allowed",
        )
    return base_url.rstrip("/")
