"""`batonpass queue`: who waits, since when and why; again, no more, not now."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any

import typer

from batonpass.app.operator import Deliveries
from batonpass.app.status import status_of
from batonpass.cli.connecting import DryRun, Yes
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.operating import acted, agreed, operating, replayed
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, store_of
from batonpass.cli.queue_options import (
    Agent,
    Everything,
    Ids,
    Limit,
    OfConnection,
    OlderThan,
    Reason,
    Since,
    State,
    Step,
    selected,
)
from batonpass.cli.shown_queue import queue_table, queued_json, tell_deliveries, tell_done, tell_replayed
from batonpass.cli.steps import life_line, steps_table
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.cli.times import moment
from batonpass.domain.clock import SystemClock
from batonpass.domain.handoff import HandoffState
from batonpass.domain.ids import HandoffId
from batonpass.store import StoreAddress, deliveries, selection
from batonpass.store.deliveries import KeptDelivery
from batonpass.store.instants import to_ms
from batonpass.store.queue import Why
from batonpass.store.reading import look, read_handoff
from batonpass.store.selection import Action, Selection
from batonpass.store.transaction import Transaction

queue = typer.Typer(
    name="queue",
    help="Look at what waits; try again, cancel, park, replay.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

LISTED = 50


@queue.command("list")
def list_queue(  # noqa: PLR0917 - Typer reads the parameters by their names
    state: State = None,
    step: Step = None,
    connection: OfConnection = None,
    agent: Agent = None,
    reason: Reason = None,
    older_than: OlderThan = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = LISTED,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """List who waits, since when and why, longest first.

    Of handoffs that are not over, or have a step that is parked; with --state those of any state. Without the
    customers' data. A server may be running. Exit codes: 0 listed, 2 wrong usage, or no journal.
    """
    chosen = selected((), state, step, connection, agent, reason, older_than, since)
    store = store_of(config)
    counts = look(store, lambda tx: selection.counted(tx, chosen))
    found = look(store, lambda tx: selection.listed(tx, chosen, most=limit))
    if as_json:
        print_json("batonpass.queue/1", counts=counts, handoffs=[queued_json(each) for each in found])
        return
    if found:
        stdout().print(queue_table(found, now=SystemClock().now()))
    all_of_them = sum(counts.values())
    by_state = ", ".join(f"{n} {state}" for state, n in counts.items())
    shown = f"the first {len(found)} of " if len(found) < all_of_them else ""
    stderr().print(f"{shown}{all_of_them} handoffs{f': {by_state}' if by_state else ''}")
    if found:
        stderr().print(f"next: batonpass queue show {found[0].id}")


@queue.command("show")
def show_handoffs(ids: list[str], config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show handoffs: every step, attempt and result, without the customers' data.

    A server may be running. Exit codes: 0 shown, 2 no such handoff, or no journal.
    """
    store = store_of(config)
    _refuse_unknown(store, ids)
    records = [record for each in ids if (record := read_handoff(store, HandoffId(each))) is not None]
    statuses = [status_of(record) for record in records]
    if as_json:
        print_json("batonpass.queue/1", handoffs=[each.model_dump(mode="json") for each in statuses])
        return
    console = stdout()
    for status in statuses:
        ticket = "" if status.ticket is None else f"  ticket {status.ticket.id}"
        because = "" if status.parked_because is None else f"  {status.parked_because}"
        console.print(f"{status.id}  {status.state}{ticket}{because}", soft_wrap=True)
        for event in status.life:
            console.print(life_line(event), soft_wrap=True)
        console.print(steps_table(status, since=status.created_at))
        console.print()
    if any(status.state is HandoffState.PARKED for status in statuses):
        stderr().print(f"next: batonpass queue retry {' '.join(ids)}")


