"""What the facts mean for the brief, whatever a mapping file calls them.

Fact names are support ops' own (`billing.plan`, `account.tier`). The last part of a name is looked up here; a
name that is not in a table is shown in the note and left out of the brief.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

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
