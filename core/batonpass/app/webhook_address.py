"""Where vendors deliver to: the public address of each connection's door."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from batonpass.app.config import Config
from batonpass.diagnostics import FileProblemsError, TomlFile

NO_ADDRESS = "BC009"
ADDRESS_LINE = 'public_url = "https://handoff.example.com"'


def webhook_url(config: Config, connection: str) -> str:
    """The address to register for a connection. Raises `FileProblemsError` where `server.public_url` is missing, or
    would carry deliveries in clear text over a network."""
    public = config.server.public_url
    if public is None:
        raise _problem(config, ("server",), "vendors deliver webhooks to server.public_url, which is not set")
    if not public.startswith("https://") and not is_loopback(public):
        raise _problem(
            config, ("server", "public_url"), "vendors deliver webhooks to https:// addresses only"
        )
    return f"{public}/webhooks/{quote(connection, safe='')}"


def is_loopback(url: str) -> bool:
    """Whether the address surely stays on this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _problem(config: Config, at: tuple[str, ...], message: str) -> FileProblemsError:
    file = TomlFile.read(config.path)
    hint = f"under [server]: {ADDRESS_LINE}, the address by which this server is reached from outside"
    return FileProblemsError([file.finding(at, message, code=NO_ADDRESS, hint=hint)])
