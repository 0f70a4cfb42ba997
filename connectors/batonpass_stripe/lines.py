"""One invoice, payment or dispute as a line that can be read by itself. Days are those of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime

from batonpass.domain.facts import Money
from batonpass_stripe.wire import Charge, Dispute, Invoice

_BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos",
    "jcb": "JCB",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}


def invoice_line(invoice: Invoice, now: datetime) -> str:
    due = f"open since {day(invoice.created)}"
    if invoice.due_date is not None:
        due = f"{'overdue since' if invoice.due_date < now.timestamp() else 'due'} {day(invoice.due_date)}"
    return (
        f"Invoice {invoice.number or invoice.id}: {_money(invoice.amount_remaining, invoice.currency)}, {due}"
    )


def charge_line(charge: Charge) -> str:
    paid_with = _paid_with(charge)
    return (
        f"{day(charge.created)}: {_money(charge.amount, charge.currency)}, {_came_out(charge)}"
        f"{f' ({paid_with})' if paid_with else ''}"
    )


def _came_out(charge: Charge) -> str:
    if charge.status == "failed":
        reason = (charge.outcome and charge.outcome.reason) or charge.failure_code
        return f"failed: {reason}" if reason else "failed"
    if charge.status != "succeeded":
        return charge.status
    if charge.refunded:
        return "refunded"
    if charge.amount_refunded:
        return f"paid, {_money(charge.amount_refunded, charge.currency)} of it refunded"
    return "paid" if charge.captured else "authorized, not captured"


def _paid_with(charge: Charge) -> str:
    method = charge.payment_method_details
    if method is None or method.type is None:
        return ""
    if method.card is None:
        return method.type.replace("_", " ")
    brand = _BRANDS.get(method.card.brand or "", method.card.brand or "card")
    return f"{brand} ending {method.card.last4}" if method.card.last4 else brand


def dispute_line(dispute: Dispute) -> str:
    due_by = dispute.evidence_details.due_by if dispute.evidence_details else None
    return (
        f"{day(dispute.created)}: {_money(dispute.amount, dispute.currency)} disputed as {dispute.reason}, "
        f"{dispute.status}{f', evidence due {day(due_by)}' if due_by else ''}"
    )


def _money(amount: int, currency: str) -> Money:
    return Money(amount=amount, currency=currency)


def day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()
