"""People who look like one another and are not: pairs for the matching rules, the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from batonpass.domain.conversation import HandoffRequest

SYSTEM = "crm"
_FIRST = ("anna", "ben", "chloe", "david", "elena", "felix", "grace", "hugo", "ines", "jakob", "mia", "tom")
_LAST = ("keller", "rossi", "okafor", "lind", "haddad", "becker", "nair", "weiss", "moreau", "silva")
_HOSTS = (
    "example.com",
    "mail.example",
    "example.co.uk",
    "b\u00fccher.example",
    "fa\u00df.example",
    "shop-a.example",
)
_LOOKS_LIKE = {
    "a": "\u0430",
    "c": "\u0441",
    "e": "\u0435",
    "i": "\u0456",
    "o": "\u043e",
    "p": "\u0440",
    "s": "\u0455",
}
"""Latin → Cyrillic."""
_HIDDEN = ("\u200b", "\u200d", "\u00ad", "\ufeff")


@dataclass(frozen=True, kw_only=True)
class Record:
    """A customer as a CRM keeps them."""

    owner: str
    """Whose it is."""
    id: str
    name: str
    email: str | None
    phone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A verified customer, what a system has, and whether it can be known whose record is theirs."""

    kind: str
    request: HandoffRequest
    own: Record
    other: Record
    has_own: bool
    """Whether the system has the customer's own record as well."""
    shared: bool = False
    """Whether nothing but an id could tell the two apart."""

    @property
    def records(self) -> list[Record]:
        return [self.own, self.other] if self.has_own else [self.other]


def cases(people: int, *, each: int = 1, seed: int = 4711) -> Iterator[Case]:
    """For each of so many people every kind, `each` times."""
    random = Random(seed)
    for number in range(people):
        own = _somebody(random, number)
        request, named = _asks(own, with_id=False), _asks(own, with_id=True)
        for kind, alike in KINDS.items():
            for _ in range(each):
                yield Case(
                    kind=kind,
                    request=named if kind == "reused address" else request,
                    own=own,
                    other=alike(random, own),
                    has_own=random.random() < 0.5,
                    shared=kind == "shared e-mail",
                )


def _somebody(random: Random, number: int) -> Record:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    return Record(
        owner="own",
        id=f"{1000 + number}",
        name=f"{first.title()} {last.title()}",
        email=f"{first}.{last}{number}@{random.choice(_HOSTS)}",
        phone=f"+4930{random.randrange(10**6, 10**7)}",
    )


def _asks(own: Record, *, with_id: bool) -> HandoffRequest:
    customer: dict[str, Any] = {
        "name": own.name,
        "email": own.email,
        "phone": own.phone,
        "identity": "verified",
        "external_ids": {SYSTEM: own.id} if with_id else {},
    }
    turns = [{"role": "customer", "text": "Where is my order?"}]
    return HandoffRequest.model_validate({"conversation": {"turns": turns}, "customer": customer})


def _parts(own: Record) -> tuple[str, str]:
    local, _, host = (own.email or "").partition("@")
    return local, host


def _other(own: Record, *, email: str | None, name: str | None = None, phone: str | None = None) -> Record:
    """Somebody else, who has the customer's name unless they have another."""
    name = own.name if name is None else name
    return Record(owner="other", id=f"x{own.id}", name=name, email=email, phone=phone)


def _plus_tag(random: Random, own: Record) -> Record:
    local, host = _parts(own)
    return _other(own, email=f"{local}+{random.choice(('shop', 'x', '1', 'spam'))}@{host}")


def _dots(random: Random, own: Record) -> Record:
    local, host = _parts(own)
    bare = local.replace(".", "")
    at = random.randrange(1, len(bare))
    spelt = random.choice((bare, f"{bare[:at]}.{bare[at:]}"))
    return _other(own, email=f"{spelt if spelt != local else bare}@{host}")


def _case(random: Random, own: Record) -> Record:
    local, host = _parts(own)
    at = random.choice([n for n, letter in enumerate(local) if letter.isalpha()])
    return _other(own, email=f"{local[:at]}{local[at].upper()}{local[at + 1 :]}@{host}")


def _looks_alike(random: Random, text: str) -> str:
    places = [n for n, letter in enumerate(text) if letter in _LOOKS_LIKE]
    if not places:
        return f"{text}x"
    at = random.choice(places)
    return f"{text[:at]}{_LOOKS_LIKE[text[at]]}{text[at + 1 :]}"


def _local_alike(random: Random, own: Record) -> Record:
    local, host = _parts(own)
    return _other(own, email=f"{_looks_alike(random, local)}@{host}")


def _domain_alike(random: Random, own: Record) -> Record:
    local, host = _parts(own)
    name, dot, rest = host.partition(".")
    return _other(own, email=f"{local}@{_looks_alike(random, name)}{dot}{rest}")


def _other_domain(random: Random, own: Record) -> Record:
    local, host = _parts(own)
    others = (f"{host}.evil.example", f"x-{host}", host.replace("\u00df", "ss").replace("\u00fc", "u") + ".x")
    return _other(own, email=f"{local}@{random.choice(others)}")


def _hidden(random: Random, own: Record) -> Record:
    local, host = _parts(own)
    at = random.randrange(1, len(local))
    return _other(own, email=f"{local[:at]}{random.choice(_HIDDEN)}{local[at:]}@{host}")


def _full_width(random: Random, own: Record) -> Record:
    local, host = _parts(own)
    at = random.choice([n for n, letter in enumerate(local) if letter.isalpha()])
    return _other(own, email=f"{local[:at]}{chr(ord(local[at]) + 0xFEE0)}{local[at + 1 :]}@{host}")


def _shared_email(random: Random, own: Record) -> Record:
    return _other(own, email=own.email, name=f"Kim {random.choice(_LAST).title()}")


def _family_phone(random: Random, own: Record) -> Record:
    family = own.name.rpartition(" ")[2]
    email = f"kim.{random.randrange(10**6)}@mail.example"
    return _other(own, name=f"Kim {family}", email=email, phone=own.phone)


def _family_phone_alone(random: Random, own: Record) -> Record:
    family = own.name.rpartition(" ")[2]
    return _other(own, name=random.choice((f"Kim {family}", family, "")), email=None, phone=own.phone)


def _namesake(random: Random, own: Record) -> Record:
    """The same name and phone, and an address of their own: a father and his son."""
    return _other(own, email=f"other.{random.randrange(10**6)}@mail.example", phone=own.phone)


def _reused_address(random: Random, own: Record) -> Record:
    del random
    return _other(own, email=own.email, name="Former Owner")


KINDS = {
    "plus tag": _plus_tag,
    "dots": _dots,
    "case": _case,
    "look-alike name": _local_alike,
    "look-alike domain": _domain_alike,
    "another domain": _other_domain,
    "hidden character": _hidden,
    "full width": _full_width,
    "shared e-mail": _shared_email,
    "family phone": _family_phone,
    "family phone without address": _family_phone_alone,
    "namesake": _namesake,
    "reused address": _reused_address,
}
