"""What agents read for our own words: labels, times, values, the standing of a source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from batonpass.domain.conversation import Role
from batonpass.domain.facts import FactValue, SourceReport, Standing

ROLES = {Role.CUSTOMER: "Customer", Role.AI: "AI agent", Role.AGENT: "Agent"}

_WITHOUT_FACTS = {
    Standing.FOUND: "{title} knows the customer and has none of the values asked for.",
    Standing.NOT_FOUND: "{title} does not know this customer.",
    Standing.AMBIGUOUS: "{title}: ambiguous, {several} match; nothing is shown. Look the customer up there.",
    Standing.NO_KEY: "{title} was not asked: no e-mail address or id to look up with.",
    Standing.WITHHELD: "{title} was not asked: the customer's identity is only claimed. Verify it, then look there.",
    Standing.LATE: "{title} did not answer within {seconds} s{later}.",
    Standing.DOWN: "{title} could not answer now{later}.",
    Standing.CREDENTIALS_REFUSED: "{title} refused batonpass's credentials; an administrator must renew them{later}.",
    Standing.REFUSED: "{title} refused the question. Look the customer up there.",
    Standing.BROKEN: "{title} gave an answer that could not be understood. Look the customer up there.",
}
_INSTEAD = {
    Standing.LATE: "{title} did not answer within {seconds} s",
    Standing.DOWN: "{title} could not answer now",
    Standing.CREDENTIALS_REFUSED: "{title} refused batonpass's credentials; an administrator must renew them",
}
"""How a source came out whose copy tells instead."""


def standing_text(report: SourceReport, titles: Mapping[str, str], *, comes_later: bool) -> str:
    """Why a source has told nothing, or its copy has. `comes_later`: it is asked again and the answer will be added."""
    title = titles.get(report.source, report.source)
    seconds = f"{report.seconds:.2g}" if report.seconds < 10 else f"{report.seconds:.0f}"
    if report.is_copied:
        why = _INSTEAD[report.instead_of or Standing.DOWN].format(title=title, seconds=seconds)
        later = "; where it says otherwise later, that will be added as a note" if comes_later else ""
        return f"{why}. What stands here of it is from the copy, as old as it says{later}."
    return _WITHOUT_FACTS[report.standing].format(
        title=title,
        several=f"{report.matches} customers" if report.matches else "several customers",
        seconds=seconds,
        later="; what it says will be added as a note"
        if comes_later and report.standing.may_come_later
        else "",
    )


_ACRONYMS = {"mrr": "MRR", "arr": "ARR", "id": "ID", "vip": "VIP", "sla": "SLA", "nps": "NPS"}


def label(name: str) -> str:
    """`billing.open_invoices` → "Open invoices"; `account.name` → "Account name": the customer has a name too."""
    room, _, rest = name.rpartition(".")
    words = (rest.replace("_", " ").replace("-", " ").strip() or name).split()
    if room == "account":
        words.insert(0, "account")
    text = " ".join(_ACRONYMS.get(word, word) for word in words)
    return text[:1].upper() + text[1:]


def value_text(value: FactValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "\n".join(value) or "none"
    return value.isoformat() if isinstance(value, date) else str(value)


def clock_text(at: datetime, *, today: date | None = None) -> str:
    """ "10:42 UTC"; with the date where it is another day than `today`."""
    at = at.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == today else f"{at:%Y-%m-%d %H:%M} UTC"


def age_text(at: datetime, now: datetime) -> str:
    """ "3 h ago"."""
    age = max(timedelta(), now - at)
    if age < timedelta(minutes=90):
        return f"{max(1, round(age / timedelta(minutes=1)))} min ago"
    if age < timedelta(hours=48):
        return f"{round(age / timedelta(hours=1))} h ago"
    return f"{round(age / timedelta(days=1))} days ago"


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def counted(count: int, thing: str) -> str:
    """ "1 turn", "1,200 turns"."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
