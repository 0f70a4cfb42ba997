"""What an AI agent hands over: the request, exactly as the API takes it.

Everything but the turns is optional: a poor request is accepted and shown as poor.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _with_zone(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999 in UTC") from None


Instant = Annotated[datetime, AfterValidator(_with_zone)]
"""A time in UTC; one that comes without a zone is read as UTC."""

Unit = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
ShortText = Annotated[str, Field(max_length=500)]
Name = Annotated[str, Field(max_length=200)]


class Value(BaseModel):
    """A frozen value with no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Role(StrEnum):
    CUSTOMER = "customer"
    AI = "ai"
    AGENT = "agent"


class Turn(Value):
    """One message of the conversation, with the AI agent's signals about it."""

    role: Role
    text: str
    at: Instant | None = None
    confidence: Unit | None = Field(None, description="The AI agent's confidence in this turn, 0 to 1.")
    sentiment: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] | None = Field(
        None, description="The customer's mood in this turn, -1 (angry) to 1 (happy)."
    )
    intent: Name | None = None
    page: ShortText | None = Field(None, description="The page the customer was on.")


class Conversation(Value):
    id: Name | None = Field(None, description="The AI agent's own id of the conversation.")
    channel: Name | None = Field(None, examples=["web_chat"])
    language: Annotated[str, Field(max_length=35)] | None = Field(
        None, description="BCP 47 tag.", examples=["en"]
    )
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]


class PageVisit(Value):
    url: Annotated[str, Field(max_length=2000)]
    title: ShortText | None = None
    at: Instant | None = None


class TechnicalContext(Value):
    errors: tuple[str, ...] = Field((), description="Error messages, verbatim.")
    browser: ShortText | None = None
    os: ShortText | None = None
    attempted_action: ShortText | None = Field(None, description="What the customer was trying to do.")


class Identity(StrEnum):
    """How sure it is who the customer is."""

    VERIFIED = "verified"
    """The AI agent's side has authenticated them (a login, a one-time code)."""
    CLAIMED = "claimed"
    """They said so, nothing more."""


class Customer(Value):
    name: Name | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    phone: Annotated[str, Field(max_length=50)] | None = None
    external_ids: dict[Name, Name] = Field(
        default_factory=dict,
        description="Ids in other systems, by connection name.",
        examples=[{"stripe": "cus_123"}],
    )
    identity: Identity = Identity.CLAIMED


class ReasonCode(StrEnum):
    """Why a person is needed: the closed list."""

    CUSTOMER_ASKED = "customer_asked"
    AI_UNSURE = "ai_unsure"
    NO_PROGRESS = "no_progress"
    UPSET_CUSTOMER = "upset_customer"
    BILLING_DISPUTE = "billing_dispute"
    SECURITY = "security"
    TECHNICAL_FAILURE = "technical_failure"
    NOT_ALLOWED = "not_allowed"
    KEY_ACCOUNT = "key_account"
    LEGAL_OR_SAFETY = "legal_or_safety"
    OTHER = "other"


class Reason(Value):
    code: ReasonCode = ReasonCode.OTHER
    text: ShortText | None = Field(None, description="The AI agent's own words.")


class Attempt(Value):
    """One thing that the AI agent tried."""

    action: ShortText
    result: ShortText | None = None


class InHelpdesk(Value):
    """Where this conversation stands in the helpdesk already; by the helpdesk's own ids."""

    ticket_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None,
        description="A ticket or conversation that agents can open: it is enriched in place, none is opened.",
    )
    conversation_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None,
        description="A messaging conversation that the AI agent holds: it is passed to the agents. Needs a "
        "connection that is set up for it; elsewhere a ticket is opened.",
    )


class HandoffRequest(Value):
    """A conversation that must go to a person."""

    conversation: Conversation
    helpdesk: InHelpdesk = InHelpdesk()
    customer: Customer = Customer()
    reason: Reason = Reason()
    attempts: tuple[Attempt, ...] = ()
    summary: str | None = Field(None, description="The AI agent's own summary; shown as its own.")
    confidence: Unit | None = Field(None, description="The AI agent's confidence when it gave up, 0 to 1.")
    pages: tuple[PageVisit, ...] = ()
    technical: TechnicalContext = TechnicalContext()
