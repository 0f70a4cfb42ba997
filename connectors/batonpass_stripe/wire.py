"""Stripe's JSON, as far as we use it: https://docs.stripe.com/api, version 2026-10-28.endive.

Amounts are integers in the currency's smallest unit, times are seconds since 1970.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

Seconds = Annotated[int, Field(ge=0, lt=253_402_300_800)]
"""Since 1970, up to the last that is a date (the year 9999)."""


class Wire(BaseModel):
    """A frozen part of an answer; what we do not use is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class StripeObject(Wire):
    id: str
    livemode: bool | None = None
    """None where the object does not say (a deleted customer)."""


Item = TypeVar("Item", bound=Wire)


class Page(Wire, Generic[Item]):
    data: tuple[Item, ...]
    has_more: bool = False


class Customer(StripeObject):
    deleted: bool = False
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    """As it was typed."""
    preferred_locales: tuple[str, ...] | None = None
    currency: str | None = None
    balance: int | None = None
    """What no invoice has taken up yet. Below zero: credit for the next invoice; above: added to it."""
    delinquent: bool | None = None
    created: Seconds | None = None
    metadata: dict[str, str] | None = None


class Recurring(Wire):
    interval: str
    interval_count: int = Field(1, ge=1)
    usage_type: str = "licensed"


class TransformQuantity(Wire):
    """Sold in packs: the quantity is divided before it is priced."""

    divide_by: int = Field(ge=1)
    round: str


class Price(StripeObject):
    currency: str
    billing_scheme: str = "per_unit"
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    """Set also where the amount is no whole number of cents."""
    recurring: Recurring | None = None
    transform_quantity: TransformQuantity | None = None
    product: str
    nickname: str | None = None
    lookup_key: str | None = None


class SubscriptionItem(Wire):
    id: str
    price: Price
    quantity: int | None = None
    current_period_end: Seconds
    """On the item since basil: https://docs.stripe.com/changelog/basil/2025-03-31"""


class Subscription(StripeObject):
    status: str
    created: Seconds
    customer: str | None = None
    currency: str | None = None
    start_date: Seconds | None = None
    """Before `created` where it was backdated."""
    cancel_at_period_end: bool = False
    cancel_at: Seconds | None = None
    ended_at: Seconds | None = None
    items: Page[SubscriptionItem]
    metadata: dict[str, str] | None = None


class Invoice(StripeObject):
    customer: str | None = None
    status: str | None = None
    number: str | None = None
    """None of a draft."""
    currency: str
    amount_due: int | None = None
    amount_paid: int | None = None
    amount_remaining: int
    created: Seconds
    due_date: Seconds | None = None


class Card(Wire):
    brand: str | None = None
    last4: str | None = None


class PaymentMethodDetails(Wire):
    type: str | None = None
    card: Card | None = None


class Outcome(Wire):
    reason: str | None = None


class Charge(StripeObject):
    amount: int
    amount_refunded: int = 0
    currency: str
    created: Seconds
    status: str
    captured: bool = True
    refunded: bool = False
    disputed: bool = False
    failure_code: str | None = None
    outcome: Outcome | None = None
    payment_method_details: PaymentMethodDetails | None = None


class EvidenceDetails(Wire):
    due_by: Seconds | None = None


class DisputedCharge(Wire):
    id: str
    customer: str | None = None


class Dispute(StripeObject):
    """It names its charge and no customer."""

    amount: int
    currency: str
    created: Seconds
    reason: str
    status: str
    charge: str | DisputedCharge | None = None
    """The charge itself where that was asked for (`expand`)."""
    evidence_details: EvidenceDetails | None = None


class Product(StripeObject):
    name: str


class ErrorDetails(Wire):
    type: str
    code: str | None = None
    decline_code: str | None = None
    param: str | None = None
    message: str | None = None
    """Quotes what was sent: only the name of a missing permission is taken from it."""


class ErrorBody(Wire):
    error: ErrorDetails


class WebhookEndpoint(StripeObject):
    """https://docs.stripe.com/api/webhook_endpoints/object"""

    url: str
    status: str
    enabled_events: tuple[str, ...]
    secret: SecretStr | None = None
    """Only in the answer that made it."""


class ListedData(Wire):
    object: dict[str, Any]
    """As it stood then, and in the shape of `api_version`."""

    @field_validator("object")
    @classmethod
    def _with_id(cls, value: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(value.get("id"), str):
            raise PydanticCustomError("no_id", "the object has no id")
        return value


class ListedEvent(StripeObject):
    """One of `GET /v1/events`: https://docs.stripe.com/api/events/list"""

    type: str
    created: Seconds
    api_version: str | None = None
    data: ListedData


class EventSubject(Wire):
    id: str | None = None
    charge: object = None
    """On a refund: the id of the charge that it is of."""


class EventData(Wire):
    object: EventSubject | None = None


class EventBody(Wire):
    """The body of a webhook delivery: https://docs.stripe.com/api/events/object

    A thin event (https://docs.stripe.com/event-destinations#thin-events) fits too: its time is a text.
    """

    id: Annotated[str, Field(min_length=1, max_length=255)]
    type: Annotated[str, Field(min_length=1, max_length=255)]
    created: AwareDatetime
    account: str | None = None
    """The connected account that it happened in; None: the endpoint's own."""
    livemode: bool | None = None
    data: EventData | None = None
