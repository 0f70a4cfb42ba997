"""The sections of the internal note, each within its room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from batonpass.context.brief import REASONS
from batonpass.context.clipping import clip_end, clip_middle
from batonpass.context.document import Block, Bullets, Code, Heading, Link, Pairs, Paragraph, is_own_url
from batonpass.context.history import RECENT_TICKETS
from batonpass.context.identity import ascii_form
from batonpass.context.package import ContextPackage
from batonpass.context.suspicion import where
from batonpass.context.tried import tried_line
from batonpass.context.wording import age_text, clock_text, label, percent, standing_text, value_text
from batonpass.domain.conversation import HandoffRequest, Identity, PageVisit, ReasonCode
from batonpass.domain.facts import Fact, MatchStrength, SourceReport, Standing
from batonpass.domain.text import one_line
from batonpass.domain.ticket import NotLanded

_IDENTITY = {
    Identity.VERIFIED: "verified by the AI agent's side",
    Identity.CLAIMED: "only claimed, not verified",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of each kind of text a note takes, in characters and items."""

    value: int
    prose: int
    items: int
    facts: int

    def scaled(self, share: float) -> Room:
        return Room(
            value=max(20, int(self.value * share)),
            prose=max(40, int(self.prose * share)),
            items=max(1, int(self.items * share)),
            facts=max(1, int(self.facts * share)),
        )


FULL = Room(value=800, prose=6000, items=20, facts=60)


def opening(package: ContextPackage, room: Room) -> list[Block]:
    """The brief, and where the whole can be seen."""
    blocks: list[Block] = [
        Paragraph(clip_end(text, room.value), lead=lead) for lead, text in package.brief.lines
    ]
    if package.url and is_own_url(package.url) and len(package.url) <= room.value:
        blocks.append(Link("Conversation", package.url))
    return [*blocks, *cautions(package, room)]


def cautions(package: ContextPackage, room: Room) -> list[Block]:
    """What was masked, and that text in it is written for a machine."""
    blocks: list[Block] = []
    if package.masked.counts:
        blocks.append(Paragraph(clip_end(f"{package.masked.text}.", room.value), lead="Masked"))
    if package.suspicion:
        text = f"{where(package.suspicion)}: reads like orders to a machine. It is quoted below; do not act on it."
        blocks.append(
            Paragraph(clip_end(text[:1].upper() + text[1:], room.value), lead="Suspect instructions")
        )
    return blocks


def issue_summary(package: ContextPackage, room: Room) -> list[Block]:
    request, summary = package.request, package.summary
    today = package.asked_at.date()
    blocks: list[Block] = [
        Heading("Issue Summary"),
        Paragraph(
            clip_middle(summary.text, room.prose), lead="In the AI agent's words" if summary.by_ai else ""
        ),
    ]
    if summary.by_ai and summary.by_model:
        blocks.append(Paragraph(clip_middle(summary.cited, room.prose), lead="From the conversation"))
    rows = [
        ("Reason", _reason(request)),
        ("AI confidence", None if request.confidence is None else percent(request.confidence)),
        ("Handed over", f"by {package.agent_name}, {clock_text(package.asked_at)}"),
        ("Channel", request.conversation.channel),
        ("Language", request.conversation.language),
        ("Trying to", request.technical.attempted_action),
        ("Browser", request.technical.browser),
        ("System", request.technical.os),
    ]
    blocks += _pairs(rows, room)
    errors = request.technical.errors
    blocks += [Code(clip_middle(error, room.prose)) for error in errors[: room.items]]
    blocks += _more(len(errors) - room.items, "error messages")
    if request.pages:
        visits = [_visit(page, today) for page in request.pages[-room.items :]]
        blocks.append(Paragraph("", lead="Pages visited"))
        blocks.append(Bullets(tuple(clip_end(visit, room.value) for visit in visits)))
        blocks += _more(len(request.pages) - room.items, "earlier pages")
    blocks += _lacking(package)
    return blocks


def customer_details(
    package: ContextPackage, room: Room, titles: Mapping[str, str] = MappingProxyType({})
) -> list[Block]:
    customer = package.request.customer
    ids = list(customer.external_ids.items())
    rows = [
        ("Name", customer.name),
        ("E-mail", customer.email),
        ("E-mail as it is compared", ascii_form(customer.email)),
        ("Phone", customer.phone),
        ("Identity", _IDENTITY[customer.identity]),
        ("Matched", _matched(package.gathered.reports, titles)),
        *((f"Id at {clip_end(one_line(system), 60)}", known) for system, known in ids[: room.items]),
    ]
    return [Heading("Customer Details"), *_pairs(rows, room), *_more(len(ids) - room.items, "ids")]


def _matched(reports: Sequence[SourceReport], titles: Mapping[str, str]) -> str:
    """By what each source knows the customer: "HubSpot: exact id; Stripe: ambiguous, 2 customers"."""
    said = []
    for report in reports:
        title = titles.get(report.source, report.source)
        if report.matched_by is not MatchStrength.NONE:
            via = f", via {clip_end(one_line(report.via), 80)}" if report.via else ""
            said.append(f"{title}: {report.matched_by}{via}")
        elif report.standing is Standing.AMBIGUOUS:
            said.append(f"{title}: ambiguous, {report.matches or 'several'} customers")
    return "; ".join(said)


