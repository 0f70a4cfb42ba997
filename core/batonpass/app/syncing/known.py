"""Which streams a connection has, without a call to anybody."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from batonpass.domain.clock import SystemClock
from batonpass.domain.errors import ConfigurationError
from batonpass.ports import Capability, Connecting, ConnectionSettings, Manifest, Stream, Streams
from batonpass.transport import Credentials, Explain, Explanation, Transport


def streams_of(name: str, manifest: Manifest, settings: ConnectionSettings) -> tuple[Stream, ...] | None:
    """Parents first; none where the connector cannot sync with these settings. None: that cannot be told, for it does not
    take them (connecting says why)."""
    if Capability.SYNC not in manifest.capabilities_of(settings):
        return ()
    try:
        port = manifest.connect(
            settings, Connecting(name=name, clock=SystemClock(), open_transport=_to_nowhere)
        )
    except ConfigurationError:
        return None
    return port.streams() if isinstance(port, Streams) else ()


class _Nowhere(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody is to be called here", request=request)


def _to_nowhere(
    *,
    base_url: str,
    hosts: tuple[str, ...],
    credentials: Credentials,
    explain: Explain = lambda _: Explanation(),
    headers: Mapping[str, str] | None = None,
) -> Transport:
    return Transport(
        connection="nowhere",
        base_url=base_url,
        hosts=hosts,
        http=_Nowhere(),
        credentials=credentials,
        clock=SystemClock(),
        explain=explain,
        headers=headers,
        deadline=1.0,
    )
