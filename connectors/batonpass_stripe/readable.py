"""What can be read of a customer: each property of the mapping file, and exactly what it says.

Days are those of UTC. Amounts in several currencies are never added: such a total becomes one line each.
What Stripe does not know, or what has more parts than we have read, gives None, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from batonpass.domain.facts import FactValue, Money
from batonpass_stripe.lines import charge_line, day, dispute_line, invoice_line
from batonpass_stripe.record import NEWEST_PAYMENTS, Part, Record, is_live
from batonpass_stripe.wire import Price, Subscription, SubscriptionItem

METADATA = "metadata."
MOST_LINES = 10

# How many months' worth one interval's price is, turned round: a yearly price is a twelfth per month.
_PER_MONTH = {
    "day": Fraction(365, 12),
    "week": Fraction(52, 12),
    "month": Fraction(1),
    "year": Fraction(1, 12),
}
CLOSED_DISPUTES = frozenset({"won", "lost", "prevented", "warning_closed"})

Read = Callable[[Record], FactValue | None]


@dataclass(frozen=True, slots=True)
class Readable:
    read: Read
    needs: frozenset[Part] = frozenset()


# Customer -----------------------------------------------------------------------------------------------------------


def balance(record: Record) -> FactValue | None:
    """What the customer owes: what remains to be paid of the open invoices, plus Stripe's `customer.balance`.

    Stripe's own balance is below zero where the customer has credit for the next invoice, above zero where
    something will be added to it, and leaves open invoices out. Ours below zero means: we owe the customer.
    """
    if record.open_invoices.cut:
        return None
    amounts = [(Fraction(each.amount_remaining), each.currency) for each in record.open_invoices.items]
    customer = record.customer
    if customer.balance and customer.currency:
        amounts.append((Fraction(customer.balance), customer.currency))
    return _total(amounts, customer.currency)


def created(record: Record) -> FactValue | None:
    """The day since when Stripe knows the customer."""
    return None if record.customer.created is None else day(record.customer.created)


# Subscription -------------------------------------------------------------------------------------------------------


def plan(record: Record) -> FactValue | None:
    """The names of what is subscribed now, joined by a comma; without a live subscription, of the newest one.

    A name is the product's, else the price's nickname, lookup key or id.
    """
    shown = _live(record) or _newest(record)
    names = [name_of(item.price, record.product_names) for each in shown for item in each.items.data]
    return ", ".join(dict.fromkeys(names)) or None


def mrr(record: Record) -> FactValue | None:
    """The monthly recurring revenue: unit amount x quantity over the items of all live subscriptions (active,
    trialing, past due), brought to a month and rounded half to even at the end.

    A year is 12 months, a month 52/12 weeks or 365/12 days. Discounts, taxes and metered usage are left out. None
    where a price has tiers, because the amount cannot be told from it.
    """
    live = _live(record)
    if record.subscriptions.cut or any(each.items.has_more for each in live):
        return None
    amounts = []
    for item in (item for each in live for item in each.items.data):
        if item.price.recurring and item.price.recurring.usage_type == "metered":
            continue
        monthly = _monthly(item)
        if monthly is None:
            return None
        amounts.append((monthly, item.price.currency))
    return _total(amounts, record.customer.currency)


def renewal_date(record: Record) -> FactValue | None:
    """The next day on which a live subscription renews; one that ends then does not."""
    days = [
        item.current_period_end
        for each in _live(record)
        if not each.cancel_at_period_end
        for item in each.items.data
        if each.cancel_at is None or each.cancel_at > item.current_period_end
    ]
    return day(min(days)) if days else None


def status(record: Record) -> FactValue | None:
    """Stripe's status of the current subscription: the newest live one, else the newest one."""
    current = _current(record)
    return current.status if current else None


def quantity(record: Record) -> FactValue | None:
    """How many units (seats) the current subscription has, over all its items."""
    current = _current(record)
    counts = [item.quantity for item in current.items.data if item.quantity is not None] if current else []
    return sum(counts) if counts else None


def cancel_at_period_end(record: Record) -> FactValue | None:
    """Whether the current subscription ends instead of renewing."""
    current = _current(record)
    return current.cancel_at_period_end if current else None


# Invoices, charges, disputes ----------------------------------------------------------------------------------------


def open_invoices(record: Record) -> FactValue | None:
    """One line for each finalised invoice that is not fully paid, the longest due first."""
    by_due = sorted(record.open_invoices.items, key=lambda each: each.due_date or each.created)
    return _lines(
        [invoice_line(each, record.now) for each in by_due],
        unread="and more" if record.open_invoices.cut else None,
    )


def open_total(record: Record) -> FactValue | None:
    """What remains to be paid of the open invoices; credit is not taken off."""
    if record.open_invoices.cut:
        return None
    amounts = [(Fraction(each.amount_remaining), each.currency) for each in record.open_invoices.items]
    return _total(amounts, record.customer.currency)


def oldest_due(record: Record) -> FactValue | None:
    """The earliest due day of the open invoices. One that is charged automatically has none."""
    days = [each.due_date for each in record.open_invoices.items if each.due_date is not None]
    return day(min(days)) if days and not record.open_invoices.cut else None


