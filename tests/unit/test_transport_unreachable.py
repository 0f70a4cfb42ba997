"""No connection at all: what is told of it, and that nothing can have happened."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
import warnings
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from batonpass.domain.clock import SystemClock
from batonpass.domain.errors import RetryLaterError
from batonpass.transport import Call, FixedCredentials, Transport, open_sockets, sockets

CREATE = Call(operation="things.create", method="POST", path="/things", json={}, effect=True)


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """One that we trust, beside none of the world's."""
    made = trustme.CA()
    trusting = ssl.create_default_context()
    trusting.minimum_version = sockets._trusted_authorities().minimum_version
    made.configure_trust(trusting)
    monkeypatch.setattr(sockets, "_trusted_authorities", lambda: trusting)
    return made


def reaching(base_url: str, http: object, *, deadline: float = 5.0) -> Transport:
    return Transport(
        connection="toy", base_url=base_url, hosts=("toy.invalid",), http=http, clock=SystemClock(),
        credentials=FixedCredentials({}), deadline=deadline,
    )  # fmt: skip


@asynccontextmanager
async def vendor_with(context: ssl.SSLContext) -> AsyncIterator[str]:
    """A vendor that has a thing to answer, behind this TLS."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"id": 1}'
        head = (
            f"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the handshakes that fail on purpose
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def valid(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert("localhost"))


def expired(authority: trustme.CA) -> ssl.SSLContext:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return context_of(authority.issue_cert("localhost", not_after=yesterday))


def of_another_host(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert("elsewhere.example"))


def of_an_unknown_authority(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(trustme.CA().issue_cert("localhost"))


def self_signed(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    alone = trustme.CA()
    with alone.cert_pem.tempfile() as certificate, alone.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)
    return context


def old(authority: trustme.CA) -> ssl.SSLContext:
    context = valid(authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is what we want
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


@pytest.mark.parametrize(
    ("made", "said"),
    [
        pytest.param(
            expired, "the TLS certificate of localhost was refused: certificate has expired", id="expired"
        ),
        pytest.param(
            of_another_host,
            "the TLS certificate of localhost was refused: Hostname mismatch",
            id="other host",
        ),
        pytest.param(
            of_an_unknown_authority,
            "the TLS certificate of localhost was refused: unable to get local issuer",
            id="unknown authority",
        ),
        pytest.param(
            self_signed, "the TLS certificate of localhost was refused: self-signed", id="self-signed"
        ),
        pytest.param(old, "no TLS connection to localhost: it hung up during the handshake", id="tls 1.0"),
    ],
)
async def test_v16_a_tls_fault_is_named_with_its_host_and_nothing_is_sent(
    authority: trustme.CA, made: Callable[[trustme.CA], ssl.SSLContext], said: str
) -> None:
    async with vendor_with(made(authority)) as url, open_sockets() as http:
        with pytest.raises(RetryLaterError, match=said) as caught:
            await reaching(url, http).call(CREATE)

    assert caught.value.code == "unreachable"


async def test_v16_what_the_other_side_says_of_tls_is_passed_on(authority: trustme.CA) -> None:
    """asyncio's own server hangs up without a word; others send an alert first."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as thread:
        refused = thread.submit(shake_hands, old(authority), listening)
        async with open_sockets() as http:
            with pytest.raises(RetryLaterError, match="to localhost: tlsv1 alert protocol version"):
                await reaching(f"https://localhost:{listening.getsockname()[1]}", http).call(CREATE)

    assert isinstance(refused.exception(), ssl.SSLError)


def shake_hands(context: ssl.SSLContext, listening: socket.socket) -> None:
    accepted, _ = listening.accept()
    with accepted:
        context.wrap_socket(accepted, server_side=True)


async def test_v16_a_certificate_that_is_in_order_is_accepted(authority: trustme.CA) -> None:
    async with vendor_with(valid(authority)) as url, open_sockets() as http:
        answer = await reaching(url, http).call(CREATE)

    assert answer.data == {"id": 1}


def test_v16_nothing_older_than_tls_1_2_is_spoken() -> None:
    context = sockets._trusted_authorities()

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


async def test_v12_a_refused_connection_means_that_nothing_happened() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    async with open_sockets() as http:
        with pytest.raises(RetryLaterError, match="could not connect") as caught:
            await reaching(f"http://127.0.0.1:{port}", http).call(CREATE)

    assert caught.value.code == "unreachable"


class Resolver(AbstractResolver):
    """Knows no name, after a while."""

    seconds = 0.0

    def __init__(self, **options: object) -> None:
        super().__init__()

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        await asyncio.sleep(self.seconds)
        raise OSError(-2, "Name or service not known")

    async def close(self) -> None:
        pass


async def test_v12_a_name_that_cannot_be_resolved_is_said_and_nothing_happened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aiohttp.connector, "DefaultResolver", Resolver)

    async with open_sockets() as http:
        with pytest.raises(RetryLaterError, match=r"the name toy\.invalid could not be resolved") as caught:
            await reaching("https://toy.invalid", http).call(CREATE)

    assert caught.value.code == "unreachable"


async def test_v12_a_resolver_that_takes_half_a_minute_is_cut_and_nothing_happened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aiohttp.connector, "DefaultResolver", Resolver)
    monkeypatch.setattr(Resolver, "seconds", 30.0)
    began = time.monotonic()

    async with open_sockets() as http:
        with pytest.raises(RetryLaterError) as caught:
            await reaching("https://toy.invalid", http, deadline=0.5).call(CREATE)

    assert caught.value.code == "unreachable"
    assert time.monotonic() - began < 0.7


async def test_v12_a_full_queue_of_connections_starves_no_other_connection() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    silent = await asyncio.start_server(never, "127.0.0.1", 0)
    quick = await asyncio.start_server(at_once, "127.0.0.1", 0)
    async with silent, quick, open_sockets(connections=2) as one, open_sockets(connections=2) as other:
        starved = reaching(f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}", one, deadline=0.5)
        served = reaching(f"http://127.0.0.1:{quick.sockets[0].getsockname()[1]}", other, deadline=0.5)
        crowd = [asyncio.create_task(starved.call(CREATE)) for _ in range(4)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        answer = await served.call(CREATE)
        took = time.monotonic() - began
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)

    assert (answer.status, took < 0.2) == (200, True)
    assert sorted(getattr(each, "code", "") for each in outcomes) == ["timeout"] * 2 + ["unreachable"] * 2
