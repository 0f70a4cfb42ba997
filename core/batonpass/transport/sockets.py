"""What is under the transport: aiohttp's sockets, TLS, and why there is no connection."""

from __future__ import annotations

import functools
import ssl

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport


def open_sockets(*, connections: int = 50) -> httpx.AsyncBaseTransport:
    """httpx's transport over aiohttp: httpx's own pool costs four times the CPU at 32 calls in flight.

    One per connection, at most 50 sockets each. It is called without an `httpx.AsyncClient` around it, which would
    keep cookies from one call to the next, follow redirects if told to, and cost a third more CPU.
    """
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30
    )
    return _SendsOnce(verify=_trusted_authorities(), limits=limits, trust_env=False)


@functools.cache
def _trusted_authorities() -> ssl.SSLContext:
    """One for all connections: reading the certificates takes 80 ms. There is no switch to trust less."""
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _SendsOnce(AiohttpTransport):
    """aiohttp 3 sends a PUT or DELETE again, unasked, where a kept-alive connection breaks before the answer: the
    note that it appends would stand there twice. It has no public switch for that."""

    def get_client(self) -> aiohttp.ClientSession:
        session = super().get_client()
        session._retry_connection = False  # noqa: SLF001 - as aiohttp's own test client does
        return session


def never_connected(error: httpx.HTTPError) -> str | None:
    """Why no byte of the request can have reached the vendor; None where some may have.

    httpx-aiohttp 0.2 names a connection that broke after the request was sent `ConnectTimeout` too, so the cause
    decides where there is one.
    """
    cause = error.__cause__
    if cause is None:
        return "could not connect" if isinstance(error, httpx.ConnectError) else None
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        return (
            f"the TLS certificate of {cause.host} was refused: {_certificate_fault(cause.certificate_error)}"
        )
    if isinstance(cause, aiohttp.ClientSSLError):
        return f"no TLS connection to {cause.host}: {_tls_fault(cause.os_error)}"
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return f"the name {cause.host} could not be resolved"
    if isinstance(cause, aiohttp.ClientConnectorError) and isinstance(cause.os_error, ConnectionResetError):
        return f"no TLS connection to {cause.host}: it hung up during the handshake"  # TCP's own is "refused"
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return "could not connect"
    return None


def _certificate_fault(error: BaseException) -> str:
    """OpenSSL's own sentence: "certificate has expired", "self-signed certificate", "Hostname mismatch, …"."""
    said = getattr(error, "verify_message", None)
    return str(said) if said else "it is not valid for this host"


def _tls_fault(error: OSError) -> str:
    """OpenSSL's own word: `TLSV1_ALERT_PROTOCOL_VERSION` where the other side has nothing newer than TLS 1.1."""
    return str(getattr(error, "reason", None) or "the handshake failed").replace("_", " ").lower()
