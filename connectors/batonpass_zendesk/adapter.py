"""Our words ↔ Zendesk's: the ports, on top of its endpoints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from batonpass.domain.clock import Clock
from batonpass.domain.errors import CredentialsRefusedError, OutcomeUnknownError, RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactRule, FactValue, Person, Standing
from batonpass.domain.text import one_line
from batonpass.domain.ticket import (
    FieldContent,
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    Group,
    Note,
    NoteKey,
    Priority,
    Requester,
    StoredTicket,
    TicketChange,
    TicketDraft,
    TicketKey,
    TicketLimits,
    TicketRef,
)
from batonpass.ports import Access, Connecting
from batonpass_zendesk import TOKENS_END, ZendeskSettings, wire
from batonpass_zendesk.client import ZendeskClient
from batonpass_zendesk.login import HOSTS, credentials_for

LIMITS = TicketLimits(subject=150, note=60_000)
"""The subject's limit is that of the agents' screen, the API documents none. Of a comment Zendesk advises at most
65,000 characters; the room is for its own markup and our marker."""

KINDS = {
    "text": FieldKind.TEXT,
    "textarea": FieldKind.LONG_TEXT,
    "checkbox": FieldKind.CHECKBOX,
    "date": FieldKind.DATE,
    "integer": FieldKind.INTEGER,
    "decimal": FieldKind.DECIMAL,
    "regexp": FieldKind.TEXT,
    "tagger": FieldKind.DROPDOWN,
    "multiselect": FieldKind.MULTISELECT,
    "partialcreditcard": FieldKind.OTHER,
    "lookup": FieldKind.OTHER,
}
"""Custom field types; one that is not here is `OTHER`.
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/#json-format"""

SYSTEM_FIELDS = frozenset(
    {
        "subject", "description", "status", "custom_status", "tickettype", "priority", "basic_priority", "group",
        "assignee", "ticket_form", "brand", "requester", "ccs", "tags",
    }
)  # fmt: skip

RECENT = 5
NAME_OF_NOBODY = "Customer"
"""Zendesk makes no user without a name; a part of the address would leak it to whoever sees the name."""
# Zendesk fills in {{ticket.id}} and runs {% … %} in comments, whoever wrote them: also the customer.
_PLACEHOLDER = re.compile(r"\{(?=[{%])")
_WORD_JOINER = "\N{WORD JOINER}"


def open_zendesk(settings: ZendeskSettings, connecting: Connecting) -> Zendesk:
    transport = connecting.open_transport(
        base_url=settings.address,
        hosts=HOSTS,
        credentials=credentials_for(settings, connecting),
        explain=wire.explain,
    )
    return Zendesk(
        ZendeskClient(transport),
        name=connecting.name,
        address=settings.address,
        clock=connecting.clock,
        warnings=(f"{TOKENS_END.what} {TOKENS_END.on}; {TOKENS_END.fix}",) if settings.api_token else (),
    )


