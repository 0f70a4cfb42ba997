"""What people do in an emulated HubSpot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from batonpass.domain.event import EventKind
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass_hubspot.emulated_account import EmulatedAccount, StoredRecord
from batonpass_hubspot.emulated_schema import COMPANIES, CONTACTS, DEALS, FEEDBACK, NOTES, TICKETS, stamp
from batonpass_hubspot.emulated_threads import EmulatedThread, ThreadApi

TICKET_TO_CONTACT, NOTE_TO_TICKET, FEEDBACK_TO_TICKET = 16, 228, 100
_CHANGES: Mapping[EventKind, tuple[str, str]] = {
    EventKind.CONTACT_CHANGED: (CONTACTS, "lifecyclestage"),
    EventKind.COMPANY_CHANGED: (COMPANIES, "name"),
    EventKind.DEAL_CHANGED: (DEALS, "amount"),
}
_SURVEY = ((0.34, "UNHAPPY", "0"), (0.67, "NEUTRAL", "1"), (1.0, "HAPPY", "2"))


class People:
    """Each play changes the state and leaves the telling to the account's own hooks."""

    def __init__(self, account: EmulatedAccount, threads: ThreadApi) -> None:
        self._account = account
        self._threads = threads

    def play(self, happening: Happening) -> str:
        play = self._PLAYED.get(happening.kind)
        if play is None:
            known = ", ".join(sorted(self._PLAYED))
            raise CannotPlayError(f"HubSpot's emulator does not play {happening.kind}; it plays {known}")
        return play(self, happening)

    def user_of(self, happening: Happening) -> str:
        """The user id of who does it."""
        return str(self._owner(happening)["userId"])

    # Tickets --------------------------------------------------------------------------------------------------

    def _opened(self, happening: Happening) -> str:
        contact = self._contact(happening.email or "mia.keller@example.com")
        ticket = self._account.create(
            TICKETS,
            {
                "subject": happening.text[:60],
                "content": happening.text,
                "hs_pipeline": next(iter(self._account.ticket_pipelines)),
                "hs_pipeline_stage": self._stage(closed=False),
                "source_type": "CHAT",
            },
        )
        self._account.link(TICKET_TO_CONTACT, ticket.id, contact.id)
        self._customer_says(ticket, happening.text)
        return ticket.id

    def _assigned(self, happening: Happening) -> str:
        ticket = self._ticket(happening)
        owner = str(self._owner(happening)["id"])
        if happening.group is not None:
            self._account.set(ticket, self._group(happening.group))
            return ticket.id
        if ticket.properties.get("hubspot_owner_id") == owner:
            self._account.set(ticket, {"hubspot_owner_id": ""})
        self._account.set(ticket, {"hubspot_owner_id": owner})
        return ticket.id

    def _agent_replied(self, happening: Happening) -> str:
        ticket = self._ticket(happening)
        self._threads.add(self._thread(ticket), happening.text, author=f"A-{self.user_of(happening)}")
        now = stamp(self._account.clock.now())
        first = ticket.properties.get("first_agent_reply_date") or now
        self._account.set(ticket, {"hs_last_message_sent_at": now, "first_agent_reply_date": first})
        return ticket.id

    def _customer_replied(self, happening: Happening) -> str:
        ticket = self._ticket(happening)
        self._customer_says(ticket, happening.text)
        return ticket.id

    def _noted(self, happening: Happening) -> str:
        ticket = self._ticket(happening)
        body = {"hs_note_body": happening.text, "hs_timestamp": stamp(self._account.clock.now())}
        note = self._account.create(NOTES, body)
        self._account.link(NOTE_TO_TICKET, note.id, ticket.id)
        return ticket.id

    def _waits(self, happening: Happening) -> str:
        ticket = self._ticket(happening)
        if happening.tag is not None:
            self._add_tag(ticket, happening.tag)
        self._account.set(
            ticket, {"hs_pipeline_stage": self._stage(closed=False, label="Waiting on contact")}
        )
        return ticket.id

    def _solved(self, happening: Happening) -> str:
        ticket = self._ticket(happening)
        self._account.set(ticket, {"hs_pipeline_stage": self._stage(closed=True)})
        return ticket.id

    def _reopened(self, happening: Happening) -> str:
        ticket = self._ticket(happening)
        self._account.set(ticket, {"hs_pipeline_stage": self._stage(closed=False)})
        return ticket.id

    def _rated(self, happening: Happening) -> str:
        ticket = self._ticket(happening)
        group, value = next((word, number) for most, word, number in _SURVEY if happening.score <= most)
        answer = self._account.create(
            FEEDBACK,
            {
                "hs_survey_type": "CSAT",
                "hs_value": value,
                "hs_response_group": group,
                "hs_content": happening.text,
                "hs_submission_timestamp": stamp(self._account.clock.now()),
            },
        )
        self._account.link(FEEDBACK_TO_TICKET, answer.id, ticket.id)
        return ticket.id

    def _asked(self, happening: Happening) -> str:
        ticket = self._ticket(happening)
        if happening.field is not None:
            definition = self._definition(happening.field)
            told = (happening.value or "").strip()
            by_label = {each["label"].casefold(): each["value"] for each in definition["options"]}
            self._account.set(ticket, {definition["name"]: str(by_label.get(told.casefold(), told))})
        elif happening.group is not None:
            self._account.set(ticket, self._group(happening.group))
        else:
            self._add_tag(ticket, happening.tag or "needs_person")
        return ticket.id

    def _record_changed(self, happening: Happening) -> str:
        kind, name = _CHANGES[happening.kind]
        records = self._account.of_kind(kind)
        found = [each for each in records if happening.object in {None, each.id}]
        if not found:
            raise CannotPlayError(f"there is no such one of the {kind}")
        record = found[-1]
        value = happening.value or _another(name, record.properties.get(name, ""))
        self._account.set(record, {name: value})
        return record.id

    # ----------------------------------------------------------------------------------------------------------

    def _ticket(self, happening: Happening) -> StoredRecord:
        tickets = self._account.of_kind(TICKETS)
        found = [each for each in tickets if happening.ticket in {None, each.id}]
        if not found:
            raise CannotPlayError("there is no such ticket; let one be opened first")
        return found[-1]

    def _owner(self, happening: Happening) -> dict[str, Any]:
        people = [each for each in self._account.owners.values() if not each["archived"]]
        found = next((each for each in people if happening.agent in {None, each["id"]}), None)
        if found is None:
            raise CannotPlayError("there is no such owner")
        return found

    def _contact(self, email: str) -> StoredRecord:
        found = self._account.find(CONTACTS, email, "email")
        return found[0] if found else self._account.create(CONTACTS, {"email": email})

    def _customer_says(self, ticket: StoredRecord, text: str) -> None:
        thread = self._thread(ticket)
        contact = self._account.records.get((CONTACTS, thread.contact_id))
        address = contact.properties.get("email", "") if contact else ""
        sender = {
            "actorId": f"V-{thread.contact_id}",
            "name": "",
            "senderField": "ORIGINAL_FROM",
            "deliveryIdentifier": {"type": "HS_EMAIL_ADDRESS", "value": address},
        }
        self._threads.add(thread, text, author=f"V-{thread.contact_id}", incoming=True, senders=[sender])
        self._account.set(ticket, {"hs_last_message_received_at": stamp(self._account.clock.now())})

    def _thread(self, ticket: StoredRecord) -> EmulatedThread:
        known = self._threads.thread_of(ticket.id)
        if known is not None:
            return known
        contacts = self._account.linked(TICKETS, ticket.id, CONTACTS)
        return self._threads.begin(ticket.id, contacts[0]["id"] if contacts else "0")

    def _stage(self, *, closed: bool, label: str | None = None) -> str:
        stages = next(iter(self._account.ticket_pipelines.values()))[1]
        fitting = [key for key, called, done in stages if done == closed and label in {None, called}]
        if not fitting:
            raise CannotPlayError("the account has no such stage")
        return fitting[0]

    def _add_tag(self, ticket: StoredRecord, tag: str) -> None:
        if "batonpass_tags" not in self._account.definitions[TICKETS]:
            raise CannotPlayError("HubSpot's tickets have no tags, and the account lacks batonpass_tags")
        before = [each for each in ticket.properties.get("batonpass_tags", "").split(";") if each]
        self._account.set(ticket, {"batonpass_tags": ";".join(dict.fromkeys((*before, tag)))})

    def _group(self, name: str) -> dict[str, str]:
        """An option of the property that keeps groups, where the account has one; else a team's id."""
        known = self._account.definitions[TICKETS].get("support_group")
        options = () if known is None else known["options"]
        value = next((each["value"] for each in options if name in {each["label"], each["value"]}), None)
        return {"hubspot_team_id": name} if value is None else {"support_group": str(value)}

    def _definition(self, name: str) -> dict[str, Any]:
        known = self._account.definitions[TICKETS].values()
        found = next((each for each in known if name in {each["label"], each["name"]}), None)
        if found is None:
            raise CannotPlayError(f"the account has no ticket property {name}")
        return found

    _PLAYED: ClassVar[Mapping[EventKind, Callable[[People, Happening], str]]] = {
        EventKind.TICKET_OPENED: _opened,
        EventKind.TICKET_ASSIGNED: _assigned,
        EventKind.AGENT_REPLIED: _agent_replied,
        EventKind.CUSTOMER_REPLIED: _customer_replied,
        EventKind.NOTE_ADDED: _noted,
        EventKind.STATUS_CHANGED: _waits,
        EventKind.TICKET_SOLVED: _solved,
        EventKind.TICKET_REOPENED: _reopened,
        EventKind.TICKET_RATED: _rated,
        EventKind.HANDOFF_ASKED: _asked,
        **dict.fromkeys(_CHANGES, _record_changed),
    }
    PLAYS: ClassVar[frozenset[EventKind]] = frozenset(_PLAYED)


def _another(name: str, value: str) -> str:
    """Something else than stands there."""
    choices = {"lifecyclestage": ("customer", "lead"), "amount": ("100", "200")}.get(
        name, ("Old name", "New name")
    )
    return next(each for each in choices if each != value)
