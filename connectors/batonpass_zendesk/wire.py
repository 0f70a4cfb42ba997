"""Zendesk's JSON, as far as we use it. Its words never leave this folder; what we send is in `sent`.

https://developer.zendesk.com/api-reference/ticketing/introduction/
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from batonpass.domain.conversation import Instant

Item = TypeVar("Item")
Listed = Annotated[tuple[Item, ...], BeforeValidator(lambda value: value or ())]
"""A list that Zendesk may leave out or give as null."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


# Tickets and people -------------------------------------------------------------------------------------------


class FieldValue(_Wire):
    id: int
    value: bool | int | float | str | tuple[str, ...] | None = None


class Via(_Wire):
    channel: str | int | None = None


class TicketRating(_Wire):
    """The older satisfaction rating; `unoffered` and `offered` are scores too."""

    score: str | None = None
    comment: str | None = None


class Ticket(_Wire):
    id: int
    external_id: str | None = None
    subject: str | None = None
    status: str | None = None
    priority: str | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    requester_id: int | None = None
    ticket_form_id: int | None = None
    tags: Listed[str] = ()
    custom_fields: Listed[FieldValue] = ()
    satisfaction_rating: TicketRating | None = None
    via: Via | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class User(_Wire):
    id: int | None = None
    name: str = ""
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    role: str | None = None
    role_type: int | None = None
    active: bool = True
    suspended: bool = False


class TicketAnswer(_Wire):
    ticket: Ticket
    users: Listed[User] = ()
    """Those who have to do with it, where asked for."""


class UserAnswer(_Wire):
    user: User


class Comment(_Wire):
    id: int
    author_id: int | None = None
    html_body: str | None = None
    plain_body: str | None = None
    body: str | None = None
    public: bool = True
    created_at: Instant | None = None


class AuditEvent(_Wire):
    type: str | None = None
    field_name: str | None = None
    value: Any = None
    """Of a `Change`: the new value, in whatever type the field has."""
    body: str | None = None
    public: bool = False


class AuditSource(_Wire):
    rel: str | None = None
    to: dict[str, Any] | None = None


class AuditVia(_Wire):
    source: AuditSource | None = None


class AuditMetadata(_Wire):
    custom: dict[str, Any] | None = None


class Audit(_Wire):
    author_id: int | None = None
    created_at: Instant | None = None
    events: Listed[AuditEvent] = ()
    metadata: AuditMetadata | None = None
    via: AuditVia | None = None


class Question(_Wire):
    sub_type: str | None = None
    options: Listed[QuestionOption] = ()


class QuestionOption(_Wire):
    rating: int | None = None


class Answer(_Wire):
    type: str | None = None
    question: Question | None = None
    rating: int | None = None
    value: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class SurveyResponse(_Wire):
    """https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses"""

    answers: Listed[Answer] = ()


# The account --------------------------------------------------------------------------------------------------


class FieldOption(_Wire):
    name: str
    value: str


class TicketField(_Wire):
    id: int
    type: str
    title: str
    active: bool = True
    custom_field_options: Listed[FieldOption] = ()


class FieldAnswer(_Wire):
    ticket_field: TicketField


class Form(_Wire):
    id: int
    name: str
    active: bool = True
    ticket_field_ids: Listed[int] = ()


class Group(_Wire):
    id: int
    name: str
    deleted: bool = False


class TokenAnswer(_Wire):
    access_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
    expires_in: float | None = None


class AgentStatus(_Wire):
    id: int | None = None
    name: str | None = None
    updated_at: Instant | None = None


class AvailabilityAttributes(_Wire):
    agent_id: int
    agent_status: AgentStatus | None = None
    group_ids: Listed[int] = ()


class Availability(_Wire):
    attributes: AvailabilityAttributes


class ChannelAttributes(_Wire):
    name: str = ""
    status: str | None = None
    work_item_count: int | None = None
    max_capacity: int | None = None


class Channel(_Wire):
    id: str
    """`channels|10011|messaging`: the number is the agent's."""
    attributes: ChannelAttributes = ChannelAttributes()


class Webhook(_Wire):
    id: str
    name: str = ""
    endpoint: str = ""
    status: str = "active"
    subscriptions: Listed[str] = ()


class WebhookAnswer(_Wire):
    webhook: Webhook


class SigningSecret(_Wire):
    secret: str


class SigningSecretAnswer(_Wire):
    signing_secret: SigningSecret


class Invocation(_Wire):
    status: str = ""


class Invocations(_Wire):
    invocations: Listed[Invocation] = ()


class TriggerAction(_Wire):
    field: str = ""
    value: Any = None


class Trigger(_Wire):
    id: int
    title: str = ""
    actions: Listed[TriggerAction] = ()


class SwitchboardIntegration(_Wire):
    id: str | None = None
    name: str | None = None
    kind: str | None = Field(None, alias="integrationType")


class Conversation(_Wire):
    active: SwitchboardIntegration | None = Field(None, alias="activeSwitchboardIntegration")


class ConversationAnswer(_Wire):
    conversation: Conversation


# Pages --------------------------------------------------------------------------------------------------------


class Meta(_Wire):
    has_more: bool = False
    after_cursor: str | None = None


class Page(_Wire):
    """https://developer.zendesk.com/api-reference/introduction/pagination/#using-cursor-pagination"""

    meta: Meta = Meta()


class TicketsPage(Page):
    tickets: Listed[Ticket]


class ExportedTickets(_Wire):
    """https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/"""

    tickets: Listed[Ticket]
    after_cursor: str | None = None
    end_of_stream: bool = False


class CommentsPage(Page):
    comments: Listed[Comment]
    users: Listed[User] = ()


class AuditsPage(Page):
    audits: Listed[Audit]


class SurveyResponsesPage(Page):
    survey_responses: Listed[SurveyResponse]


class FieldsPage(Page):
    ticket_fields: Listed[TicketField]


class FormsPage(Page):
    ticket_forms: Listed[Form]


class GroupsPage(Page):
    groups: Listed[Group]


class UsersPage(Page):
    users: Listed[User]


class AvailabilitiesPage(Page):
    data: Listed[Availability]
    included: Listed[Channel] = ()


class WebhooksPage(Page):
    webhooks: Listed[Webhook]


class TriggersPage(Page):
    triggers: Listed[Trigger]
