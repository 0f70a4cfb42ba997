"""The mutated answers and deliveries at their full number: `python -m batonpass.testing.contract.mutations acme`.

CONNECTOR is the name of an installed connector, or `module:Class` of a suite that sets more than the manifest.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from batonpass.app.registry import connectors
from batonpass.domain.errors import ConfigurationError
from batonpass.testing.contract.servers import Servers
from batonpass.testing.contract.suite import ContractSuite


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 nothing was accepted and nothing broke, 1 something did, 2 no such connector, or a setting is
    wrong."""
    parser = argparse.ArgumentParser(prog="python -m batonpass.testing.contract.mutations")
    parser.add_argument(
        "connector", metavar="CONNECTOR", help="its name, or module:Class of a contract suite"
    )
    parser.add_argument("--answers", type=int, default=10_000)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the connection (TOML)"
    )
    told = parser.parse_args(arguments)
    try:
        settings = tomllib.loads("\n".join(told.set))
    except tomllib.TOMLDecodeError as error:
        parser.error(f"--set takes KEY=VALUE as TOML has it: {error}")
    suite = _suite(told.connector, settings)
    if suite is None:
        print(f"{told.connector!r} is not installed; known: {', '.join(connectors())}", file=sys.stderr)  # noqa: T201
        return 2
    began = time.monotonic()
    try:
        answers, deliveries = asyncio.run(_mutated(suite, told.answers, told.deliveries, told.seed))
    except AssertionError as broken:
        print(f"broken: {broken}{_where(broken.__cause__)}", file=sys.stderr)  # noqa: T201
        return 1
    except ConfigurationError as wrong:
        print(f"{wrong} (--set KEY=VALUE sets it)", file=sys.stderr)  # noqa: T201
        return 2
    seconds = time.monotonic() - began
    print(f"answers: {_told(answers)}\ndeliveries: {_told(deliveries)}\nseconds: {seconds:.0f}")  # noqa: T201
    return 1 if deliveries["accepted"] else 0


async def _mutated(
    suite: ContractSuite, answers: int, deliveries: int, seed: int
) -> tuple[Counter[str], Counter[str]]:
    type(suite).servers = Servers()
    try:
        of_answers = await suite.mutate_answers(answers, seed=seed)
        try:
            return of_answers, await suite.mutate_deliveries(deliveries, seed=seed)
        except pytest.skip.Exception:  # nothing is delivered by this vendor
            return of_answers, Counter()
    finally:
        await suite.servers.aclose()


def _suite(connector: str, settings: Mapping[str, Any]) -> ContractSuite | None:
    if ":" in connector:
        module, _, name = connector.partition(":")
        suite: type[ContractSuite] = getattr(importlib.import_module(module), name)
        kept: type[ContractSuite] = type("Suite", (suite,), {"settings": {**suite.settings, **settings}})
        return kept()
    manifest = connectors().get(connector)
    if manifest is None:
        return None
    named: type[ContractSuite] = type("Suite", (ContractSuite,), {"manifest": manifest, "settings": settings})
    return named()


def _where(cause: BaseException | None) -> str:
    """The lines of the connector, and below, that an error came through."""
    frames = () if cause is None else traceback.extract_tb(cause.__traceback__)[-4:]
    return "".join(f"\n  {frame.filename}:{frame.lineno} {frame.line}" for frame in frames)


def _told(outcomes: Counter[str]) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in outcomes.most_common()) or "none"


if __name__ == "__main__":
    sys.exit(main())
