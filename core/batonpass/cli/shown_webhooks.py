"""What `batonpass webhooks` prints: never a secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batonpass.app.config import Connection
from batonpass.app.registration import Looked, Registration
from batonpass.cli.terminal import stderr, stdout
from batonpass.ports import RegisteredWebhook
from batonpass.store.reading import Arrived


def tell_plans(planned: Sequence[dict[str, Any]]) -> None:
    data = stdout()
    for each in planned:
        if each["by_api"]:
            data.print(
                f"{each['connection']}: would register {each['url']} by the vendor's API", soft_wrap=True
            )
            data.print(f"  for: {', '.join(each['events'])}", soft_wrap=True)
            data.print(f"  and keep a new secret in {each['secret_file']}", soft_wrap=True)
        else:
            data.print(f"{each['connection']}: would print what to enter by hand:", soft_wrap=True)
            _numbered(each["by_hand"])


def _numbered(lines: Sequence[str]) -> None:
    """Numbers the steps; an indented line belongs to the step above it."""
    data, number = stdout(), 0
    for line in lines:
        number += not line.startswith(" ")
        data.print(f"     {line}" if line.startswith(" ") else f"  {number}. {line}", soft_wrap=True)


def registration_json(connection: Connection, made: Registration) -> dict[str, Any]:
    """Without the secret: it stands in its file."""
    return {
        "connection": connection.name,
        "url": made.url,
        "webhook": None if made.webhook is None else _one_json(made.webhook, made.url),
        "refused": None if made.refused is None else str(made.refused),
        "by_hand": list(made.by_hand),
        "secret_file": None if made.kept is None else str(made.kept.path),
        "previous_secret_file": None
        if made.kept is None or made.kept.previous is None
        else str(made.kept.previous),
        "config_lines": list(made.lines),
        "secret_missing": made.secret_missing,
    }


def webhooks_json(found: Sequence[RegisteredWebhook], url: str) -> list[dict[str, Any]]:
    return [_one_json(each, url) for each in found]


def _one_json(webhook: RegisteredWebhook, url: str) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "ours": webhook.url == url,
        "delivers": webhook.delivers,
        "events": list(webhook.events),
        "problem": webhook.problem,
    }


def show_registration(connection: Connection, made: Registration) -> None:
    data, hints = stdout(), stderr()
    if made.webhook is not None:
        data.print(f"{connection.name}: webhook {made.webhook.id} delivers to {made.url}", soft_wrap=True)
        if made.webhook.problem is not None:
            hints.print(f"warning: {made.webhook.problem}", soft_wrap=True)
    else:
        data.print(f"{connection.name}: enter this by hand at {connection.manifest.title}:", soft_wrap=True)
        _numbered(made.by_hand)
    if made.kept is not None:
        hints.print(f"its secret stands in {made.kept.path} (yours alone to read)", soft_wrap=True)
        if made.kept.previous is not None:
            hints.print(f"the one before it has gone to {made.kept.previous}", soft_wrap=True)
    if made.lines:
        hints.print("add to config.toml:")
        data.print(f"[connections.{connection.name}]")
        for line in made.lines:
            data.print(line, soft_wrap=True)
    if made.secret_missing:
        file = f"secrets/{connection.name}.webhook"
        hints.print(
            f"put the secret that {connection.manifest.title} shows into {file}, then add to config.toml:"
        )
        data.print(f'[connections.{connection.name}]\nwebhook_secret = "file:{file}"', soft_wrap=True)
    if made.refused is None:
        hints.print(f"next: batonpass webhooks check {connection.name}")


def show_list(connection: Connection, url: str, found: Sequence[RegisteredWebhook] | None) -> None:
    data = stdout()
    if found is None:
        why = "its webhooks cannot be listed by its API"
        data.print(f"{connection.name}: {why}; batonpass webhooks check {connection.name} says where to look")
        return
    data.print(f"{connection.name}: {len(found)} webhooks")
    for each in found:
        state = "delivers" if each.delivers else "does not deliver"
        ours = "ours  " if each.url == url else "      "
        data.print(
            f"  {ours}{each.id}  {state}  {each.url}  {len(each.events)} kinds of events", soft_wrap=True
        )
        if each.problem is not None:
            data.print(f"          {each.problem}", soft_wrap=True)


def show_check(connection: Connection, looked: Looked) -> None:
    data = stdout()
    if looked.problems:
        for problem in looked.problems:
            data.print(f"{connection.name}: problem: {problem}", soft_wrap=True)
    else:
        told = "registered, and delivers" if looked.told else "its secret is configured"
        data.print(f"{connection.name}: {told}: {looked.url}", soft_wrap=True)
    if looked.arrived is not None:
        data.print(f"{connection.name}: {_arrived(looked.arrived)}", soft_wrap=True)
    if looked.by_hand:
        title = connection.manifest.title
        data.print(
            f"{connection.name}: {title} tells nothing of its webhooks by API; look there:", soft_wrap=True
        )
        _numbered(looked.by_hand)


def _arrived(told: Arrived) -> str:
    unknown = ", ".join(f"{word} ({number})" for word, number in sorted(told.unknown.items()))
    newest = "none ever came" if told.last is None else f"the newest at {told.last:%Y-%m-%d %H:%M:%S} UTC"
    more = f"; of types that batonpass does not know: {unknown}" if unknown else ""
    return f"{told.events} events arrived in the last 24 hours, {newest}{more}"


def arrived_json(told: Arrived | None) -> dict[str, Any] | None:
    if told is None:
        return None
    last = None if told.last is None else told.last.isoformat()
    return {"events_in_24_hours": told.events, "last_at": last, "unknown": told.unknown}