@queue.command("retry")
def retry(  # noqa: PLR0917
    ids: Ids = None,
    state: State = None,
    step: Step = None,
    connection: OfConnection = None,
    agent: Agent = None,
    reason: Reason = None,
    older_than: OlderThan = None,
    since: Since = None,
    everything: Everything = False,
    limit: Limit = None,
    config: ConfigPath = DEFAULT_CONFIG,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Begin anew what is parked.

    As a new attempt; an effect is looked for before it is repeated, so nothing is opened or sent twice. Handoffs of
    waiting customers go first. What somebody has cancelled is meant only by its id, or by --reason cancelled. Running
    it again goes on where it was interrupted. Exit codes: 0 done, 1 nothing could be done or you said no, 2 wrong usage or
    configuration, 5 under way this moment, or the server does not answer: try again, 6 done for some.
    """
    chosen = selected(tuple(ids or ()), state, step, connection, agent, reason, older_than, since)
    _act(
        Action.RETRY,
        chosen,
        config,
        everything,
        limit,
        dry_run=dry_run,
        yes=yes or bool(ids),
        as_json=as_json,
    )


@queue.command("cancel")
def cancel(  # noqa: PLR0917
    ids: Ids = None,
    state: State = None,
    step: Step = None,
    connection: OfConnection = None,
    agent: Agent = None,
    reason: Reason = None,
    older_than: OlderThan = None,
    since: Since = None,
    everything: Everything = False,
    limit: Limit = None,
    config: ConfigPath = DEFAULT_CONFIG,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Do nothing more for handoffs.

    One without a ticket is over for good, and its AI agent is told (handoff.cancelled). One with a ticket keeps it:
    what was still to be written to it is left out. One to which something is being written this moment is left as it
    is. Exit codes: as `queue retry`.
    """
    chosen = selected(tuple(ids or ()), state, step, connection, agent, reason, older_than, since)
    _act(Action.CANCEL, chosen, config, everything, limit, dry_run=dry_run, yes=yes, as_json=as_json)


@queue.command("park")
def park(  # noqa: PLR0917
    ids: Ids = None,
    state: State = None,
    step: Step = None,
    connection: OfConnection = None,
    agent: Agent = None,
    reason: Reason = None,
    older_than: OlderThan = None,
    since: Since = None,
    everything: Everything = False,
    limit: Limit = None,
    config: ConfigPath = DEFAULT_CONFIG,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Do nothing more for handoffs until `queue retry`.

    Exit codes: as `queue retry`.
    """
    chosen = selected(tuple(ids or ()), state, step, connection, agent, reason, older_than, since)
    _act(
        Action.PARK, chosen, config, everything, limit, dry_run=dry_run, yes=yes or bool(ids), as_json=as_json
    )


@queue.command("replay")
def replay(  # noqa: PLR0917
    numbers: Annotated[
        list[int] | None, typer.Argument(help="Deliveries.", metavar="[NUMBER]...", show_default=False)
    ] = None,
    connection: Annotated[
        str | None, typer.Option("--connection", help="All that came from this one.", show_default=False)
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Received since: 2h ago, or a time.", show_default=False)
    ] = None,
    limit: Limit = None,
    config: ConfigPath = DEFAULT_CONFIG,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Read deliveries of a vendor once more, as they came.

    Nothing is opened twice: a ticket that has its handoff is only read again. Deliveries are kept for 35 days. Exit
    codes: 0 done, 1 nothing could be read or you said no, 2 wrong usage or configuration, 5 the server does not answer,
    6 some could not be read.
    """
    if not numbers and (connection is None or since is None):
        raise typer.BadParameter("give deliveries' numbers, or --connection X --since T")
    at = moment(since, SystemClock().now(), "--since")
    chosen = Deliveries(numbers=tuple(numbers or ()), connection=connection, since=at)
    store, from_ms = store_of(config), 0 if at is None else to_ms(at)

    async def found(tx: Transaction) -> tuple[int, list[KeptDelivery]]:
        said: Any = {"numbers": chosen.numbers, "connection": connection, "since": from_ms}
        return await deliveries.counted(tx, **said), await deliveries.chosen(tx, **said, most=LISTED)

    counted, first = look(store, found)
    most = counted if limit is None else min(limit, counted)
    if dry_run or not counted:
        tell_deliveries(first[:most], most, as_json=as_json)
        return
    agreed(f"Read {most} deliveries once more?", yes=yes or bool(numbers), again="batonpass queue replay")

    async def run() -> Any:
        async with operating(config) as hands:
            return await replayed(hands, chosen, most)

    done = asyncio.run(run())
    tell_replayed(done, as_json=as_json)
    raise typer.Exit(_code(done.read, sum(done.unreadable.values())))


def _act(
    action: Action, chosen: Selection, config: Any, everything: bool, limit: int | None, *, dry_run: bool, yes: bool,
    as_json: bool,
) -> None:  # fmt: skip
    if everything is (chosen != Selection()):
        raise typer.BadParameter("give handoffs' ids, or a filter, or --all: one of them")
    store = store_of(config)
    _refuse_unknown(store, chosen.ids)
    if not chosen.ids:
        chosen = replace(chosen, doable=action)
    counts = look(store, lambda tx: selection.counted(tx, chosen))
    found = sum(counts.values())
    most = found if limit is None else min(limit, found)
    if dry_run or not found:
        _tell_plan(action, most, counts, as_json=as_json)
        return
    by_state = ", ".join(f"{n} {state}" for state, n in counts.items())
    agreed(
        f"{action.value} {most} of {found} handoffs ({by_state})?", yes=yes, again=f"batonpass queue {action}"
    )

    async def run() -> Any:
        async with operating(config) as hands:
            return await acted(hands, action, chosen, most)

    done = asyncio.run(run())
    tell_done(action, done, as_json=as_json)
    left = sum(done.left.values())
    if left and left == done.left.get(Why.UNDER_WAY) and not done.changed:
        raise typer.Exit(ExitCode.UNREACHABLE)
    raise typer.Exit(_code(done.changed, left))


def _code(done: int, left: int) -> ExitCode:
    if not left:
        return ExitCode.DONE
    return ExitCode.PARTLY if done else ExitCode.PROBLEMS


def _tell_plan(action: Action, most: int, counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json("batonpass.queue/1", action=action.value, dry_run=True, counts=counts, handoffs=most)
        return
    by_state = ", ".join(f"{n} {state}" for state, n in counts.items())
    stdout().print(f"{action}: {most} handoffs{f' ({by_state})' if by_state else ''}")


def _refuse_unknown(store: StoreAddress, ids: Any) -> None:
    unknown = look(store, lambda tx: selection.unknown(tx, ids))
    if unknown:
        raise CommandError(
            f"{store.name}: no handoff {', '.join(unknown)}",
            then="batonpass queue list (a handoff by its ticket's id: batonpass trace TICKET)",
            exit_code=ExitCode.UNUSABLE,
            code="no_handoff",
        )