class Zendesk:
    """One Zendesk account as `Helpdesk`, `FactSource` and `Probe`."""

    def __init__(
        self, client: ZendeskClient, *, name: str, address: str, clock: Clock, warnings: tuple[str, ...] = ()
    ) -> None:
        self._client = client
        self._name = name
        self._address = address
        self._clock = clock
        self._warnings = warnings

    # Helpdesk -------------------------------------------------------------------------------------------------

    async def open_ticket(self, draft: TicketDraft, *, key: TicketKey) -> TicketRef:
        """Zendesk itself keeps the key for two hours; after that, `find_ticket` before a repeat."""
        try:
            return self._ref(await self._client.create_ticket(_new_ticket(draft, key)))
        except RefusedError as refused:
            if refused.status == 409:
                raise OutcomeUnknownError(
                    "tickets.create: a call with this key is still under way", code="in_progress"
                ) from None
            if "IdempotentRequestError" not in refused.reasons:
                raise
        found = await self.find_ticket(key)
        if found is None:
            raise OutcomeUnknownError(
                "tickets.create: the key was used, but no ticket has it", code="key_used"
            )
        return found

    async def find_ticket(self, key: TicketKey, *, requester: Requester | None = None) -> TicketRef | None:
        del requester  # `external_id` is enough
        found = await self._client.tickets_with_external_id(key)
        return self._ref(min(found, key=lambda ticket: ticket.id)) if found else None

    async def read_ticket(self, ref: TicketRef) -> StoredTicket:
        """Field values in the type that Zendesk's JSON gives them: numbers and dates come as text, so compare
        with `batonpass.domain.ticket.landed`."""
        ticket = await self._client.ticket(_number(ref.id, "ticket"))
        return StoredTicket(
            ref=self._ref(ticket),
            subject=ticket.subject or "",
            priority=Priority(ticket.priority) if ticket.priority in set(Priority) else None,
            group_id=None if ticket.group_id is None else str(ticket.group_id),
            tags=frozenset(ticket.tags),
            fields={FieldId(str(field.id)): _content(field.value) for field in ticket.custom_fields},
        )

    async def append_note(self, ref: TicketRef, note: Note, *, key: NoteKey) -> None:
        html = f"{_literal(note.html)}<p>ref: {_marker(key)}</p>"
        await self._client.add_comment(_number(ref.id, "ticket"), wire.NewComment(html_body=html))

    async def find_note(self, ref: TicketRef, *, key: NoteKey) -> bool:
        ending = re.compile(rf"ref: {re.escape(_marker(key))}(?:<[^<>]*>|&nbsp;|\s)*\Z")
        async for comment in self._client.newest_comments(_number(ref.id, "ticket")):
            if not comment.public and ending.search(comment.html_body or ""):
                return True
        return False

    def ticket_ref(self, ticket_id: str) -> TicketRef:
        number = _number(ticket_id, "ticket")
        return TicketRef(id=str(number), url=f"{self._address}/agent/tickets/{number}")

    async def change_ticket(self, ref: TicketRef, change: TicketChange) -> None:
        await self._client.update_ticket(_number(ref.id, "ticket"), _changed(change))

    async def field_schema(self) -> FieldSchema:
        fields = await self._client.ticket_fields()
        groups = await self._client.groups()
        return FieldSchema(
            fields=tuple(_definition(field) for field in fields if field.type not in SYSTEM_FIELDS),
            groups=tuple(Group(id=str(group.id), name=group.name) for group in groups if not group.deleted),
            limits=LIMITS,
            as_of=self._clock.now(),
        )

    def _ref(self, ticket: wire.Ticket) -> TicketRef:
        return TicketRef(id=str(ticket.id), url=f"{self._address}/agent/tickets/{ticket.id}")

    # FactSource -----------------------------------------------------------------------------------------------

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """`support.recent_tickets` and `support.tickets_90_days` (counted up to 100); needs no rules."""
        del rules
        known_as = person.id_at(self._name, "zendesk")
        if known_as is None and not person.email:
            return FactAnswer(standing=Standing.NO_KEY)
        ids = await self._user_ids(known_as, person.email or "")
        if len(ids) != 1:
            return FactAnswer(standing=Standing.AMBIGUOUS if ids else Standing.NOT_FOUND)
        try:
            tickets = await self._client.newest_tickets_of(ids.pop())
        except RefusedError as refused:
            if refused.status == 404:
                return FactAnswer(standing=Standing.NOT_FOUND)
            raise
        earlier = tuple(ticket for ticket in tickets if str(ticket.id) != person.ticket_id)
        return FactAnswer(standing=Standing.FOUND, facts=self._history(earlier))

    async def _user_ids(self, known_as: str | None, email: str) -> set[int]:
        """An id in digits is Zendesk's own; any other is the external id that the account gave its user."""
        if known_as is not None and re.fullmatch(r"[0-9]{1,19}", known_as):
            return {int(known_as)}
        if known_as is not None:
            users = await self._client.users_with_external_id(known_as)
        else:
            same = email.strip().casefold()
            found = await self._client.search_users(query=email.strip())
            users = tuple(user for user in found if (user.email or "").casefold() == same)
        return {user.id for user in users if user.active and user.id is not None}

    def _history(self, tickets: tuple[wire.Ticket, ...]) -> tuple[Fact, ...]:
        now = self._clock.now()
        since = now - timedelta(days=90)
        lately = sum(ticket.created_at is not None and ticket.created_at >= since for ticket in tickets)
        recent = tuple(_line(ticket) for ticket in tickets[:RECENT])
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if recent:
            values.insert(0, ("support.recent_tickets", recent))
        return tuple(Fact(name=name, value=value, source=self._name, as_of=now) for name, value in values)

    # Probe ----------------------------------------------------------------------------------------------------

    async def check_access(self) -> Access:
        me = await self._client.me()
        if me.id is None:  # Zendesk answers 200 with an "Anonymous user" where it recognises nobody
            raise CredentialsRefusedError(f"{self._name}: Zendesk does not know these credentials")
        if me.role not in {"agent", "admin"}:
            raise RefusedError(f"{self._name}: the login belongs to no agent or admin", code="forbidden")
        account = f"{urlsplit(self._address).hostname}, as {one_line(me.name)}"
        return Access(account=account, warnings=self._warnings)


