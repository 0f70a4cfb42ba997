"""`batonpass trigger`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import httpx
import typer

from batonpass.app.config import load_config
from batonpass.app.webhook_address import is_loopback
from batonpass.cli.connecting import connection_named
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, no_config
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.domain.event import EventKind
from batonpass.testing.outbox import Order

Kind = Annotated[
    EventKind | None,
    typer.Argument(
        help="What happens; without, only --hold or --release.", metavar="KIND", show_default=False
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--emulator", help="The emulator; the connection's base_url unless given.", show_default=False
    ),
]
Name = Annotated[
    str | None,
    typer.Option("--connection", help="Whose emulator; the helpdesk's unless given.", show_default=False),
]
Ticket = Annotated[str | None, typer.Option(help="Its id; the newest unless given.", show_default=False)]
Agent = Annotated[
    str | None,
    typer.Option(help="The id of who does it, or gets it; the first unless given.", show_default=False),
]
Group = Annotated[str | None, typer.Option(help="Of an assignment: the group's name.", show_default=False)]
Email = Annotated[str | None, typer.Option(help="Of a new ticket: whose.", show_default=False)]
Text = Annotated[str | None, typer.Option(help="What is said in it.", show_default=False)]
Tag = Annotated[str | None, typer.Option(help="A tag that is added.", show_default=False)]
Field = Annotated[str | None, typer.Option(help="A field that is set to --value.", show_default=False)]
Value = Annotated[str | None, typer.Option(help="What --field is set to.", show_default=False)]
Object = Annotated[
    str | None,
    typer.Option(
        "--object",
        help="Where no ticket is meant: the object's id; the newest unless given.",
        show_default=False,
    ),
]
Score = Annotated[
    float | None, typer.Option(min=0, max=1, help="Of a rating: from 0 to 1.", show_default=False)
]
Twice = Annotated[bool, typer.Option("--twice", help="Deliver everything two times.")]
Hold = Annotated[bool, typer.Option("--hold", help="Keep the deliveries until --release.")]
Release = Annotated[
    Order | None, typer.Option("--release", help="Deliver what was kept, in this order.", show_default=False)
]
_ANSWERS_WITHIN = 60.0
"""Seconds: showing the outbox waits until every delivery is answered or given up."""


def trigger(  # noqa: PLR0917 - Typer reads the parameters by their names
    kind: Kind = None,
    emulator: Address = None,
    connection: Name = None,
    ticket: Ticket = None,
    agent: Agent = None,
    group: Group = None,
    email: Email = None,
    text: Text = None,
    score: Score = None,
    tag: Tag = None,
    field: Field = None,
    value: Value = None,
    object_: Object = None,
    twice: Twice = False,
    hold: Hold = False,
    release: Release = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Play an event at a running emulator.

    What people do at the vendor happens at the emulator, and what each webhook was answered is shown. Only ever calls
    an emulator on this machine (`batonpass emulate`). Exit codes: 0 it happened and every delivery was
    accepted, 1 a delivery was not, 2 wrong usage, or the emulator cannot play this, 5 the emulator does not answer.
    """
    if kind is None and not hold and release is None:
        raise typer.BadParameter("say what happens, or give --hold or --release", param_hint="KIND")
    if kind is EventKind.UNKNOWN:
        raise typer.BadParameter("this one does not happen", param_hint="KIND")
    if hold and release is not None:
        raise typer.BadParameter("hold back or release, not both", param_hint="--hold")
    told = {
        "ticket": ticket, "agent": agent, "group": group, "email": email, "text": text, "score": score, "tag": tag,
        "field": field, "value": value, "object": object_,
    }  # fmt: skip
    happening = {"kind": kind, **{key: each for key, each in told.items() if each is not None}}
    url = _address(emulator, connection, config)
    with _Emulator(url) as playing:
        before = len(playing.outbox())
        playing.set_outbox(twice=twice, **({"hold": True} if hold else {}))
        try:
            done = playing.happen(happening) if kind is not None else None
            moved = playing.set_outbox(release=release) if release is not None else 0
        finally:
            playing.set_outbox(twice=False)  # deliveries under way are two already
        sent = playing.outbox()[before:]
    if as_json:
        print_json(
            "batonpass.trigger/1",
            emulator=url,
            kind=kind,
            id=done,
            held=hold,
            released=moved,
            deliveries=sent,
        )
    else:
        _show(kind, done, sent, hold=hold, moved=moved)
    raise typer.Exit(ExitCode.PROBLEMS if _gave_up(sent) else ExitCode.DONE)


