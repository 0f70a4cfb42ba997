"""Facts about the customer: one value each, with its source and as-of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from batonpass.domain.history import PastContact, contact_from_json, contact_to_json
from batonpass.domain.person import MatchKey, MatchRule, MatchStrength, Person

__all__ = [
    "Fact",
    "FactAnswer",
    "FactRule",
    "FactValue",
    "Gathered",
    "MatchKey",
    "MatchRule",
    "MatchStrength",
    "Money",
    "Person",
    "SourceReport",
    "Standing",
    "gathered_from_json",
    "gathered_to_json",
]

# How many decimals a currency has, where it is not two: https://docs.stripe.com/currencies#zero-decimal
_DECIMALS = {
    **dict.fromkeys(
        (
            "bif",
            "clp",
            "djf",
            "gnf",
            "jpy",
            "kmf",
            "krw",
            "mga",
            "pyg",
            "rwf",
            "ugx",
            "vnd",
            "vuv",
            "xaf",
            "xof",
            "xpf",
        ),
        0,
    ),
    **dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in the currency's smallest unit (cents, yen)."""

    amount: int
    currency: str
    """ISO 4217 code, lower case."""

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Money:
        """From whole units (12.50 euros, 1,200 yen), rounded to the smallest unit."""
        code = currency.lower()
        return cls(amount=round(amount.scaleb(_DECIMALS.get(code, 2))), currency=code)

    @property
    def major(self) -> Decimal:
        """The amount in the currency's main unit: euros, not cents; with all the decimals that it has."""
        return Decimal(self.amount).scaleb(-_DECIMALS.get(self.currency, 2))

    def __str__(self) -> str:
        return f"{self.major:,.{_DECIMALS.get(self.currency, 2)}f} {self.currency.upper()}"


FactValue = str | bool | int | Decimal | date | Money | tuple[str, ...]
"""A tuple is a list of lines, each readable by itself ("Invoice INV-7: 120.00 EUR, open since 2026-11-01")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    name: str
    """Its path in the context package: `billing.plan`, `account.tier`."""
    value: FactValue
    source: str
    """The connection that told it."""
    as_of: datetime
    """When the source said so (the moment of the answer, unless the source gives a better time)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRule:
    """One line of a mapping file: which value of a source is which of our facts."""

    name: str
    object: str
    """The source's object (`company`, `subscription`)."""
    property: str
    """The source's own name of the value."""
    values: tuple[tuple[str, str], ...] = ()
    """The source's value → ours; a value that is not listed stays as it is."""


class Standing(StrEnum):
    """How a source's answer came out."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    """Several people match: nothing is shown."""
    NO_KEY = "no_key"
    """There was no e-mail address or id to look up with."""
    WITHHELD = "withheld"
    """Not asked: the identity is only claimed."""
    LATE = "late"
    """No answer within the deadline; asked again afterwards."""
    DOWN = "down"
    """It could not answer now; asked again afterwards."""
    CREDENTIALS_REFUSED = "credentials_refused"
    REFUSED = "refused"
    """It refused our question; asking again cannot help."""
    BROKEN = "broken"
    """Its answer could not be understood."""
    COPIED = "copied"
    """It gave no answer in time; our copy of its records did, and is as old as it says. Asked again afterwards."""

    @property
    def may_come_later(self) -> bool:
        return self in {Standing.LATE, Standing.DOWN, Standing.CREDENTIALS_REFUSED, Standing.COPIED}


@dataclass(frozen=True, slots=True, kw_only=True)
class FactAnswer:
    """What one source says of a person. `facts` is empty unless `standing` is FOUND."""

    standing: Standing
    facts: tuple[Fact, ...] = ()
    contacts: tuple[PastContact, ...] = ()
    """What they asked before, newest first; none unless `standing` is FOUND."""
    matched_by: MatchStrength = MatchStrength.NONE
    """How sure it is that it is this person."""
    matches: int = 0
    """How many people match, where they are several; 0: not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """One source's part of the gathering."""

    source: str
    standing: Standing
    facts: tuple[Fact, ...] = ()
    seconds: float = 0.0
    detail: str = ""
    """For people: the error's message where there was one."""
    contacts: tuple[PastContact, ...] = ()
    matched_by: MatchStrength = MatchStrength.NONE
    matches: int = 0
    instead_of: Standing | None = None
    """Of COPIED: how the source itself came out."""
    via: str = ""
    """Where the person's id there is known from another system: from which ("crm customer 123")."""

    @property
    def is_copied(self) -> bool:
        return self.standing is Standing.COPIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What all sources said by the deadline."""

    reports: tuple[SourceReport, ...] = ()
    handoffs: tuple[PastContact, ...] = ()
    """The person's earlier handoffs, from our own journal, newest first."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(fact for report in self.reports for fact in report.facts)

    @property
    def missing(self) -> tuple[SourceReport, ...]:
        """The sources that gave nothing and should have: the ticket names them."""
        quiet = {Standing.FOUND, Standing.COPIED, Standing.NOT_FOUND, Standing.NO_KEY}
        return tuple(report for report in self.reports if report.standing not in quiet)