# Ours → Zendesk's ---------------------------------------------------------------------------------------------


def _new_ticket(draft: TicketDraft, key: TicketKey) -> wire.NewTicket:
    return wire.NewTicket(
        subject=draft.subject,
        external_id=key,
        comment=wire.NewComment(html_body=_literal(draft.note.html)),
        requester=_requester(draft.requester),
        priority=draft.priority,
        group_id=None if draft.group is None else _number(draft.group.id, "group"),
        tags=list(draft.tags) or None,
        custom_fields=[
            wire.NewFieldValue(id=_number(field.id, field.id), value=_written(field.value))
            for field in draft.fields
        ]
        or None,
    )


def _changed(change: TicketChange) -> wire.ChangedTicket:
    return wire.ChangedTicket(
        subject=change.subject,
        priority=change.priority,
        group_id=None if change.group is None else _number(change.group.id, "group"),
        assignee_id=None if change.assignee is None else _number(change.assignee.id, "assignee"),
        status=change.status,
        additional_tags=list(change.add_tags) or None,
        custom_fields=[
            wire.NewFieldValue(id=_number(field.id, field.id), value=_written(field.value))
            for field in change.fields
        ]
        or None,
    )


def _requester(requester: Requester | None) -> wire.NewRequester | None:
    if requester is None or not (requester.name or requester.email):
        return None
    return wire.NewRequester(name=requester.name or NAME_OF_NOBODY, email=requester.email)


def _number(value: str, field: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", value):
        raise RefusedError(f"{field}: Zendesk's ids are numbers", fields=(field,), code="not_found")
    return int(value)


def _written(value: FieldContent) -> bool | int | str | list[str]:
    match value:
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case tuple():
            return list(value)
        case _:
            return value


def _literal(html: str) -> str:
    """The HTML with nothing in it that Zendesk would take for a placeholder and fill in."""
    return _PLACEHOLDER.sub("{" + _WORD_JOINER, html)


def _marker(key: NoteKey) -> str:
    return f"batonpass-note-{key}"


# Zendesk's → ours ---------------------------------------------------------------------------------------------


def _definition(field: wire.TicketField) -> FieldDefinition:
    return FieldDefinition(
        id=FieldId(str(field.id)),
        name=field.title,
        kind=KINDS.get(field.type, FieldKind.OTHER),
        active=field.active,
        required=field.required,
        options=tuple(
            FieldOption(value=option.value, label=option.name) for option in field.custom_field_options
        ),
    )


def _content(value: bool | float | str | tuple[str, ...] | None) -> FieldContent | None:
    return Decimal(str(value)) if isinstance(value, float) else value


def _line(ticket: wire.Ticket) -> str:
    opened = ticket.created_at.date().isoformat() if ticket.created_at else "date unknown"
    return f"#{ticket.id} {one_line(ticket.subject or '(no subject)')} ({ticket.status or 'status unknown'}, {opened})"
