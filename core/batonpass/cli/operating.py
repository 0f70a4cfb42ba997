"""The operator's hands as commands use them: in the server that has the store open, or in this process."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import typer

from batonpass.app.config import load_config
from batonpass.app.control import listens, remote_operator
from batonpass.app.logs import keep_quiet
from batonpass.app.operator import Deliveries, Hands, Replayed, own_operator
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import store_of
from batonpass.cli.terminal import stderr
from batonpass.store import StoreAddress, StoreError
from batonpass.store.queue import BATCH, Batch, Why
from batonpass.store.selection import Action, Selection

PAUSE = 0.05
"""Seconds between two batches, in which others may write."""
TOLD_EVERY = 10.0


@asynccontextmanager
async def operating(config: Path) -> AsyncIterator[Hands]:
    """Raises `StoreError`, and `CommandError` where a server has the store but does not answer."""
    keep_quiet()
    store = store_of(config)
    try:
        if store.path is not None and listens(store.path):
            async with remote_operator(store.path) as remote:
                yield remote
            return
        async with own_operator(load_config(config)) as own:
            yield own
    except StoreError as error:
        raise _as_command(store, error) from None


def _as_command(store: StoreAddress, error: StoreError) -> StoreError | CommandError:
    if error.code == "store_locked":
        return CommandError(
            str(error), then="batonpass serve, then the same command again", exit_code=ExitCode.UNUSABLE, code=error.code
        )  # fmt: skip
    if error.code in {"server_silent", "store_unavailable", "store_unreachable"}:
        return CommandError(
            str(error), then=f"batonpass doctor (is {store.name} well?), then the same command again",
            exit_code=ExitCode.UNREACHABLE, code=error.code, retryable=True,
        )  # fmt: skip
    return error


async def acted(hands: Hands, action: Action, chosen: Selection, most: int) -> Batch:
    """All batches, until `most` handoffs have been looked at. Says now and then how far it is."""
    changed, doubtful, left = 0, 0, Counter[Why]()
    after, seen, progress = "", 0, _Progress(action.value, most)
    while seen < most:
        done = await hands.act(action, chosen, after=after, most=min(BATCH, most - seen))
        changed += done.changed
        doubtful += done.may_have_ticket
        left.update(done.left)
        seen = changed + sum(left.values())
        if done.next is None:
            break
        after = done.next
        progress.tell(seen)
        await asyncio.sleep(PAUSE)
    return Batch(changed=changed, left=dict(left), may_have_ticket=doubtful)


async def replayed(hands: Hands, chosen: Deliveries, most: int) -> Replayed:
    counts, unreadable = Counter[str](), Counter[str]()
    after, seen, progress = 0, 0, _Progress("replay", most)
    while seen < most:
        done = await hands.replay(chosen, after=after, most=most - seen)
        counts.update(read=done.read, started=done.started, followed=done.followed)
        unreadable.update(done.unreadable)
        seen = counts["read"] + sum(unreadable.values())
        if done.next is None:
            break
        after = done.next
        progress.tell(seen)
        await asyncio.sleep(PAUSE)
    return Replayed(
        read=counts["read"],
        started=counts["started"],
        followed=counts["followed"],
        unreadable=dict(unreadable),
    )


class _Progress:
    """A line now and then, for what takes long."""

    def __init__(self, what: str, most: int) -> None:
        self._what = what
        self._most = most
        self._told = asyncio.get_running_loop().time()

    def tell(self, seen: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told >= TOLD_EVERY:
            self._told = now
            stderr().print(f"{self._what}: {seen} of {self._most} (Ctrl-C pauses; the same command goes on)")


def agreed(question: str, *, yes: bool, again: str) -> None:
    """Ends the command with 1 where the person says no, with 2 where nobody is there to be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(
            f"{question} Nobody is here to be asked", then=f"{again} … --yes (or --dry-run)",
            exit_code=ExitCode.UNUSABLE, code="not_agreed",
        )  # fmt: skip
    typer.confirm(question, default=False, abort=True, err=True)
