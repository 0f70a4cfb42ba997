"""Opening one ticket per key, and finding it again."""

from __future__ import annotations

from collections import OrderedDict

from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.ticket import Requester, TicketDraft, TicketKey
from batonpass_hubspot.client import MOST_IN_A_BATCH, ObjectType
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.desk_wire import NewRecord, linked_to
from batonpass_hubspot.fields import (
    CONTENT,
    KEY_PROPERTY,
    OWNER,
    PIPELINE,
    PRIORITIES,
    PRIORITY,
    STAGE,
    SUBJECT,
    TAGS_PROPERTY,
    written,
)
from batonpass_hubspot.groups import group_property
from batonpass_hubspot.requesters import Requesters

TICKET_TO_CONTACT = 16
HANDED_OVER = "Handed over by the AI agent. What is known stands in the notes of this ticket."
"""A ticket's description, which its customer may see in the portal; the note is never in it."""
MOST_REMEMBERED = 10_000
_TRIES = 3


class Opening:
    """With the account's own unique property `batonpass_key` HubSpot itself keeps a second ticket from being opened,
    and a read by that property finds the first.

    Where the property is missing tickets are opened all the same: the key then stands at the end of the description,
    is looked for on the contact's own tickets before each opening, and is remembered while the process lives. So two
    calls at once, or a ticket without a contact after a restart, can open two.
    """

    def __init__(self, desk: Desk, requesters: Requesters) -> None:
        self._desk = desk
        self._requesters = requesters
        self._unkeyed: OrderedDict[TicketKey, str] = OrderedDict()

    async def open(self, draft: TicketDraft, key: TicketKey) -> str:
        """The new ticket's id, or that of the one which has this key."""
        contact_id = await self._requesters.contact_for(draft.requester)
        own = await self._desk.own_properties()
        anew = False
        for _ in range(_TRIES):
            if KEY_PROPERTY not in own and (found := await self._found_unkeyed(key, contact_id)):
                return found
            new = await self._record(draft, key, contact_id, own, anew=anew)
            try:
                record = await self._desk.api.create(ObjectType.TICKETS, new)
            except RefusedError as refused:
                if refused.status not in {400, 409}:
                    raise
                if KEY_PROPERTY in own and (found := await self._after_refusal(refused, key)):
                    return found
                if KEY_PROPERTY in own and KEY_PROPERTY in refused.fields:
                    own = own - {KEY_PROPERTY}  # somebody has deleted it: looked up ten minutes ago at most
                    self._desk.properties.forget()
                elif {"status", "form"} & set(refused.fields) and not anew:
                    anew = True  # the stage is gone since the pipelines were read
                else:
                    raise
            else:
                if KEY_PROPERTY not in own:
                    self._remember(key, record.id)
                return record.id
        raise RefusedError("tickets.create: refused each time", code="refused")

    async def find(self, key: TicketKey, requester: Requester | None) -> str | None:
        try:
            found = await self._by_key(key)
        except RefusedError as refused:
            if refused.status != 400:  # so it answers for a property that there is not
                raise
            found = None
        return found or await self._found_unkeyed(key, await self._requesters.known(requester))

    async def _by_key(self, key: TicketKey) -> str | None:
        if KEY_PROPERTY not in await self._desk.own_properties():
            return None
        record = await self._desk.api.read(
            ObjectType.TICKETS, key, properties=(KEY_PROPERTY,), id_property=KEY_PROPERTY
        )
        return record.id if record is not None and record.stored(KEY_PROPERTY) == key else None

    async def _after_refusal(self, refused: RefusedError, key: TicketKey) -> str | None:
        """The ticket with this key. HubSpot documents no code for a unique value that is taken, so that it is looked
        for after any refusal of a write."""
        try:
            found = await self._by_key(key)
        except RefusedError:
            return None
        taken = refused.status == 409 or any("UNIQUE" in reason for reason in refused.reasons)
        if found is None and taken:
            raise OutcomeUnknownError(
                "tickets.create: the key is taken, but no ticket has it", code="key_used"
            ) from None
        return found

    async def _found_unkeyed(self, key: TicketKey, contact_id: str | None) -> str | None:
        if key in self._unkeyed or contact_id is None:
            return self._unkeyed.get(key)
        ids = await self._desk.api.linked_ids(ObjectType.CONTACTS, contact_id, ObjectType.TICKETS)
        newest = ids[:MOST_IN_A_BATCH]
        if not newest:
            return None
        records = await self._desk.crm.read_batch(ObjectType.TICKETS, newest, (CONTENT,))
        marked = [each.id for each in records if each.stored(CONTENT).rstrip().endswith(_marker(key))]
        return min(marked, key=lambda each: (len(each), each), default=None)

    def _remember(self, key: TicketKey, ticket_id: str) -> None:
        self._unkeyed[key] = ticket_id
        if len(self._unkeyed) > MOST_REMEMBERED:
            self._unkeyed.popitem(last=False)

    async def _record(
        self, draft: TicketDraft, key: TicketKey, contact_id: str | None, own: frozenset[str], *, anew: bool
    ) -> NewRecord:
        stages = await self._desk.stages(anew=anew)
        form_id = None if draft.form is None else draft.form.id
        if form_id is not None and stages.of_form(form_id) is None:
            stages = await self._desk.stages(anew=True)
        pipeline, stage = stages.for_new(form_id)
        keyed = KEY_PROPERTY in own
        properties: dict[str, str] = {
            SUBJECT: draft.subject,
            CONTENT: HANDED_OVER if keyed else f"{HANDED_OVER}\n{_marker(key)}",
            PIPELINE: pipeline.id,
            STAGE: stage.id,
            **{str(field.id): written(field.value) for field in draft.fields},
        }
        if keyed:
            properties[KEY_PROPERTY] = key
        if draft.group is not None:
            properties[group_property(self._desk.settings)] = draft.group.id
        if draft.assignee is not None:
            properties[OWNER] = draft.assignee.id
        if draft.priority is not None:
            properties[PRIORITY] = PRIORITIES[draft.priority]
        if draft.tags and TAGS_PROPERTY in own:
            properties[TAGS_PROPERTY] = ";".join(draft.tags)
        links = () if contact_id is None else (linked_to(contact_id, TICKET_TO_CONTACT),)
        return NewRecord(properties=properties, associations=links)


def _marker(key: TicketKey) -> str:
    return f"ref: batonpass-ticket-{key}"
