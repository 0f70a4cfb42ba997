"""The note's sections on what came before: earlier contacts, and where the sources disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from batonpass.context.clipping import clip_end
from batonpass.context.document import Block, Bullets, Heading, Paragraph
from batonpass.context.history import Repeat, contact_text, merged
from batonpass.context.note import Room
from batonpass.context.package import ContextPackage
from batonpass.context.wording import age_text, counted
from batonpass.domain.facts import Gathered, SourceReport
from batonpass.domain.history import PastContact
from batonpass.domain.text import one_line

EARLIER = "Earlier Contacts"


def disagreements(package: ContextPackage, titles: Mapping[str, str], room: Room) -> list[Block]:
    """What two sources tell differently: nobody has chosen between them."""
    if not package.conflicts:
        return []
    lines = [clip_end(one_line(each.text(titles)), room.value) for each in package.conflicts[: room.items]]
    return [
        Paragraph("", lead="The sources disagree"),
        Bullets(tuple(lines)),
        *_more(len(package.conflicts) - room.items, "disagreement"),
    ]


def earlier_contacts(package: ContextPackage, titles: Mapping[str, str], room: Room) -> list[Block]:
    history = package.history
    if not history.contacts:
        return []
    blocks: list[Block] = [Heading(EARLIER)]
    if history.repeat is not None:
        blocks.append(Paragraph(clip_end(_repeated(history.repeat, titles), room.value), lead="Again"))
    blocks += _listed(
        history.contacts, titles, room, left_out=history.left_out, today=package.asked_at.date()
    )
    copied = [each for each in package.gathered.reports if each.is_copied and each.contacts]
    return blocks + [
        Paragraph(clip_end(_aged(each, titles, package.asked_at), room.value)) for each in copied
    ]


def _aged(report: SourceReport, titles: Mapping[str, str], asked_at: datetime) -> str:
    title = one_line(titles.get(report.source, report.source))
    since = min((fact.as_of for fact in report.facts), default=None)
    age = "" if since is None else f", as of {age_text(since, asked_at)}"
    return f"What {title} has of them is from the copy{age}."


def late_contacts(reports: Sequence[SourceReport], titles: Mapping[str, str], room: Room) -> list[Block]:
    """Those of sources that answered after the ticket was made."""
    contacts = merged(Gathered(reports=tuple(reports)))
    return [Heading(EARLIER), *_listed(contacts, titles, room, left_out=0, today=None)] if contacts else []


def _listed(
    contacts: Sequence[PastContact],
    titles: Mapping[str, str],
    room: Room,
    *,
    left_out: int,
    today: date | None,
) -> list[Block]:
    shown = contacts[: room.items]
    lines = tuple(clip_end(_line(each, titles, today), room.value) for each in shown)
    return [Bullets(lines), *_more(len(contacts) - len(shown) + left_out, "earlier contact")]


def _line(contact: PastContact, titles: Mapping[str, str], today: date | None) -> str:
    text = contact_text(contact, titles, today=today)
    return one_line(f"{text}: {contact.url}" if contact.url else text)


def _repeated(repeat: Repeat, titles: Mapping[str, str]) -> str:
    last = repeat.last
    where = titles.get(last.source, last.source)
    return one_line(f"{repeat.text}; the last was {where} {last.shown_as} on {last.at.date().isoformat()}.")


def _more(count: int, what: str) -> list[Block]:
    if count <= 0:
        return []
    return [
        Paragraph(
            f"\N{HORIZONTAL ELLIPSIS} {counted(count, what)} more not shown here \N{HORIZONTAL ELLIPSIS}"
        )
    ]
