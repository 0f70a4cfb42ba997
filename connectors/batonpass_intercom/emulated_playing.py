"""What people do at an emulated workspace, said in our words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from batonpass.domain.clock import Clock
from batonpass.domain.event import EventKind
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass_intercom.emulated_account import Account, EmulatedAdmin, EmulatedWork, Stored
from batonpass_intercom.emulated_desk import Desk, as_typed

PLAYS = frozenset(
    {
        EventKind.TICKET_OPENED,
        EventKind.TICKET_ASSIGNED,
        EventKind.AGENT_REPLIED,
        EventKind.CUSTOMER_REPLIED,
        EventKind.NOTE_ADDED,
        EventKind.STATUS_CHANGED,
        EventKind.TICKET_SOLVED,
        EventKind.TICKET_REOPENED,
        EventKind.TICKET_RATED,
        EventKind.HANDOFF_ASKED,
        EventKind.AGENT_PRESENCE_CHANGED,
    }
)


class Play:
    def __init__(self, account: Account, desk: Desk, clock: Clock, own: EmulatedAdmin) -> None:
        self._account = account
        self._desk = desk
        self._clock = clock
        self._own = own

    def play(self, happening: Happening) -> str:
        if happening.kind not in PLAYS:
            known = ", ".join(sorted(PLAYS))
            raise CannotPlayError(f"Intercom's emulator does not play {happening.kind}; it plays {known}")
        if happening.kind is EventKind.AGENT_PRESENCE_CHANGED:
            return self._away(happening)
        if happening.kind is EventKind.TICKET_OPENED:
            return self._opened(happening)
        work = self._work(happening)
        plays: Mapping[EventKind, Callable[[EmulatedWork, Happening], None]] = {
            EventKind.TICKET_ASSIGNED: self._assigned,
            EventKind.AGENT_REPLIED: self._replied,
            EventKind.CUSTOMER_REPLIED: self._wrote,
            EventKind.NOTE_ADDED: self._noted,
            EventKind.STATUS_CHANGED: self._pending,
            EventKind.TICKET_SOLVED: self._solved,
            EventKind.TICKET_REOPENED: self._reopened,
            EventKind.TICKET_RATED: self._rated,
            EventKind.HANDOFF_ASKED: self._asked,
        }
        plays[happening.kind](work, happening)
        return named(work)

    def _opened(self, happening: Happening) -> str:
        """A customer writes: a conversation."""
        contacts = [each for each in self._account.contacts.values() if each.email]
        wanted = [each for each in contacts if happening.email in {None, each.email}]
        if wanted:
            contact = wanted[0]
        elif happening.email is None:
            raise CannotPlayError("there is no contact yet: say an email")
        else:
            contact = self._account.add_contact(self._clock.now(), email=happening.email)
        return named(self._desk.start_conversation(contact, happening.text))

    def _away(self, happening: Happening) -> str:
        admin = self._agent(happening)
        admin.away = not admin.away
        self._desk.tell_away(admin)
        return str(admin.id)

    def _assigned(self, work: EmulatedWork, happening: Happening) -> None:
        if happening.group is not None:
            self._desk.assign(work, self._agent(happening), team_id=self._team(happening.group))
        else:
            admin = self._agent(happening)
            self._desk.assign(work, admin, admin_id=admin.id)

    def _replied(self, work: EmulatedWork, happening: Happening) -> None:
        self._desk.say(work, "comment", as_typed(happening.text), self._agent(happening))

    def _wrote(self, work: EmulatedWork, happening: Happening) -> None:
        contact = self._account.contacts[work.contact_id]
        self._desk.say(work, "comment", as_typed(happening.text), contact)

    def _noted(self, work: EmulatedWork, happening: Happening) -> None:
        self._desk.say(work, "note", as_typed(happening.text), self._agent(happening))

    def _pending(self, work: EmulatedWork, happening: Happening) -> None:
        if work.kind == "ticket":
            self._desk.set_category(work, "waiting_on_customer", self._agent(happening))
        else:
            self._desk.set_open(work, "snoozed", self._agent(happening))

    def _solved(self, work: EmulatedWork, happening: Happening) -> None:
        if work.kind == "ticket":
            self._desk.set_category(work, "resolved", self._agent(happening))
        else:
            self._desk.set_open(work, "closed", self._agent(happening))

    def _reopened(self, work: EmulatedWork, happening: Happening) -> None:
        if work.kind == "ticket":
            self._desk.set_category(work, "in_progress", self._agent(happening))
        else:
            self._desk.set_open(work, "open", self._agent(happening))

    def _rated(self, work: EmulatedWork, happening: Happening) -> None:
        self._desk.rate(work, 1 + round(happening.score * 4), happening.text)

    def _asked(self, work: EmulatedWork, happening: Happening) -> None:
        agent = self._agent(happening)
        if happening.tag is not None:
            self._desk.tag(work, self._account.tag(happening.tag), agent)
        elif happening.group is not None:
            self._desk.assign(work, agent, team_id=self._team(happening.group))
        elif happening.field is not None:
            stored = self._stored(work, happening.field, happening.value or "")
            self._desk.set_attributes(work, {happening.field: stored}, agent)
        else:
            raise CannotPlayError("say a tag, a group, or a field and its value")

    def _stored(self, work: EmulatedWork, name: str, value: str) -> Stored:
        fields = self._account.fields_of(work.kind, work.type_id).values()
        known = next((each for each in fields if each.name == name), None)
        if known is None:
            raise CannotPlayError(f"a {work.kind} has no attribute {name!r}")
        if known.data_type == "boolean":
            return value == "true"
        if known.data_type == "list" and work.kind == "ticket":
            return next((id_ for id_, label in known.items.items() if label == value), value)
        return value

    def _work(self, happening: Happening) -> EmulatedWork:
        works = self._account.work
        if happening.ticket is None:
            if not works:
                raise CannotPlayError("there is no ticket and no conversation yet")
            return works[max(works)]
        found = next((work for work in works.values() if named(work) == happening.ticket), None)
        if found is None:
            raise CannotPlayError(f"there is no {happening.ticket}")
        return found

    def _agent(self, happening: Happening) -> EmulatedAdmin:
        people = [
            each for each in self._account.admins.values() if each.has_inbox_seat and each is not self._own
        ]
        wanted = [each for each in people if happening.agent in {None, str(each.id)}]
        if not wanted:
            raise CannotPlayError(f"there is no teammate {happening.agent or 'at all'}")
        return wanted[0]

    def _team(self, name: str) -> int:
        found = next((id_ for id_, each in self._account.teams.items() if each == name), None)
        if found is None:
            raise CannotPlayError(f"there is no team {name!r}")
        return found


def named(work: EmulatedWork) -> str:
    """`TicketRef.id`."""
    return f"{work.kind}-{work.id}"
