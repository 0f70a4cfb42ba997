"""What the facts mean for the brief, whatever a mapping file calls them.

Fact names are support ops' own (`billing.plan`, `account.tier`). The last part of a name is looked up here; a
name that is not in a table is shown in the note and left out of the brief.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from batonpass.context.identity import normal_email
from batonpass.context.wording import label, value_text
from batonpass.domain.conversation import Customer
from batonpass.domain.facts import FactValue, Gathered, Money

PLAN = ("plan", "plan_name", "subscription_plan", "product")
TIER = ("tier", "customer_tier", "segment", "support_tier")
OPEN_BALANCE = (
    "open_balance",
    "balance_due",
    "amount_due",
    "open_amount",
    "open_total",
    "outstanding",
    "past_due_amount",
    "balance",
)
LAST_PAYMENT = ("last_payment", "last_payments", "last_payment_amount", "last_charge", "latest_payment")
DISPUTE = (
    "open_disputes",
    "disputes",
    "dispute",
    "dispute_open",
    "has_dispute",
    "dispute_status",
    "chargebacks",
)
RENEWAL = ("renewal_date", "renews_on", "renewal", "contract_end", "contract_renewal_date")
OWNER = ("owner", "account_owner", "csm", "customer_success_manager")

_KEY_TIERS = frozenset({"enterprise", "vip", "key", "key account", "key_account", "strategic", "platinum"})
_SETTLED_DISPUTES = frozenset({"", "none", "no", "false", "won", "lost", "closed", "0", "warning_closed"})
_RENEWAL_NEAR = timedelta(days=30)

Known = Mapping[str, FactValue]
"""The last part of each fact's name → its value; the first source wins."""


def known_of(gathered: Gathered) -> Known:
    known: dict[str, FactValue] = {}
    for fact in gathered.facts:
        known.setdefault(fact.name.rpartition(".")[2].casefold(), fact.value)
    return MappingProxyType(known)


def first_of(known: Known, names: tuple[str, ...]) -> FactValue | None:
    return next((known[name] for name in names if name in known), None)


def text_of(known: Known, names: tuple[str, ...]) -> str | None:
    value = first_of(known, names)
    return value.strip() or None if isinstance(value, str) else None


def open_balance(known: Known) -> Money | None:
    value = first_of(known, OPEN_BALANCE)
    return value if isinstance(value, Money) and value.amount > 0 else None


def last_payment(known: Known) -> str | None:
    """The last payment as a line; lists of payments begin with the newest."""
    value = first_of(known, LAST_PAYMENT)
    line = next(iter(value), None) if isinstance(value, tuple) else value
    return str(line).partition(" (")[0] or None if isinstance(line, str | Money) else None


def has_open_dispute(known: Known) -> bool:
    value = first_of(known, DISPUTE)
    if isinstance(value, str):
        return value.strip().casefold() not in _SETTLED_DISPUTES
    return bool(value.amount) if isinstance(value, Money) else bool(value)


def is_key_account(known: Known) -> bool:
    return (text_of(known, TIER) or "").casefold() in _KEY_TIERS


def near_renewal(known: Known, asked_at: datetime) -> date | None:
    """The renewal date if it is at most 30 days ahead."""
    value = first_of(known, RENEWAL)
    day = _day(value)
    return day if day and timedelta(0) <= day - asked_at.date() <= _RENEWAL_NEAR else None


def _day(value: FactValue | None) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    return value if isinstance(value, date) else None


# What two sources tell differently --------------------------------------------------------------------------------------

HANDED_OVER = "batonpass:handed-over"
"""Stands in the place of a source for what the request itself says of the customer; no connection can have this name."""
_ALIKE = {
    **dict.fromkeys(("plan", "plan_name", "subscription_plan"), "plan"),
    **dict.fromkeys(("tier", "customer_tier", "support_tier"), "tier"),
}
"""Facts of different names that mean the same: the last part of the name → what both are about."""
_OF_THE_SOURCE = "support."
"""Facts about the source itself: two helpdesks do not disagree about how many tickets each has."""
_PLAN = re.compile(r"\s+(?:plan|tier)$")
_DIALLED = re.compile(r"[^0-9]+", re.ASCII)
_TELLING_DIGITS = 8
"""The last ones of a phone number: a system may have it with or without its country."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One thing that two sources tell differently. Nobody has chosen between them."""

    about: str
    """"Plan"."""
    said: tuple[tuple[str, str], ...]
    """(source, what it says), in the order of the sources."""

    def text(self, titles: Mapping[str, str]) -> str:
        """ "Plan: HubSpot says Pro, Stripe says Free"."""
        said = ", ".join(_says(source, value, titles) for source, value in self.said)
        return f"{self.about}: {said}"


def _says(source: str, value: str, titles: Mapping[str, str]) -> str:
    return f"handed over {value}" if source == HANDED_OVER else f"{titles.get(source, source)} says {value}"


def conflicts(gathered: Gathered, customer: Customer) -> tuple[Conflict, ...]:
    """In the order in which the sources told them. Lists and what differs in case or spaces alone are none."""
    told: dict[str, dict[str, str]] = {}
    for about, source, value in _comparable(gathered, customer):
        told.setdefault(about, {}).setdefault(source, value)
    return tuple(
        Conflict(about=label(about), said=tuple(said.items()))
        for about, said in told.items()
        if len({_as_compared(about, value) for value in said.values()}) > 1
    )


def _comparable(gathered: Gathered, customer: Customer) -> Iterator[tuple[str, str, str]]:
    """(what it is about, source, value as text)."""
    facts = [fact for fact in gathered.facts if not fact.name.startswith(_OF_THE_SOURCE)]
    names = {fact.name.casefold() for fact in facts}
    own = {"customer.name": customer.name, "customer.email": customer.email, "customer.phone": customer.phone}
    for name, value in own.items():
        if value and value.strip() and name in names:
            yield name, HANDED_OVER, value.strip()
    for fact in facts:
        if isinstance(fact.value, tuple) or fact.value == "":
            continue
        name = fact.name.casefold()
        yield _ALIKE.get(name.rpartition(".")[2], name), fact.source, value_text(fact.value).strip()


def _as_compared(about: str, value: str) -> str:
    kind = about.rpartition(".")[2]
    if kind == "email":
        address = normal_email(value) or value
        return address.casefold()  # whether the case matters is the matching's question, not a conflict
    if kind == "phone":
        return _DIALLED.sub("", value)[-_TELLING_DIGITS:] or value
    return _PLAN.sub("", " ".join(unicodedata.normalize("NFKC", value).casefold().split()))
