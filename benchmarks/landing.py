"""No value is lost without a word, and no field keeps a ticket back.

    python benchmarks/landing.py                 # 250 handoffs at each of the four helpdesks
    python benchmarks/landing.py --handoffs 50 --helpdesk freshdesk --seed 7

Each helpdesk's emulator, the whole of batonpass and the AI agent talk over loopback. While handoffs go over, the values
are good, wrong, too long and of the wrong kind by turns, and the account's admins rename and remove options, switch
fields off, make them compulsory, take them off forms, let a group and an agent go, and set them to rights again; what
batonpass knows of the account is sometimes newer than that and mostly not. In the end every value that the mapping made
is looked for: in the field of the ticket as the emulator holds it, or, with the field's name and a reason, in the notes
that agents read. What is in neither was lost silently.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import logging
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # the helpdesks with what a test asks of them

import structlog
from landing_accounts import ACCOUNTS, CHANGES, Account, Held, remove

from batonpass.app.landing import landing_report
from batonpass.domain.landing import Fate
from batonpass.testing.desk import Desk
from batonpass.testing.happenings import CannotPlayError
from helpdesks import HELPDESKS, Known

AT_ONCE = 6
PATIENCE = 300.0
"""Seconds."""
FILLED_IN = "filled in:"
CUT = "cut to"
PRIORITIES = {"security": "urgent", "billing_dispute": "high"}
REASONS = {"security": "Security", "billing_dispute": "Billing dispute", "ai_unsure": "Ai unsure"}
GROUPS = {"security": "Security", "billing_dispute": "Billing"}

MAPPING = """
[ticket]
subject = "{issue.title}"
PRIORITY
group = { from = "handoff.reason", values = { billing_dispute = "Billing", security = "Security" }, default = "Support" }
assignee = { from = "handoff.reason_text" }
form = { from = "conversation.channel" }
tags = ["ai_handoff", "reason_{handoff.reason}"]

