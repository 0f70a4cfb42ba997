"""Who somebody is across all systems, for people who ask: the records, what joins them, and what does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from batonpass.domain.synced import KeyKind, RecordKind
from batonpass.store import synced_people
from batonpass.store.synced_people import Node, Place, Ref
from batonpass.store.transaction import Transaction
from batonpass.sync.graph import JOINS, Bond, Strength, Systems, bonds_of

MOST_SHOWN = 200
"""Records of one component."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePerson:
    """A person, or a company."""

    id: str
    records: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that anything joins with whoever was asked for."""

    kind: RecordKind
    people: tuple[OnePerson, ...]
    """Several: a system has more than one of the records, so they are kept apart."""
    bonds: tuple[Bond, ...]
    """The surest first."""
    maybe: tuple[Bond, ...]
    """What joins nothing: a phone number and a name."""
    companies: tuple[Node, ...]
    """At which a record says that they are."""
    left_out: int = 0
    """Records that are too many to be shown."""

    @property
    def is_contested(self) -> bool:
        return len(self.people) > 1


async def with_email(tx: Transaction, systems: Systems, email: str) -> list[Found]:
    """Whoever has this address in any system, in whatever case it is written there."""
    kind = RecordKind.CUSTOMER
    refs = await synced_people.with_key(tx, kind, KeyKind.EMAIL, {email.casefold()})
    placed = await synced_people.places(tx, kind, refs)
    return [
        await _found(tx, systems, kind, component)
        for component in sorted({each.component for each in placed.values()})
    ]


async def with_id(tx: Transaction, systems: Systems, person: str) -> list[Found]:
    """The person or company with this id."""
    kind = await synced_people.kind_of(tx, person)
    if kind is None:
        return []
    placed = await synced_people.of_people(tx, {person})
    components = sorted({each.component for each in placed.values()})
    return [await _found(tx, systems, kind, component) for component in components]


async def _found(tx: Transaction, systems: Systems, kind: RecordKind, component: str) -> Found:
    placed = await synced_people.in_components(tx, {component})
    shown = sorted(placed)[:MOST_SHOWN]
    nodes = await synced_people.nodes(tx, kind, shown)
    near = dict(nodes)
    if kind is RecordKind.CUSTOMER:
        phones = {phone for node in nodes.values() for phone in node.values(KeyKind.PHONE)}
        others = await synced_people.with_key(tx, kind, KeyKind.PHONE, phones)
        near |= await synced_people.nodes(tx, kind, sorted(others - nodes.keys())[:MOST_SHOWN])
    bonds = [each for each in bonds_of(kind, near, systems) if not nodes.keys().isdisjoint(each.members)]
    return Found(
        kind=kind,
        people=tuple(_people(nodes, placed)),
        bonds=tuple(each for each in bonds if each.strength in JOINS[kind]),
        maybe=tuple(each for each in bonds if each.strength is Strength.PHONE_AND_NAME),
        companies=tuple(await _companies(tx, nodes.values())),
        left_out=len(placed) - len(shown),
    )


def _people(nodes: dict[Ref, Node], placed: dict[Ref, Place]) -> Iterable[OnePerson]:
    for person in sorted({placed[ref].person for ref in nodes}):
        theirs = [node for ref, node in sorted(nodes.items()) if placed[ref].person == person]
        yield OnePerson(id=person, records=tuple(theirs))


async def _companies(tx: Transaction, nodes: Iterable[Node]) -> list[Node]:
    refs = {Ref(node.ref.connection, id_) for node in nodes for id_ in node.values(KeyKind.COMPANY)}
    found = await synced_people.nodes(tx, RecordKind.COMPANY, refs)
    return [node for _, node in sorted(found.items())]
