"""Whom a source is asked about: what they are known by, and which of a source's records are theirs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase

from batonpass.domain.conversation import Identity

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_NOT_DIALLED = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")
_LONGEST = 320
"""Characters of a stored address, number or name that are looked at."""
# `str.lower` would turn the Kelvin sign into a k: two addresses that look alike and are not the same.
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


class MatchRule(StrEnum):
    """By what a person may be looked up: `[identity] match`."""

    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    PHONE = "phone"


class MatchStrength(StrEnum):
    """How sure it is that the record is this person's, in the words that agents read."""

    EXACT_ID = "exact id"
    VERIFIED_EMAIL = "verified e-mail"
    CLAIMED_EMAIL = "claimed e-mail"
    """They said that it is theirs, nothing more; only where `claimed_identity_facts` allows it."""
    PHONE = "phone"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchKey:
    """One thing to look up with."""

    rule: MatchRule
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedId:
    """The person's id at a connection, as another system tells it."""

    connection: str
    id: str
    strength: MatchStrength
    """Of the weakest link on the way to it: never less than a verified address."""
    via: str
    """From where, for people: "crm customer 123"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom to look up. Looking up by a name alone is never done.

    The values are normalised once, where a person is made of a request: an e-mail address has its domain in ASCII, a
    phone number is E.164.
    """

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    external_ids: tuple[tuple[str, str], ...] = ()
    """(connection or connector name, id there)."""
    identity: Identity = Identity.CLAIMED
    ticket_id: str | None = None
    """The ticket that this handoff has by now: no part of the person's history."""
    match: tuple[MatchRule, ...] = tuple(MatchRule)
    """The rules in force, in their order."""
    domains: tuple[str, ...] = ()
    """The domain of `email` in all the ways in which it may be stored: ASCII first, then Unicode where that differs."""
    phones: tuple[str, ...] = ()
    """`phone` in all the ways in which it may be stored, as they are dialled: `+4930123456`, at home `030123456`."""
    folds_case: bool = False
    """Whether two addresses are the same whose local parts differ in the case of ASCII letters."""
    linked: tuple[LinkedId, ...] = ()
    """Ids that are not the request's own: each is used at its connection alone, and only where it names somebody."""

    def linked_at(self, connection: str) -> LinkedId | None:
        return next((each for each in self.linked if each.connection == connection), None)

    def id_at(self, *names: str) -> str | None:
        """The person's id at the first of these systems that is known, or None."""
        known = dict(self.external_ids)
        return next((known[name] for name in names if name in known), None)

    def keys(self, *names: str) -> tuple[MatchKey, ...]:
        """What to look up with at the system that goes by these names, in the order of the rules.

        An id that is known there decides alone: where it names nobody, whoever has their address by now is somebody
        else. A phone number counts only beside a name, for families and offices share numbers.
        """
        known_as = self._value(MatchRule.EXTERNAL_ID, names)
        if known_as is not None and MatchRule.EXTERNAL_ID in self.match:
            return (MatchKey(rule=MatchRule.EXTERNAL_ID, value=known_as),)
        others = [rule for rule in self.match if rule is not MatchRule.EXTERNAL_ID]
        told = ((rule, self._value(rule, names)) for rule in others)
        return tuple(MatchKey(rule=rule, value=value) for rule, value in told if value is not None)

    def _value(self, rule: MatchRule, names: tuple[str, ...]) -> str | None:
        match rule:
            case MatchRule.EXTERNAL_ID:
                return (self.id_at(*names) or "").strip() or None
            case MatchRule.EMAIL:
                address = (self.email or "").strip()
                return address if _ADDRESS.fullmatch(address) else None
            case MatchRule.PHONE:
                return (
                    self.phone if self.phone and _words(self.name) and _E164.fullmatch(self.phone) else None
                )

    @property
    def addresses(self) -> tuple[str, ...]:
        """`email` in all the ways in which it may be stored, as far as its domain goes."""
        local, _, domain = (self.email or "").strip().rpartition("@")
        return tuple(f"{local}@{each}" for each in self.domains or (domain,)) if local else ()

    def strength(self, rule: MatchRule) -> MatchStrength:
        """How sure a match by this rule is."""
        if rule is MatchRule.EXTERNAL_ID:
            return MatchStrength.EXACT_ID
        if rule is MatchRule.PHONE:
            return MatchStrength.PHONE
        verified = self.identity is Identity.VERIFIED
        return MatchStrength.VERIFIED_EMAIL if verified else MatchStrength.CLAIMED_EMAIL

    def has_email(self, stored: str | None) -> bool:
        """Whether a stored address is this person's: the same local part, the same domain, whichever way it is
        written. Tags and dots are part of the address."""
        mine, _, own = (self.email or "").strip().rpartition("@")
        local, _, domain = (stored or "")[:_LONGEST].strip().rpartition("@")
        if not mine or not local:
            return False
        if self.folds_case:
            mine, local = mine.translate(_ASCII_LOWER), local.translate(_ASCII_LOWER)
        known = self.domains or (own.translate(_ASCII_LOWER),)
        return local == mine and unicodedata.normalize("NFC", domain).lower() in known

    def may_be(
        self, *, emails: tuple[str | None, ...], phones: tuple[str | None, ...], name: str | None
    ) -> bool:
        """Whether a record that was found by its phone number is this person's: it has the number and the name, and
        no other address than theirs."""
        addresses = [each for each in emails if each and each.strip()]
        if self.email and addresses and not any(map(self.has_email, addresses)):
            return False
        return any(map(self._has_phone, phones)) and _words(name) == _words(self.name) != frozenset()

    def _has_phone(self, stored: str | None) -> bool:
        dialled = _NOT_DIALLED.sub("", (stored or "")[:_LONGEST])
        if dialled.startswith("00"):
            dialled = f"+{dialled[2:]}"
        return bool(dialled) and dialled in (self.phones or (self.phone,))


def _words(name: str | None) -> frozenset[str]:
    """A name as it is compared: its words in any order and case. No letter is taken for one that looks like it."""
    text = unicodedata.normalize("NFC", (name or "")[:_LONGEST]).casefold().replace(",", " ")
    return frozenset(text.split())
