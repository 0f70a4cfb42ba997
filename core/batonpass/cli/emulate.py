"""`batonpass emulate`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated

import typer

from batonpass.app.registry import connectors
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.stopping import stopping
from batonpass.cli.terminal import json_line, stderr, stdout
from batonpass.ports import Capability, Manifest
from batonpass.testing.emulator import Emulator, Latency
from batonpass.testing.serving import served

Names = Annotated[
    list[str] | None,
    typer.Argument(
        help="Connectors, as `batonpass check` knows them; all where none is named.", metavar="NAME"
    ),
]
PortBase = Annotated[
    int, typer.Option(min=0, max=65_000, help="The first one's port, the others follow; 0 takes free ones.")
]
Seconds = Annotated[float, typer.Option(min=0, max=60, help="How long an answer takes, in seconds.")]
Spread = Annotated[float, typer.Option(min=0, max=1, help="By which share the latency varies, up and down.")]
Empty = Annotated[bool, typer.Option("--empty", help="Without the people, fields and groups of the demo.")]
AsLine = Annotated[bool, typer.Option("--json", help="Print one line of JSON once all of them answer.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    manifest: Manifest
    emulator: Emulator
    url: str


def emulate(  # noqa: PLR0917 - Typer reads the parameters by their names
    names: Names = None,
    port_base: PortBase = 9100,
    latency: Seconds = 0.08,
    spread: Spread = 0.3,
    empty: Empty = False,
    as_json: AsLine = False,
) -> None:
    """Serve emulators of the vendors here, until Ctrl-C.

    For trying batonpass out, and for tests. They keep their state in memory, check credentials, fields and limits as the vendors do, and know the people of
    the demo. `batonpass trigger` lets things happen there, `POST /_emulator/faults` plans a fault,
    `GET /_emulator/ledger` shows every effect. Exit codes: 0
    stopped, 2 no such connector or a port that is taken.
    """
    wanted = [_manifest(name) for name in dict.fromkeys(names or connectors())]
    asyncio.run(
        _emulate(wanted, port_base, Latency(seconds=latency, spread=spread), empty=empty, as_json=as_json)
    )


def _manifest(name: str) -> Manifest:
    known = connectors()
    if name not in known:
        raise typer.BadParameter(f"{name!r} is not installed; known: {', '.join(known)}", param_hint="NAME")
    return known[name]


async def _emulate(
    wanted: Sequence[Manifest], port_base: int, latency: Latency, *, empty: bool, as_json: bool
) -> None:
    with stopping() as told:
        async with AsyncExitStack() as stack:
            running: list[_Served] = []
            for number, manifest in enumerate(wanted):
                emulator = made(manifest, latency, empty=empty)
                url = await _address(stack, emulator, port_base + number if port_base else 0)
                running.append(_Served(manifest=manifest, emulator=emulator, url=url))
            _tell_as_json(running) if as_json else _tell(running)
            await told.wait()


def made(manifest: Manifest, latency: Latency, *, empty: bool) -> Emulator:
    emulator: Emulator = manifest.emulator(latency=latency)
    return emulator if empty else type(emulator).with_sample_account(latency=latency)


async def _address(stack: AsyncExitStack, emulator: Emulator, port: int) -> str:
    try:
        return await stack.enter_async_context(served(emulator, port=port))
    except OSError as error:
        raise CommandError(
            f"port {port}: {error.strerror}",
            then="batonpass emulate --port-base PORT",
            exit_code=ExitCode.UNUSABLE,
            code="address_taken",
        ) from None


def _tell_as_json(running: Sequence[_Served]) -> None:
    told = [
        {
            "name": each.manifest.name,
            "url": each.url,
            "settings": dict(each.emulator.login()),
            "plays": sorted(each.emulator.plays),
        }
        for each in running
    ]
    print(json_line("batonpass.emulate/1", emulators=told), flush=True)  # noqa: T201 - the data itself, unstyled


def _tell(running: Sequence[_Served]) -> None:
    data = stdout()
    blocks: list[str] = []
    exports: list[str] = []
    for each in running:
        data.print(f"# {each.manifest.title} is emulated at {each.url}", soft_wrap=True)
        lines = [f"[connections.{each.manifest.name}]", f'base_url = "{each.url}"']
        for key, value in each.emulator.login().items():
            variable = f"{each.manifest.name}_{key}".upper()
            secret = key in each.manifest.settings.secret_keys()
            lines.append(f'{key} = "env:{variable}"' if secret else f'{key} = "{value}"')
            exports += [f"export {variable}={value}"] if secret else []
        blocks.append("\n".join(lines))
    data.print(
        "\n# For config.toml: these lines into the tables that it has already; one helpdesk.\n"
        + "\n\n".join(blocks),
        soft_wrap=True,
    )
    data.print("\n# For the shell:\n" + "\n".join(exports), soft_wrap=True)
    hints = stderr()
    for each in running:
        if each.emulator.plays:
            hints.print(
                f"\n{each.manifest.title} plays: {', '.join(sorted(each.emulator.plays))}", soft_wrap=True
            )
            hints.print(f"  batonpass trigger KIND --emulator {each.url}", soft_wrap=True)
            hints.print(f"  its webhooks go to: {_pointing(each)}", soft_wrap=True)
    hints.print(
        "\nCtrl-C ends them and forgets what they hold. next: batonpass doctor, in a folder with these lines"
    )


def _pointing(each: _Served) -> str:
    """How its webhooks find a server: by the connection's own API, or as a person would enter it at the vendor."""
    name = each.manifest.name
    if Capability.REGISTER_WEBHOOKS in each.manifest.capabilities:
        return f"batonpass webhooks register {name} (public_url may be http://127.0.0.1:8080)"
    told = json.dumps({"url": f"http://127.0.0.1:8080/webhooks/{name}", "secret": "SECRET"})
    return f"curl -d '{told}' {each.url}/_emulator/webhooks"