def last_payments(record: Record) -> FactValue | None:
    """The newest three payments, also failed ones with Stripe's code of the reason."""
    return tuple(charge_line(each) for each in record.charges.items[:NEWEST_PAYMENTS]) or None


def open_disputes(record: Record) -> FactValue | None:
    """One line for each dispute that is not decided yet, among the newest 300 payments."""
    undecided = [each for each in record.disputes.items if each.status not in CLOSED_DISPUTES]
    undecided.sort(key=lambda each: each.created, reverse=True)
    unread = "older payments were not looked at" if record.disputes.cut else None
    return _lines([dispute_line(each) for each in undecided], unread=unread)


# The table ----------------------------------------------------------------------------------------------------------

_SUBSCRIPTIONS = frozenset({Part.SUBSCRIPTIONS})
_INVOICES = frozenset({Part.OPEN_INVOICES})

READABLE: Mapping[str, Mapping[str, Readable]] = MappingProxyType(
    {
        "customer": {
            "name": Readable(lambda record: record.customer.name),
            "currency": Readable(lambda record: record.customer.currency),
            "balance": Readable(balance, _INVOICES),
            "delinquent": Readable(lambda record: record.customer.delinquent),
            "created": Readable(created),
        },
        "subscription": {
            "plan": Readable(plan, frozenset({Part.PRODUCT_NAMES})),
            "status": Readable(status, _SUBSCRIPTIONS),
            "mrr": Readable(mrr, _SUBSCRIPTIONS),
            "renewal_date": Readable(renewal_date, _SUBSCRIPTIONS),
            "quantity": Readable(quantity, _SUBSCRIPTIONS),
            "cancel_at_period_end": Readable(cancel_at_period_end, _SUBSCRIPTIONS),
        },
        "invoice": {
            "open": Readable(open_invoices, _INVOICES),
            "open_total": Readable(open_total, _INVOICES),
            "oldest_due": Readable(oldest_due, _INVOICES),
        },
        "charge": {"last_payments": Readable(last_payments, frozenset({Part.NEWEST_CHARGES}))},
        "dispute": {"open": Readable(open_disputes, frozenset({Part.DISPUTES}))},
    }
)


def readable(object_name: str, property_name: str) -> Readable | None:
    """How this property is read; None where it is none of ours."""
    if property_name.startswith(METADATA) and object_name in {"customer", "subscription"}:
        return _metadata(object_name, property_name.removeprefix(METADATA))
    return READABLE.get(object_name, {}).get(property_name)


def _metadata(object_name: str, key: str) -> Readable:
    if object_name == "customer":
        return Readable(lambda record: (record.customer.metadata or {}).get(key))
    return Readable(lambda record: _current_metadata(record).get(key), _SUBSCRIPTIONS)


def _current_metadata(record: Record) -> Mapping[str, str]:
    current = _current(record)
    return (current.metadata if current else None) or {}


# Parts --------------------------------------------------------------------------------------------------------------


def _live(record: Record) -> list[Subscription]:
    return [each for each in record.subscriptions.items if is_live(each)]


def _newest(record: Record) -> list[Subscription]:
    return sorted(record.subscriptions.items, key=lambda each: each.created)[-1:]


def _current(record: Record) -> Subscription | None:
    live = sorted(_live(record), key=lambda each: each.created)
    return next(iter(live[-1:] or _newest(record)), None)


def name_of(price: Price, product_names: Mapping[str, str]) -> str:
    return product_names.get(price.product) or price.nickname or price.lookup_key or price.id


def _monthly(item: SubscriptionItem) -> Fraction | None:
    price = item.price
    unit = price.unit_amount if price.unit_amount is not None else price.unit_amount_decimal
    if unit is None or price.billing_scheme != "per_unit" or price.recurring is None:
        return None
    per_month = _PER_MONTH.get(price.recurring.interval)
    if per_month is None:
        return None
    return Fraction(unit) * units(item) * per_month / price.recurring.interval_count


def units(item: SubscriptionItem) -> int:
    count = 1 if item.quantity is None else item.quantity
    packs = item.price.transform_quantity
    if packs is None:
        return count
    return -(-count // packs.divide_by) if packs.round == "up" else count // packs.divide_by


def _total(amounts: Iterable[tuple[Fraction, str]], currency: str | None) -> FactValue | None:
    """The sum; of nothing, zero in the customer's own currency where there is one."""
    sums: dict[str, Fraction] = {}
    for amount, its_currency in amounts:
        sums[its_currency] = sums.get(its_currency, Fraction(0)) + amount
    if not sums and currency:
        sums[currency] = Fraction(0)
    totals = [Money(amount=round(sums[each]), currency=each) for each in sorted(sums)]
    if len(totals) == 1:
        return totals[0]
    return tuple(str(each) for each in totals) or None


def _lines(lines: list[str], *, unread: str | None) -> tuple[str, ...] | None:
    """At most ten lines, and what was left out; `unread` says what Stripe has beyond what we have read."""
    hidden = len(lines) - MOST_LINES
    left_out = unread or (f"and {hidden} more" if hidden > 0 else None)
    return tuple(lines[:MOST_LINES]) + ((left_out,) if lines and left_out else ()) or None