[fields]
"Customer tier" = { from = "technical.browser" }
"Plan" = { from = "technical.error" }
"MRR" = { from = "technical.os" }
"Renewal date" = { from = "technical.attempted_action" }
"Handoff reason" = { from = "handoff.reason", values = { security = "Security", billing_dispute = "Billing dispute", ai_unsure = "Ai unsure" } }
"AI confidence" = { from = "handoff.confidence" }
"Identity verified" = { from = "customer.identity", values = { verified = true, claimed = false } }
"Conversation ID" = { from = "conversation.id" }
"""
_PRIORITY = (
    'priority = { from = "handoff.reason", values = { security = "urgent", billing_dispute = "high" },'
    ' default = "normal" }'
)

TIERS = ("Free", "Pro", "Enterprise", "pro", "Platinum", "Enterprize")
PLANS = (
    "Gold",
    "Größe L, 5 £/Monat",
    "<b>Team</b> & \"more\" 'quoted'",
    "two\nlines",
    "客户 👩‍👩‍👧‍👦 plan",
    "long " * 80,
    "x" * 12_000,
)
AMOUNTS = ("49.00", "12.5", "-3", "0", "abc", "1e3")
DATES = ("2026-12-01", "2027-02-28", "2026-02-30", "next week")


@dataclass(frozen=True, kw_only=True)
class Handed:
    id: str
    made: Mapping[str, str]
    """What the mapping makes of it: field → value."""
    ticket: str = ""


@dataclass
class Judged:
    """Values, by where they are now."""

    tickets: int = 0
    handoffs: int = 0
    parked: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    """In its field, by field; also one that is there shortened, where a note says so."""
    noted: Counter[str] = field(default_factory=Counter)
    shortened: int = 0
    filled_in: Counter[str] = field(default_factory=Counter)
    """Not made by the mapping: what the account wants, or the default group in place of one that it refused."""
    silent: list[str] = field(default_factory=list)
    reported: dict[str, dict[Fate, int]] = field(default_factory=dict)
    """As `batonpass landing` counts."""
    seconds: float = 0.0

    @property
    def values(self) -> int:
        return self.held.total() + self.noted.total() + len(self.silent)

    def disagreements(self) -> Iterator[str]:
        """Where the counters of `batonpass landing` say something else than what was found."""
        for name in sorted({*self.reported, *self.held, *self.noted}):
            told = self.reported.get(name, dict.fromkeys(Fate, 0))
            lost = sum(told[fate] for fate in (Fate.ALTERED, Fate.DROPPED, Fate.REFUSED, Fate.UNFIT))
            there = self.held[name] + self.filled_in[name]
            if (told[Fate.LANDED], lost) != (there, self.noted[name]):
                yield (
                    f"{name}: landed {told[Fate.LANDED]}, not {lost};"
                    f" found {there} in the field, {self.noted[name]} in notes"
                )
            read_back = told[Fate.LANDED] + told[Fate.ALTERED] + told[Fate.DROPPED]
            if told[Fate.SENT] != read_back:
                yield f"{name}: sent {told[Fate.SENT]}, read back {read_back}"


# What goes over -----------------------------------------------------------------------------------------------------


def request(number: int, account: Account, chance: random.Random) -> tuple[dict[str, Any], dict[str, str]]:
    """(What the AI agent sends, what the mapping makes of it)."""
    reason, identity = chance.choice(list(REASONS)), chance.choice(("verified", "claimed"))
    told = {
        "technical.browser": chance.choice((*TIERS, None)),
        "technical.error": chance.choice((*PLANS, None)),
        "technical.os": chance.choice((*AMOUNTS, None)),
        "technical.attempted_action": chance.choice((*DATES, None)),
        "assignee": chance.choice((*account.agents, "Nobody Here", None)),
        "form": chance.choice((*account.forms, "No such form", None)),
    }
    confidence = chance.choice((0.0, 0.42, 1.0, None))
    body = {
        "conversation": {
            "id": f"talk-{number}",
            "channel": told["form"],
            "turns": [{"role": "customer", "text": "I was charged twice. Please refund one of the charges."}],
        },
        "customer": {"name": f"Person {number % 40}", "email": f"person-{number % 40}@example.com", "identity": identity},
        "reason": {"code": reason, "text": told["assignee"]},
        "confidence": confidence,
        "technical": {
            "browser": told["technical.browser"],
            "errors": [told["technical.error"]] if told["technical.error"] else [],
            "os": told["technical.os"],
            "attempted_action": told["technical.attempted_action"],
        },
    }  # fmt: skip
    made = {
        "Customer tier": told["technical.browser"],
        "Plan": told["technical.error"],
        "MRR": told["technical.os"],
        "Renewal date": told["technical.attempted_action"],
        "Handoff reason": REASONS[reason],
        "AI confidence": None if confidence is None else str(round(confidence * 100)),
        "Identity verified": str(identity == "verified"),
        "Conversation ID": f"talk-{number}",
        "Priority": PRIORITIES.get(reason, "normal") if account.priorities else None,
        "Group": GROUPS.get(reason, "Support"),
        "Assignee": told["assignee"],
        "Form": told["form"],
        "Tags": f"ai_handoff, reason_{reason}",
    }
    return body, {name: value for name, value in made.items() if value is not None}


# Where it is --------------------------------------------------------------------------------------------------------


def is_held(name: str, value: str, held: Held) -> bool:
    """Whether the ticket's field holds it, in whatever dress."""
    found = held.get(name)
    match name:
        case "Tags":
            return {each.strip() for each in value.split(",")} <= set(found)
        case "Identity verified":
            return str(found).lower() == value.lower() or (found is None and value == "False")
        case "MRR" | "AI confidence":
            return _number(found) is not None and _number(found) == _number(value)
        case "Renewal date":
            return str(found or "")[:10] == value
        case _:
            return found is not None and plain(str(found)) == plain(value)


def is_shortened(value: str, found: Any) -> bool:
    return bool(found) and plain(value).startswith(plain(str(found)))