def attempted_solutions(package: ContextPackage, room: Room) -> list[Block]:
    tried = package.tried
    items = [clip_end(tried_line(item), room.value) for item in tried[: room.items]]
    shown_items: list[Block] = [Bullets(tuple(items))] if items else [Paragraph("Nothing on record.")]
    return [Heading("AI Attempted Solutions"), *shown_items, *_more(len(tried) - room.items, "attempts")]


def account_notes(
    package: ContextPackage, titles: Mapping[str, str], not_landed: Sequence[NotLanded], room: Room
) -> list[Block]:
    reports = package.gathered.reports
    blocks: list[Block] = [Heading("Relevant Account Notes")]
    blocks += told(reports, titles, room, asked_at=package.asked_at, comes_later=True)
    if not reports:
        blocks.append(Paragraph("No source of account facts is connected."))
    if not_landed:
        blocks += unfilled(not_landed, room)
    return blocks


def told(
    reports: Sequence[SourceReport],
    titles: Mapping[str, str],
    room: Room,
    *,
    asked_at: datetime | None,
    comes_later: bool,
) -> list[Block]:
    """The facts with source and time, then what each silent source has to say for itself. `asked_at`: when the handoff
    was asked for; None: what came later."""
    facts = [
        (fact, report.is_copied)
        for report in reports
        for fact in report.facts
        if fact.name != RECENT_TICKETS or not report.contacts  # those stand among the earlier contacts
    ]
    rows = tuple(
        (clip_end(one_line(label(fact.name)), 80), _fact(fact, titles, room, asked_at, copied=copied))
        for fact, copied in facts[: room.facts]
    )
    silent = [report for report in reports if not report.facts or report.is_copied]
    sayings = [standing_text(report, titles, comes_later=comes_later) for report in silent[: room.facts]]
    blocks: list[Block] = [Pairs(rows)] if rows else []
    blocks += _more(len(facts) - room.facts, "facts")
    blocks += [Bullets(tuple(clip_end(saying, room.value) for saying in sayings))] if sayings else []
    return blocks


def no_more(gone: Sequence[Fact], titles: Mapping[str, str], room: Room) -> list[Block]:
    """What stood in the note from a copy and its source does not say."""
    lines = [
        f"{label(fact.name)}: {clip_middle(value_text(fact.value), room.value)} \N{EM DASH} "
        f"{one_line(titles.get(fact.source, fact.source))} does not say so any more"
        for fact in gone
    ]
    if not lines:
        return []
    shown = tuple(clip_end(one_line(line), room.value) for line in lines[: room.facts])
    return [
        Paragraph("", lead="Shown before and no longer true"),
        Bullets(shown),
        *_more(len(lines) - room.facts, "facts"),
    ]


def unfilled(items: Sequence[NotLanded], room: Room) -> list[Block]:
    """The values that did not reach their field."""
    return [
        Paragraph("", lead="Not in the ticket's fields"),
        Bullets(tuple(_not_landed(item, room) for item in items[: room.facts])),
        *_more(len(items) - room.facts, "values"),
    ]


def _not_landed(item: NotLanded, room: Room) -> str:
    where = f"; {clip_end(one_line(item.where), 200)}" if item.where else ""
    field, value = clip_end(one_line(item.field), 200), clip_middle(item.value, room.value)
    return f"{field}: {value} ({clip_end(one_line(item.why), 200)}{where})"


def _fact(
    fact: Fact, titles: Mapping[str, str], room: Room, asked_at: datetime | None, *, copied: bool
) -> str:
    source = clip_end(one_line(titles.get(fact.source, fact.source)), 80)
    value = clip_middle(value_text(fact.value), room.value)
    when = clock_text(fact.as_of, today=asked_at.date() if asked_at else None)
    if copied and asked_at is not None:
        when = f"as of {age_text(fact.as_of, asked_at)} ({when})"
    return f"{value} \N{EM DASH} {source}, {when}"


def _reason(request: HandoffRequest) -> str:
    reason, text = REASONS[request.reason.code], one_line(request.reason.text or "")
    if request.reason.code is ReasonCode.OTHER and text:
        return text
    return f"{reason}: {text}" if text else reason


def _visit(page: PageVisit, today: date) -> str:
    title = f"{one_line(page.title)}: " if page.title else ""
    at = f" ({clock_text(page.at, today=today)})" if page.at else ""
    return f"{title}{one_line(page.url)}{at}"


def _lacking(package: ContextPackage) -> list[Block]:
    """One line that says what the request did not give: a poor request is shown as poor."""
    request = package.request
    given = {
        "customer name": request.customer.name,
        "e-mail": request.customer.email,
        "reason": request.reason.text or request.reason.code is not ReasonCode.OTHER,
        "attempts": request.attempts,
        "summary": package.summary.by_ai,
        "confidence": request.confidence is not None,
        "channel": request.conversation.channel,
    }
    missing = ", ".join(name for name, value in given.items() if not value)
    blocks: list[Block] = [Paragraph(f"{missing}.", lead="Not given")] if missing else []
    if package.mended:
        blocks.append(
            Paragraph("Some characters could not be stored and stand here as \N{REPLACEMENT CHARACTER}.")
        )
    return blocks


def _pairs(rows: Iterable[tuple[str, str | None]], room: Room) -> list[Block]:
    given = tuple((name, clip_end(one_line(value), room.value)) for name, value in rows if value)
    return [Pairs(given)] if given else []


def _more(count: int, what: str) -> list[Block]:
    return (
        [Paragraph(f"\N{HORIZONTAL ELLIPSIS} {count:,} more {what} not shown here \N{HORIZONTAL ELLIPSIS}")]
        if count > 0
        else []
    )
