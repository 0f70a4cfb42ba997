"""`batonpass webhooks register`, `list` and `check`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from batonpass.app.config import Config, Connection
from batonpass.app.logs import keep_quiet
from batonpass.app.registration import (
    Looked,
    Registration,
    by_api,
    door_of,
    looked_at,
    register,
    webhooks_of,
)
from batonpass.app.secret_files import SecretFile
from batonpass.app.webhook_address import webhook_url
from batonpass.cli.connecting import DryRun, Yes, agreed, connection_named, permissions_told, refusal
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, usable_config
from batonpass.cli.shown_webhooks import (
    arrived_json,
    registration_json,
    show_check,
    show_list,
    show_registration,
    tell_plans,
    webhooks_json,
)
from batonpass.cli.terminal import print_json, stderr
from batonpass.domain.clock import SystemClock
from batonpass.domain.errors import BatonpassError
from batonpass.ports import RegisteredWebhook

webhooks = typer.Typer(
    name="webhooks",
    help="Register, list and check our webhooks at the vendors.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[
    str | None,
    typer.Argument(
        help="The connection; all that receive webhooks unless given.",
        metavar="CONNECTION",
        show_default=False,
    ),
]


@webhooks.command("register")
def register_webhooks(
    name: Name = None,
    config: ConfigPath = DEFAULT_CONFIG,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Have vendors deliver here, or say what to enter there.

    The address is server.public_url with /webhooks/CONNECTION. A new secret goes into secrets/CONNECTION.webhook, and
    the lines for config.toml are printed. Doing it again brings the webhook up to date and switches it on again.
    Exit codes: 0 done, or said what to enter, 1 the vendor refuses or you said no, 2 wrong usage or configuration
    (server.public_url is missing), 4 credentials refused or a permission missing, 5 the vendor does not answer.
    """
    read, chosen = _chosen(config, name)
    if dry_run:
        planned = [_plan(read, each) for each in chosen]
        print_json("batonpass.webhooks.register/1", planned=planned) if as_json else tell_plans(planned)
        return
    asking = [_question(read, each) for each in chosen if by_api(each)]
    if asking:
        agreed("Go on?", asking, yes=yes, again="batonpass webhooks register")
    keep_quiet()
    done: list[tuple[Connection, Registration]] = []
    failure: BatonpassError | None = None
    for each in chosen:
        try:
            done.append((each, _registered(read, each)))
        except BatonpassError as error:  # what was done before is told all the same
            failure = error
            break
        if not as_json:
            show_registration(*done[-1])
    if as_json:
        print_json("batonpass.webhooks.register/1", registered=[registration_json(*each) for each in done])
    refused = [refusal(each, made.refused) for each, made in done if made.refused is not None]
    if failure is not None or refused:
        raise failure or refused[0]


@webhooks.command("list")
def list_webhooks(name: Name = None, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the accounts' webhooks, ours marked.

    Exit codes: 0 done, 1 the vendor refuses, 2 wrong usage or configuration, 4 credentials refused or a permission
    missing, 5 the vendor does not answer.
    """
    read, chosen = _chosen(config, name)
    keep_quiet()
    listed = [(each, webhook_url(read, each.name), _listed(each)) for each in chosen]
    if as_json:
        told = [
            {"connection": each.name, "told": found is not None, "webhooks": webhooks_json(found or (), url)}
            for each, url, found in listed
        ]
        print_json("batonpass.webhooks.list/1", connections=told)
        return
    for each, url, found in listed:
        show_list(each, url, found)


@webhooks.command("check")
def check_webhooks(name: Name = None, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Check that ours stand and deliver.

    A vendor may have paused ours after errors: that is told with what to do. Where the vendor tells nothing by its
    API, this prints what to look at by hand. Exit codes: 0 nothing wrong, 1 problems, 2 wrong usage or
    configuration, 4 credentials refused or a permission missing, 5 the vendor does not answer.
    """
    read, chosen = _chosen(config, name)
    keep_quiet()
    looked = [(each, _looked(read, each)) for each in chosen]
    wrong = any(found.problems for _, found in looked)
    if as_json:
        told = [
            {
                "connection": each.name,
                "url": found.url,
                "told": found.told,
                "problems": list(found.problems),
                "fix": found.fix if found.problems else None,
                "look_by_hand": list(found.by_hand),
                "arrived": arrived_json(found.arrived),
            }
            for each, found in looked
        ]
        print_json("batonpass.webhooks.check/1", ok=not wrong, connections=told)
    else:
        for each, found in looked:
            show_check(each, found)
        fix = next((found.fix for _, found in looked if found.problems), "batonpass serve")
        stderr().print(f"next: {fix}")
    raise typer.Exit(ExitCode.PROBLEMS if wrong else ExitCode.DONE)


def _chosen(path: Any, name: str | None) -> tuple[Config, list[Connection]]:
    """The configuration and the connections that are meant; each has a door and an address."""
    config = usable_config(path)
    if name is not None:
        chosen = [connection_named(config, name)]
    else:
        chosen = [each for each in config.connections if each.manifest.webhooks is not None]
    for each in chosen:
        door_of(each)
        webhook_url(config, each.name)
    return config, chosen


def _registered(config: Config, connection: Connection) -> Registration:
    return asyncio.run(register(config, connection, SystemClock()))


def _listed(connection: Connection) -> tuple[RegisteredWebhook, ...] | None:
    with permissions_told(connection):
        return asyncio.run(webhooks_of(connection, SystemClock()))


def _looked(config: Config, connection: Connection) -> Looked:
    with permissions_told(connection):
        return asyncio.run(looked_at(config, connection, SystemClock()))


def _question(config: Config, connection: Connection) -> str:
    return (
        f"{connection.manifest.title} ([connections.{connection.name}]) will be told to deliver to "
        f"{webhook_url(config, connection.name)}"
    )


def _plan(config: Config, connection: Connection) -> dict[str, Any]:
    door, url = door_of(connection), webhook_url(config, connection.name)
    return {
        "connection": connection.name,
        "url": url,
        "by_api": by_api(connection),
        "events": sorted(door.kinds),
        "secret_file": str(SecretFile(config.path.parent, connection.name).path),
        "by_hand": [] if by_api(connection) else list(door.by_hand(connection.settings, url)),
    }