def _number(text: Any) -> Decimal | None:
    try:
        return None if text is None else Decimal(str(text))
    except InvalidOperation:
        return None


@dataclass(frozen=True, slots=True)
class Line:
    """`field: value (why)` in a note."""

    field: str
    value: str
    why: str


_ITEM = re.compile(r"<li>(.*?)</li>", re.DOTALL)
_LINE = re.compile(r"([^:]{1,60}): (.*) \(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*\Z", re.DOTALL)


def lines_of(notes: Sequence[str]) -> list[Line]:
    items = [html.unescape(re.sub(r"<[^>]*>", "", item)) for note in notes for item in _ITEM.findall(note)]
    return [Line(*found.groups()) for item in items if (found := _LINE.match(item))]


def plain(text: str) -> str:
    """Its letters and digits: how it is quoted and broken into lines is another matter."""
    return "".join(each for each in text.casefold() if each.isalnum())


_SAID = {"True": "yes", "False": "no"}


def says(line: Line, value: str) -> bool:
    """Whether the line says this value, or the beginning of a long one."""
    if plain(line.value) in {plain(value), _SAID.get(value)}:
        return True
    if _number(line.value) is not None and _number(line.value) == _number(value):
        return True
    head, mark, _ = line.value.partition("…")
    return bool(mark) and len(plain(head)) >= 10 and plain(value).startswith(plain(head))


def judge(handed: Handed, held: Sequence[Held], lines: Sequence[Line], judged: Judged) -> None:
    """`held`: by its ticket now, and before an admin removed options."""
    for name, value in handed.made.items():
        about = [line for line in lines if line.field == name]
        told = [line for line in about if says(line, value)]
        if name == "Tags":
            told = [
                line for line in about if line.value and set(line.value.split(", ")) <= set(value.split(", "))
            ]
        lost = [line for line in told if not line.why.startswith((CUT, FILLED_IN))]
        if lost:
            judged.noted[name] += 1
            judged.filled_in[name] += name == "Group" and held[0][name] is not None
        elif any(line.why.startswith(CUT) for line in told) and any(
            is_shortened(value, each.get(name)) for each in held
        ):
            judged.held[name] += 1
            judged.shortened += 1
        elif any(is_held(name, value, each) for each in held):
            judged.held[name] += 1
        else:
            judged.silent.append(f"{handed.id} {name} {value[:80]!r}: holds {held[0].get(name)!r}; {about}")
    for line in lines:
        judged.filled_in[line.field] += line.why.startswith(FILLED_IN)


