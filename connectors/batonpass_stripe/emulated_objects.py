"""Stripe's objects as the emulator answers them: every field that the API promises, most of them at rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Made = dict[str, Any]


def customer(
    *,
    id: str,  # noqa: A002 - Stripe's word, here and below
    created: int,
    livemode: bool,
    email: str | None = None,
    name: str | None = None,
    currency: str | None = None,
    balance: int = 0,
    delinquent: bool = False,
    description: str | None = None,
    phone: str | None = None,
    locales: Sequence[str] = (),
    metadata: Mapping[str, str] | None = None,
) -> Made:
    return {
        "id": id,
        "object": "customer",
        "balance": balance,
        "created": created,
        "currency": currency,
        "delinquent": delinquent,
        "description": description,
        "email": email,
        "livemode": livemode,
        "metadata": dict(metadata or {}),
        "name": name,
        "phone": phone,
        "preferred_locales": list(locales),
    }


def deleted_customer(*, id: str) -> Made:  # noqa: A002
    return {"id": id, "object": "customer", "deleted": True}


def product(*, id: str, created: int, livemode: bool, name: str) -> Made:  # noqa: A002
    return {
        "id": id,
        "object": "product",
        "active": True,
        "created": created,
        "description": None,
        "images": [],
        "livemode": livemode,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "type": "service",
        "updated": created,
    }


def price(
    *,
    id: str,  # noqa: A002
    created: int,
    livemode: bool,
    product: str,
    unit_amount: int,
    currency: str,
    interval: str,
    interval_count: int,
    nickname: str | None,
) -> Made:
    return {
        "id": id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "livemode": livemode,
        "lookup_key": None,
        "metadata": {},
        "nickname": nickname,
        "product": product,
        "recurring": {
            "interval": interval,
            "interval_count": interval_count,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    }


def subscription(
    *,
    id: str,  # noqa: A002
    created: int,
    livemode: bool,
    customer: str,
    price: Made,
    quantity: int,
    status: str,
    period: tuple[int, int],
    cancel_at_period_end: bool,
    metadata: Mapping[str, str] | None,
) -> Made:
    start, end = period
    item = {
        "id": id.replace("sub_", "si_"),
        "object": "subscription_item",
        "created": created,
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "plan": {"id": price["id"], "object": "plan", "product": price["product"]},
        "price": price,
        "quantity": quantity,
        "subscription": id,
        "tax_rates": [],
    }
    return {
        "id": id,
        "object": "subscription",
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": created,
        "billing_mode": {"type": "classic"},
        "billing_schedules": [],
        "cancel_at": end if cancel_at_period_end else None,
        "cancel_at_period_end": cancel_at_period_end,
        "canceled_at": start if status == "canceled" else None,
        "collection_method": "charge_automatically",
        "created": created,
        "currency": price["currency"],
        "customer": customer,
        "description": None,
        "discounts": [],
        "ended_at": start if status == "canceled" else None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {
            "object": "list",
            "data": [item],
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={id}",
        },
        "latest_invoice": None,
        "livemode": livemode,
        "metadata": dict(metadata or {}),
        "start_date": created,
        "status": status,
        "trial_end": end if status == "trialing" else None,
        "trial_start": start if status == "trialing" else None,
    }


def invoice(
    *,
    id: str,  # noqa: A002
    created: int,
    livemode: bool,
    customer: str,
    number: str,
    amount: int,
    currency: str,
    due_date: int | None,
    status: str,
) -> Made:
    paid = amount if status == "paid" else 0
    return {
        "id": id,
        "object": "invoice",
        "amount_due": amount,
        "amount_overpaid": 0,
        "amount_paid": paid,
        "amount_remaining": amount - paid,
        "amount_shipping": 0,
        "attempt_count": 1 if paid else 0,
        "attempted": bool(paid),
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None, "status": None},
        "billing_reason": "subscription_cycle",
        "collection_method": "charge_automatically" if due_date is None else "send_invoice",
        "created": created,
        "currency": currency,
        "customer": customer,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": due_date,
        "issuer": {"type": "self"},
        "lines": {"object": "list", "data": [], "has_more": False, "url": f"/v1/invoices/{id}/lines"},
        "livemode": livemode,
        "metadata": {},
        "number": number,
        "parent": None,
        "payment_settings": {"payment_method_options": None, "payment_method_types": None},
        "period_end": created,
        "period_start": created,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": status,
        "status_transitions": {
            "finalized_at": created,
            "marked_uncollectible_at": None,
            "paid_at": created if paid else None,
            "voided_at": None,
        },
        "subtotal": amount,
        "total": amount,
    }


def charge(
    *,
    id: str,  # noqa: A002
    created: int,
    livemode: bool,
    customer: str,
    amount: int,
    currency: str,
    status: str,
    failure_code: str | None,
    refunded: int,
    brand: str,
    last4: str,
) -> Made:
    succeeded = status == "succeeded"
    return {
        "id": id,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if succeeded else 0,
        "amount_refunded": refunded,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": succeeded,
        "created": created,
        "currency": currency,
        "customer": customer,
        "description": None,
        "disputed": False,
        "failure_code": failure_code,
        "livemode": livemode,
        "metadata": {},
        "outcome": {
            "network_status": "approved_by_network" if succeeded else "declined_by_network",
            "reason": None if succeeded else failure_code,
            "type": "authorized" if succeeded else "issuer_declined",
        },
        "paid": succeeded,
        "payment_intent": None,
        "payment_method": None,
        "payment_method_details": {"type": "card", "card": {"brand": brand, "last4": last4}},
        "refunded": refunded >= amount,
        "status": status,
    }


def dispute(
    *,
    id: str,  # noqa: A002
    created: int,
    livemode: bool,
    charge: str,
    amount: int,
    currency: str,
    reason: str,
    status: str,
    due_by: int,
) -> Made:
    return {
        "id": id,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge,
        "created": created,
        "currency": currency,
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": livemode,
        "metadata": {},
        "payment_intent": None,
        "reason": reason,
        "status": status,
    }


def refund(*, id: str, created: int, charge: str, amount: int, currency: str) -> Made:  # noqa: A002
    return {
        "id": id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge,
        "created": created,
        "currency": currency,
        "metadata": {},
        "payment_intent": None,
        "reason": "requested_by_customer",
        "receipt_number": None,
        "status": "succeeded",
    }