def _address(emulator: str | None, connection: str | None, config: Path) -> str:
    """The emulator's, on this machine: nothing here may ever reach a real account."""
    url = (emulator or _configured(connection, config)).rstrip("/")
    if url.startswith(("http://", "https://")) and is_loopback(url):
        return url
    raise CommandError(
        f"{url} is not on this machine; events are played at emulators only",
        then="batonpass emulate, then --emulator http://127.0.0.1:PORT",
        exit_code=ExitCode.UNUSABLE,
        code="not_loopback",
    )


def _configured(name: str | None, path: Path) -> str:
    if not path.exists():
        raise no_config(path)
    config = load_config(path)
    connection = config.helpdesk if name is None else connection_named(config, name)
    if connection.settings.base_url is not None:
        return connection.settings.base_url
    raise CommandError(
        f"[connections.{connection.name}] has no base_url: it is the real account, no emulator",
        then="batonpass emulate, then --emulator http://127.0.0.1:PORT",
        exit_code=ExitCode.UNUSABLE,
        code="no_emulator",
    )


class _Emulator:
    """A running emulator, driven from outside. Raises `CommandError`."""

    def __init__(self, url: str) -> None:
        self._url = url
        # No proxies and no redirects: both could lead away from this machine.
        self._http = httpx.Client(base_url=url, timeout=_ANSWERS_WITHIN, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def happen(self, happening: Mapping[str, Any]) -> str:
        """The id of the ticket or object to which it happened."""
        return str(self._told("POST", "/_emulator/happen", happening)["id"])

    def outbox(self) -> list[dict[str, Any]]:
        """Every delivery so far, once all are answered or given up."""
        sent: list[dict[str, Any]] = self._told("GET", "/_emulator/outbox")
        return sent

    def set_outbox(self, **told: Any) -> int:
        return int(self._told("POST", "/_emulator/outbox", told)["moved"])

    def _told(self, method: str, path: str, content: Any = None) -> Any:
        try:
            answer = self._http.request(method, path, json=content)
        except httpx.TransportError as error:
            raise CommandError(
                f"{self._url}: {type(error).__name__}: no answer", then="batonpass emulate",
                exit_code=ExitCode.UNREACHABLE, code="no_answer", retryable=True,
            ) from None  # fmt: skip
        try:
            told = answer.json()
        except ValueError:
            told = None
        if answer.is_success and isinstance(told, dict | list):
            return told
        why = told.get("error") if isinstance(told, dict) else None
        raise CommandError(
            f"{self._url}: {why}" if isinstance(why, str) else f"{self._url}: {answer.status_code}: no emulator of ours?",
            then="batonpass trigger --help",
            exit_code=ExitCode.UNUSABLE,
            code="cannot_play",
        )  # fmt: skip


def _gave_up(sent: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a delivery was never accepted: a try that failed and has no next one."""
    tries = Counter((each["what"], each["url"], each["attempt"]) for each in sent)
    failed = Counter((each["what"], each["url"], each["attempt"]) for each in sent if not _accepted(each))
    return any(number > tries[what, url, attempt + 1] for (what, url, attempt), number in failed.items())


def _accepted(delivery: Mapping[str, Any]) -> bool:
    status = delivery["status"]
    return status is not None and 200 <= status < 300


def _show(
    kind: EventKind | None, done: str | None, sent: Sequence[Mapping[str, Any]], *, hold: bool, moved: int
) -> None:
    data, hints = stdout(), stderr()
    if kind is not None:
        data.print(f"{kind}: {done}", soft_wrap=True)
    if moved:
        data.print(f"released {moved} deliveries")
    for each in sent:
        answer = "no answer" if each["status"] is None else each["status"]
        again = "" if each["attempt"] == 1 else f" (try {each['attempt']})"
        data.print(f"  {each['what']} -> {each['url']}: {answer}{again}", soft_wrap=True)
    if hold:
        hints.print("deliveries are kept; next: batonpass trigger --release as_it_was|reversed|shuffled")
    elif not sent and kind is None:
        hints.print("nothing was kept; next: batonpass trigger KIND --hold")
    elif not sent:
        hints.print("nothing was delivered: no webhook is registered at this emulator for it")
        hints.print("next: batonpass webhooks register, or POST /_emulator/webhooks at the emulator")
    else:
        hints.print("next: batonpass trace ID" if not _gave_up(sent) else "next: batonpass webhooks check")