# The run ------------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    desk: Desk
    account: Account
    chance: random.Random
    judged: Judged = field(default_factory=Judged)
    handed: list[Handed] = field(default_factory=list)
    before: dict[str, list[Held]] = field(default_factory=dict)
    """Ticket → what it held each time before an option was removed."""

    async def all(self, count: int) -> Judged:
        put_back = self.account.snapshot()
        began = time.perf_counter()
        limit = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                self._meanwhile(put_back)
                if self.chance.random() < 0.08:
                    await self._look()
                await limit.acquire()
                told = request(number, self.account, self.chance)
                tasks.create_task(self._one(*told, limit.release))
        await self.desk.settled(seconds=PATIENCE, handoffs=[each.id for each in self.handed])
        self.judged.seconds = time.perf_counter() - began
        await self._judge()
        return self.judged

    async def _look(self) -> None:
        """As batonpass does every ten minutes: it reads the account again, in the engine's own thread."""
        engine = self.desk.service.engine
        assert engine is not None
        home, world = engine._home, engine._world  # noqa: SLF001 - nobody else can tell it that ten minutes are over
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(world.schema.refresh(), home))

    def _meanwhile(self, put_back: Callable[[], None]) -> None:
        """An admin at work."""
        drawn = self.chance.random()
        if drawn < 0.05:
            put_back()
        elif drawn < 0.25:
            change = self.chance.choice(CHANGES)
            if change is remove:
                self._remember()
            try:
                change(self.account, self.chance)
            except CannotPlayError:  # it is so already, or this helpdesk has no such thing
                return
            self.judged.changes[change.__name__] += 1

    def _remember(self) -> None:
        """What tickets hold now: at some helpdesks an option that is removed takes its values along."""
        for effect in self.desk.emulator.effects("ticket.opened"):
            self.before.setdefault(effect.id, []).append(self.account.held(effect.id))

    async def _one(self, body: dict[str, Any], made: dict[str, str], done: Callable[[], None]) -> None:
        try:
            id_ = await self.desk.hand_over(body)
            ticket = await self._ticket_of(id_)
            self.handed.append(Handed(id=id_, made=made, ticket=ticket))
        finally:
            done()

    async def _ticket_of(self, handoff_id: str) -> str:
        """Empty where it is blocked."""
        while (record := await self.desk.record(handoff_id)).ticket_id is None and record.state != "parked":
            await asyncio.sleep(0.02)
        return record.ticket_id or ""

    async def _judge(self) -> None:
        self.judged.handoffs = len(self.handed)
        self.judged.tickets = len({each.id for each in self.desk.emulator.effects("ticket.opened")})
        for handed in self.handed:
            record = await self.desk.record(handed.id)
            if record.state == "parked" or any(step.status == "parked" for step in record.steps):
                self.judged.parked += 1
                because = [step.because for step in record.steps if step.because]
                self.judged.silent.append(f"{handed.id} is blocked: {because}")
            if not handed.ticket:
                continue
            lines = lines_of(self.desk.emulator.internal_notes(handed.ticket))
            held = [self.account.held(handed.ticket), *self.before.get(handed.ticket, ())]
            judge(handed, held, lines, self.judged)
        found = landing_report(self.desk.service.config.store, since=datetime(2000, 1, 1, tzinfo=UTC))
        self.judged.reported = {each.field: each.counts for each in found}


SETTINGS: Mapping[str, Mapping[str, str]] = {"intercom": {"ticket_type": "Support request"}}
"""Beside those that every test has: of several ticket types one must be named."""


async def hand_over_all(known: Known, folder: Path, *, count: int, seed: int) -> Judged:
    emulator = known.emulated()
    account = ACCOUNTS[known.name](emulator)
    mapping = MAPPING.replace("PRIORITY", _PRIORITY if account.priorities else "")
    async with known.plays(
        folder, mapping=mapping, emulator=emulator, settings=SETTINGS.get(known.name, {})
    ) as played:
        return await Run(played, account, random.Random(f"{seed} {known.name}")).all(count)


def report(name: str, judged: Judged) -> bool:
    """Prints what was found; whether all is well."""
    fates = Counter[Fate]()
    for counts in judged.reported.values():
        fates.update(counts)
    wrong = list(judged.disagreements())
    print(
        f"{name:16} {judged.handoffs:5} handoffs {judged.tickets:5} tickets {judged.parked:3} blocked"
        f" {judged.changes.total():4} changes {judged.values:6} values: {judged.held.total():6} in their fields"
        f" ({judged.shortened} shortened, which their notes say), {judged.noted.total():5} in notes,"
        f" {len(judged.silent)} silent; {judged.seconds:.0f} s"
    )
    print(f"{'':16} batonpass landing: {', '.join(f'{fate} {fates[fate]}' for fate in Fate)}")
    for each in (*judged.silent[:20], *wrong):
        print(f"{'':16} WRONG {each}")
    return not (judged.silent or wrong or judged.parked) and judged.tickets == judged.handoffs


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--handoffs", type=int, default=250, help="at each helpdesk")
    parser.add_argument("--helpdesk", choices=[each.name for each in HELPDESKS], help="only this one")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    well = True
    for known in HELPDESKS:
        if given.helpdesk in {None, known.name}:
            with tempfile.TemporaryDirectory() as folder:
                told = hand_over_all(known, Path(folder), count=given.handoffs, seed=given.seed)
                well = report(known.name, asyncio.run(told)) and well
    print("all is well" if well else "something is wrong")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
