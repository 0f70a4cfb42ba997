"""How `batonpass queue` shows what it found and did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import Any

from rich.table import Table
from rich.text import Text

from batonpass.app.operator import Replayed
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.cli.times import said
from batonpass.domain.handoff import StepStatus
from batonpass.domain.text import reveal
from batonpass.store.deliveries import KeptDelivery
from batonpass.store.queue import Batch, Why
from batonpass.store.selection import Action, Queued, Waiting

_DONE: Mapping[Action, str] = MappingProxyType(
    {
        Action.RETRY: "begin anew",
        Action.CANCEL: "cancelled",
        Action.PARK: "parked",
    }
)
_WHY: Mapping[Why, str] = MappingProxyType(
    {
        Why.OVER: "over already: left as they are",
        Why.NOTHING_TO_DO: "with nothing to do: left as they are",
        Why.UNDER_WAY: "under way this moment, and left as they are: try again in a moment",
        Why.SUPERSEDED: "whose AI agent has meanwhile asked again for the same ticket: left as they are",
    }
)


def queue_table(found: Sequence[Queued], *, now: datetime) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in ("handoff", "state", "since", "from", "ticket"):
        table.add_column(name, no_wrap=True)
    table.add_column("why", overflow="fold")
    for each in found:
        why = Text(_why(each))
        since = said(now - each.created_at)
        table.add_row(each.id, each.state, since, reveal(each.ai_agent), reveal(each.ticket_id or "-"), why)
    return table


def _why(found: Queued) -> str:
    steps = "; ".join(_waits(step) for step in found.waiting)
    if found.because is not None and not any(step.because == found.because for step in found.waiting):
        return f"{reveal(found.because)}; {steps}" if steps else reveal(found.because)
    return steps or "waits for a person"


def _waits(step: Waiting) -> str:
    if step.status is StepStatus.PARKED:
        return f"{step.name} parked: {reveal(step.because or step.last or '')}"
    if step.status is StepStatus.RUNNING:
        return f"{step.name} under way"
    again = "" if step.last is None else f" after {step.last}"
    return f"{step.name} at {step.due_at:%Y-%m-%d %H:%M:%S} UTC{again}"


def queued_json(found: Queued) -> dict[str, Any]:
    return asdict(found)


def tell_done(action: Action, done: Batch, *, as_json: bool) -> None:
    if as_json:
        print_json(
            "batonpass.queue/1",
            action=action.value,
            changed=done.changed,
            left={why.value: n for why, n in done.left.items()},
            may_have_ticket=done.may_have_ticket,
        )
        return
    stdout().print(f"{done.changed} {_DONE[action]}")
    for why, n in done.left.items():
        stderr().print(f"{n} {_WHY[why]}")
    if done.may_have_ticket:
        stderr().print(
            f"{done.may_have_ticket} of them may have a ticket all the same: a call to open it had been made. "
            "Look for the handoff's id in the helpdesk"
        )
    stderr().print("next: batonpass queue list")


def tell_replayed(done: Replayed, *, as_json: bool) -> None:
    if as_json:
        print_json("batonpass.queue/1", action="replay", **asdict(done))
        return
    stdout().print(f"{done.read} read; {done.started} handoffs begun, {done.followed} tickets are read again")
    for code, n in done.unreadable.items():
        stderr().print(f"{n} not read: {code}")
    stderr().print("next: batonpass queue list")


def tell_deliveries(first: Sequence[KeptDelivery], most: int, *, as_json: bool) -> None:
    """What would be read: without what stands in it."""
    if as_json:
        told = [
            {"number": each.number, "connection": each.connection, "received_at": each.received_at}
            for each in first
        ]
        print_json("batonpass.queue/1", action="replay", dry_run=True, deliveries=most, first=told)
        return
    for each in first:
        stdout().print(f"{each.number}  {each.connection}  {each.received_at:%Y-%m-%d %H:%M:%S} UTC")
    stdout().print(f"replay: {most} deliveries")
