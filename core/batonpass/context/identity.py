"""Who the customer is: what a request says of them, brought into the one form in which it is compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import idna
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.person import MatchRule, Person

# Quoted local parts and address literals are legal and never typed by customers; refusing them closes tricks.
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f]{1,64}")
_ASCII_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_LONGEST_PHONE = 50
_AS_DIALLED = re.compile(r"[^0-9]+", re.ASCII)
_HIDDEN = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})
"""Categories of characters that nobody sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRules:
    """`[identity]` of the configuration."""

    match: tuple[MatchRule, ...] = tuple(MatchRule)
    """By what people are looked up, in this order."""
    of_connection: Mapping[str, tuple[MatchRule, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Connection → its own rules."""
    default_region: str | None = None
    """The country of numbers without a country code, ISO 3166; None: such a number is nobody's."""
    folds_case: bool = False
    """Whether the case of a local part means nothing."""

    def match_at(self, connection: str) -> tuple[MatchRule, ...]:
        return self.of_connection.get(connection, self.match)


AS_SHIPPED = IdentityRules()


def person_of(request: HandoffRequest, rules: IdentityRules = AS_SHIPPED) -> Person:
    """Whom the sources are asked about. An e-mail address that is none is left out, and so is a phone number."""
    customer = request.customer
    email = normal_email(customer.email)
    phone, dialled = normal_phone(customer.phone, rules.default_region)
    return Person(
        name=(customer.name or "").strip() or None,
        email=email,
        domains=_spellings(email.rpartition("@")[2]) if email else (),
        phone=phone,
        phones=dialled,
        external_ids=tuple(
            (system, known.strip()) for system, known in customer.external_ids.items() if known.strip()
        ),
        identity=customer.identity,
        match=rules.match,
        folds_case=rules.folds_case,
    )


def normal_email(given: str | None) -> str | None:
    """The address with its domain in lower case and ASCII: look-alike domains compare as what they are.

    The local part stays as it is: only the receiving host knows whether its case matters (RFC 5321, 2.4). One with
    characters that nobody sees is no address.
    """
    local, _, domain = (given or "").strip().rpartition("@")
    if not _LOCAL_PART.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    if not local.isascii():
        if any(unicodedata.category(letter) in _HIDDEN for letter in local):
            return None
        local = unicodedata.normalize("NFC", local)
    ascii_domain = _ascii_domain(domain)
    return f"{local}@{ascii_domain}" if ascii_domain else None


def ascii_form(given: str | None) -> str | None:
    """The address as it is compared, where that is not what the customer's own letters look like: a domain in
    another script, which may only look like the one it is taken for; and a local part with letters like that, as its
    code points."""
    email = normal_email(given)
    if email is None or given is None or given.strip().isascii():
        return None
    local, _, domain = email.rpartition("@")
    shown = "".join(each if each.isascii() else f"[U+{ord(each):04X}]" for each in local)
    return f"{shown}@{domain}"


def normal_phone(given: str | None, region: str | None) -> tuple[str | None, tuple[str, ...]]:
    """(E.164, all the ways in which it may be stored as dialled); (None, ()) for what is no possible number."""
    text = (given or "").strip()[:_LONGEST_PHONE]
    if not text:
        return None, ()
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None, ()
    if not phonenumbers.is_valid_number(number) or number.extension:  # an extension is an office's number
        return None, ()
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    ways = [e164]
    if region is not None and number.country_code == phonenumbers.country_code_for_region(region):
        ways.append(_AS_DIALLED.sub("", phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)))
    return e164, tuple(ways)


def _spellings(domain: str) -> tuple[str, ...]:
    """The ASCII domain in all the ways in which a system may have stored it."""
    if "xn--" not in domain:
        return (domain,)
    try:
        return domain, idna.decode(domain)
    except idna.IDNAError:
        return (domain,)


def _ascii_domain(domain: str) -> str | None:
    if not domain.isascii():
        try:
            # Python's own codec follows IDNA 2003, in which faß.de is fass.de: somebody else's address.
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    domain = domain.lower()
    return domain if _ASCII_DOMAIN.fullmatch(domain) else None