def gathered_to_json(gathered: Gathered) -> dict[str, Any]:
    """For the journal: JSON types only, and back by `gathered_from_json` without loss."""
    return {
        "reports": [
            {
                "source": report.source,
                # Of a copy what the source itself did: so a release that knows no copies reads it as well.
                "standing": (report.instead_of or report.standing).value,
                "seconds": report.seconds,
                "detail": report.detail,
                "facts": [_fact_to_json(fact) for fact in report.facts],
                "contacts": [contact_to_json(contact) for contact in report.contacts],
                "matched_by": report.matched_by.value,
                "matches": report.matches,
                **({"copied": True} if report.is_copied else {}),
                **({"via": report.via} if report.via else {}),
            }
            for report in gathered.reports
        ],
        "handoffs": [contact_to_json(contact) for contact in gathered.handoffs],
    }


def gathered_from_json(data: Mapping[str, Any]) -> Gathered:
    """Reads as well what releases before this one have kept: without contacts and matches, and without copies."""
    return Gathered(
        reports=tuple(map(_report_from_json, data["reports"])),
        handoffs=tuple(contact_from_json(contact) for contact in data.get("handoffs", ())),
    )


def _report_from_json(report: Mapping[str, Any]) -> SourceReport:
    standing, copied = Standing(report["standing"]), report.get("copied", False)
    return SourceReport(
        source=report["source"],
        standing=Standing.COPIED if copied else standing,
        instead_of=standing if copied else None,
        seconds=report["seconds"],
        detail=report["detail"],
        facts=tuple(_fact_from_json(fact) for fact in report["facts"]),
        contacts=tuple(contact_from_json(contact) for contact in report.get("contacts", ())),
        matched_by=MatchStrength(report.get("matched_by", MatchStrength.NONE)),
        matches=report.get("matches", 0),
        via=report.get("via", ""),
    )


def _fact_to_json(fact: Fact) -> dict[str, Any]:
    kind, value = _encode(fact.value)
    return {
        "name": fact.name,
        "source": fact.source,
        "as_of": fact.as_of.isoformat(),
        "kind": kind,
        "value": value,
    }


def _fact_from_json(data: dict[str, Any]) -> Fact:
    return Fact(
        name=data["name"],
        source=data["source"],
        as_of=datetime.fromisoformat(data["as_of"]),
        value=_decode(data["kind"], data["value"]),
    )


def _encode(value: FactValue) -> tuple[str, Any]:
    match value:
        case Money():
            return "money", [value.amount, value.currency]
        case Decimal():
            return "decimal", str(value)
        case date():
            return "date", value.isoformat()
        case tuple():
            return "lines", list(value)
        case _:
            return "plain", value


def _decode(kind: str, value: Any) -> FactValue:
    match kind:
        case "money":
            return Money(amount=value[0], currency=value[1])
        case "decimal":
            return Decimal(value)
        case "date":
            return date.fromisoformat(value)
        case "lines":
            return tuple(value)
        case _:
            plain: FactValue = value
            return plain
