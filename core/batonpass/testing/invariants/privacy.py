"""I3: nobody reads of another customer. I4: no secret and no customer's word where machines and operators read."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from batonpass.testing.history import Acknowledged, History, Violation
from batonpass.testing.invariants.canaries import Canaries
from batonpass.testing.invariants.tickets import is_anothers, owners, texts_of

Conversation = tuple[str, str]
"""The AI agent, and its id of the conversation; the handoff's where there is none."""

_E_MAIL = re.compile(r"\w(?:@|%40|&#64;|\\u0040)(?:[\w-]+\.)+[^\W\d_]{2,}", re.IGNORECASE)
_USER_IN_URL = re.compile(r"://[\w.+~%-]*\Z")
"""`postgresql://batonpass@db.example.com` has no address in it."""
_LONGEST_USER = 64


def nobody_reads_of_another(history: History) -> Iterator[Violation]:
    """A canary stands on the tickets of its own conversation and in what is told of it, and nowhere else. No handoff
    has taken a ticket that was opened for another."""
    words = Canaries(each.canary for each in history.acknowledged)
    at_home: defaultdict[str, set[Conversation]] = defaultdict(set)
    for each in history.acknowledged:
        at_home[each.canary].add(_conversation(each))
    for text, where, about, readers in _read_by_people(history):
        strange = [word for word in words.standing_in(text) if not at_home[word] & readers]
        if strange:
            yield Violation(invariant="I3", what=f"another conversation's words stand {where}", about=about)
    keys = {ticket.id: ticket.key for ticket in history.tickets}
    for record in history.kept.values():
        if record.ticket_id is not None and is_anothers(record, keys.get(record.ticket_id)):
            what = f"its ticket {record.ticket_id} was opened for another handoff"
            yield Violation(invariant="I3", what=what, about=record.id)


def _conversation(each: Acknowledged) -> Conversation:
    return each.ai_agent, each.conversation_id or each.handoff_id


def _read_by_people(history: History) -> Iterator[tuple[str, str, str, set[Conversation]]]:
    """(text, where it stands, what a violation is about, the conversations whose words may stand there)."""
    talks: defaultdict[str, set[Conversation]] = defaultdict(set)
    for each in history.acknowledged:
        talks[each.handoff_id].add(_conversation(each))
    of_ticket = owners(history)
    for ticket in history.tickets:
        readers = {talk for handoff in of_ticket.get(ticket.id, ()) for talk in talks[handoff]}
        for text in texts_of(ticket):
            yield text, "on the ticket", ticket.id, readers
    for told in history.told:
        yield told.say, "in what the AI agent was told", told.handoff_id, talks[told.handoff_id]


def nothing_private_is_logged(history: History) -> Iterator[Violation]:
    """No secret (as it is, or as it is written in a URL, in JSON or in Basic credentials), no canary and no e-mail
    address stands in an output."""
    words = Canaries(each.canary for each in history.acknowledged)
    secrets = [form for secret in history.secrets for form in _forms(secret)]
    for name, text in history.outputs.items():
        for what, place in (
            ("a secret", _first(text, secrets)),
            ("a customer's words", _first(text.casefold(), map(str.casefold, words.standing_in(text)))),
            ("an e-mail address", _first_address(text)),
        ):
            if place >= 0:
                line = text.count("\n", 0, place) + 1
                yield Violation(invariant="I4", what=f"{what} in line {line}", about=name)


def _forms(secret: str) -> set[str]:
    whole = secret.encode()
    basic = b64encode(whole[: len(whole) // 3 * 3]).decode()  # what follows it changes the rest
    forms = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], basic if len(basic) >= 12 else ""}
    return forms - {""}


def _first(text: str, forms: Iterable[str]) -> int:
    """The place of the first one found; -1: none stands there."""
    return next((place for form in forms if (place := text.find(form)) >= 0), -1)


def _first_address(text: str) -> int:
    for found in _E_MAIL.finditer(text):
        start = max(0, found.start() - _LONGEST_USER)
        if _USER_IN_URL.search(text[start : found.start() + 1]) is None:
            return found.start()
    return -1
