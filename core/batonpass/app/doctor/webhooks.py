"""What comes in: is there a secret to check it with, is our webhook registered, and does the vendor deliver."""

from __future__ import annotations

from collections.abc import AsyncIterator

from batonpass.app.config import Config, Connection
from batonpass.app.doctor.verdicts import Cause, Examined, failed, ok, warning
from batonpass.app.registration import problems_of, register_command
from batonpass.app.webhook_address import webhook_url
from batonpass.diagnostics import FileProblemsError
from batonpass.domain.errors import BatonpassError
from batonpass.ports import Capability, HelpdeskSettings, RegistersWebhooks

TOPIC = "webhooks"


async def webhooks_examined(
    config: Config, connection: Connection, opened: object
) -> AsyncIterator[Examined]:
    """Never raises for what the vendor does; nothing for a vendor that delivers nothing."""
    if connection.manifest.webhooks is None:
        return
    name, register = connection.name, register_command(connection.name)
    if connection.settings.webhook_secret is None:
        yield _without_secret(connection, register)
        return
    try:
        url = webhook_url(config, name)
    except FileProblemsError as error:
        finding = error.findings[0]
        yield warning(TOPIC, f"{name}: {finding.message}", finding.hint)
        return
    if Capability.REGISTER_WEBHOOKS not in connection.capabilities or not isinstance(
        opened, RegistersWebhooks
    ):
        told = (
            f"{name}: its secret is set; {connection.manifest.title} does not tell by API whether it delivers"
        )
        yield ok(TOPIC, f"{told} (batonpass webhooks check {name} says where to look)")
        return
    try:
        webhooks = await opened.registered_webhooks()
    except BatonpassError as error:
        fix = f"give the key that permission, or look by hand: batonpass webhooks check {name}"
        yield warning(TOPIC, f"{name}: cannot see whether it delivers: {error}", fix)
        return
    problems = problems_of(webhooks, url)
    for problem in problems:
        yield failed(TOPIC, f"{name}: {problem}", register, Cause.OTHER)
    if not problems:
        yield ok(TOPIC, f"{name}: registered, and delivers to {url}")


def _without_secret(connection: Connection, register: str) -> Examined:
    settings = connection.settings
    if Capability.OPEN_TICKET not in connection.capabilities:
        return ok(TOPIC, f"{connection.name}: takes none (no webhook_secret); {register} asks for them")
    told = f"{connection.name}: no webhook_secret: what happens to a ticket is not heard of"
    if not isinstance(settings, HelpdeskSettings) or settings.start is None:
        return warning(TOPIC, told, register)
    return failed(TOPIC, f"{told}, and the start rule never starts anything", register)
