"""The mutated answers and deliveries at their full number: `python -m batonpass.testing.contract.mutations acme`.

CONNECTOR is the name of an installed connector, or `module:Class` of a suite that sets more than the manifest.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from batonpass.app.registry import connectors
from batonpass.testing.contract.servers import Servers
from batonpass.testing.contract.suite import ContractSuite


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 nothing was accepted and nothing broke, 1 something did, 2 no such connector."""
    parser = argparse.ArgumentParser(prog="python -m batonpass.testing.contract.mutations")
    parser.add_argument(
        "connector", metavar="CONNECTOR", help="its name, or module:Class of a contract suite"
    )
    parser.add_argument("--answers", type=int, default=10_000)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(arguments)
    suite = _suite(told.connector)
    if suite is None:
        print(f"{told.connector!r} is not installed; known: {', '.join(connectors())}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        answers, deliveries = asyncio.run(_mutated(suite, told.answers, told.deliveries, told.seed))
    except AssertionError as broken:
        print(f"broken: {broken}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"answers: {_told(answers)}\ndeliveries: {_told(deliveries)}")  # noqa: T201
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


def _suite(connector: str) -> ContractSuite | None:
    if ":" in connector:
        module, _, name = connector.partition(":")
        made: ContractSuite = getattr(importlib.import_module(module), name)()
        return made
    manifest = connectors().get(connector)
    if manifest is None:
        return None
    named: type[ContractSuite] = type("Suite", (ContractSuite,), {"manifest": manifest})
    return named()


def _told(outcomes: Counter[str]) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in outcomes.most_common()) or "none"


if __name__ == "__main__":
    sys.exit(main())
