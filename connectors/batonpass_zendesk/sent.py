"""What we send to Zendesk, as it wants it. Its words never leave this folder.

https://developer.zendesk.com/api-reference/ticketing/introduction/
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class NewComment(_Sent):
    html_body: str
    public: bool = False
    """Always sent: without it the first comment is public, and later ones follow the last."""


class NewRequester(_Sent):
    name: str
    email: str | None = None


class NewFieldValue(_Sent):
    id: int
    value: bool | int | str | list[str]


class NewTicket(_Sent):
    subject: str
    external_id: str
    comment: NewComment
    requester: NewRequester | None = None
    priority: str | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    ticket_form_id: int | None = None
    tags: list[str] | None = None
    custom_fields: list[NewFieldValue] | None = None


class ChangedTicket(_Sent):
    """Only what stands here is changed; `tags` would replace the whole list."""

    subject: str | None = None
    priority: str | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    status: str | None = None
    additional_tags: list[str] | None = None
    custom_fields: list[NewFieldValue] | None = None
    comment: NewComment | None = None
    metadata: dict[str, str] | None = None
    """Kept in the change's audit as `metadata.custom`; nobody sees it on the ticket.
    https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/#setting-metadata"""


class NewOption(_Sent):
    name: str
    value: str
    """The option's tag."""


class NewTicketField(_Sent):
    type: str
    title: str
    custom_field_options: list[NewOption] | None = None


class NewWebhook(_Sent):
    name: str
    endpoint: str
    subscriptions: list[str]
    description: str
    http_method: str = "POST"
    request_format: str = "json"
    status: str = "active"


class ChangedWebhook(_Sent):
    status: str | None = None
    subscriptions: list[str] | None = None


class Condition(_Sent):
    """https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/"""

    field: str
    operator: str
    value: str


class Conditions(_Sent):
    all: list[Condition] = []
    any: list[Condition] = []


class Action(_Sent):
    field: str
    value: list[str]


class NewTrigger(_Sent):
    title: str
    description: str
    conditions: Conditions
    actions: list[Action]
    active: bool = True


class PassedControl(_Sent):
    """https://developer.zendesk.com/api-reference/conversations/#operation/passControl"""

    switchboardIntegration: str  # noqa: N815 - Zendesk's word
    metadata: dict[str, str | int | bool]
