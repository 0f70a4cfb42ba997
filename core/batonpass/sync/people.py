"""Who is one person across all systems: followed as records change, one after the other.

What is kept (`synced_people`) follows from the copy of the records alone; the ids of people are stable beyond that.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from batonpass.domain.conversation import Identity
from batonpass.domain.person import LinkedId, MatchRule, MatchStrength, Person
from batonpass.domain.synced import KeyKind, RecordKind
from batonpass.store import Database, checkpoints, synced_people
from batonpass.store.synced_people import KINDS, Node, Place, Ref
from batonpass.store.transaction import Transaction
from batonpass.sync.graph import (
    SURE,
    Component,
    Strength,
    Systems,
    Way,
    bonds_of,
    components_of,
    is_telling,
    ways_from,
)

log = structlog.get_logger()

SYSTEMS = "systems of people"
"""The checkpoint that keeps a digest of the connections by whose names people were joined."""
AT_ONCE = 100
"""Changed records that one transaction looks at."""
MOST_OF_A_PERSON = 100
"""Records: whoever has more is nobody in particular."""
_PREFIX = {RecordKind.CUSTOMER: "pe_", RecordKind.COMPANY: "co_"}
_JOINING_KEYS = {
    RecordKind.CUSTOMER: (KeyKind.EMAIL, KeyKind.VERIFIED_EMAIL, KeyKind.EXTERNAL_ID),
    RecordKind.COMPANY: (KeyKind.DOMAIN, KeyKind.EXTERNAL_ID),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    records: int
    """That had changed."""
    moved: int
    """That are another person's now, or nobody's."""


class People:
    """Of one installation."""

    def __init__(self, database: Database, systems: Systems) -> None:
        self._database = database
        self._systems = systems
        self._knows_systems = False

    async def follow(self) -> Followed:
        """Look at all records that have changed, and at whatever that touches; at all of them where the connections
        have changed. Whoever is killed goes on where they were; where two processes do it at once, one waits for the
        other."""
        if not self._knows_systems:
            await self._database.run(self._anew_where_systems_are_others)
            self._knows_systems = True
        records = moved = 0
        for kind in KINDS:
            while True:
                some, others = await self._database.run(lambda tx, kind=kind: self._some(tx, kind))  # type: ignore[misc]
                records, moved = records + some, moved + others
                if some < AT_ONCE:
                    break
        if records:
            log.info("people_followed", records=records, moved=moved)
        return Followed(records=records, moved=moved)

    async def rebuild(self) -> Followed:
        """Look at every record: ends as `follow` has ended."""
        await self._database.run(synced_people.change_all)
        return await self.follow()

    async def link(self, person: Person) -> Person:
        """The person with the ids by which other systems know them (`Person.linked`): of whoever is verified, and only
        over what is sure."""
        if person.identity is not Identity.VERIFIED:
            return person
        linked = await self._database.run(lambda tx: linked_ids(tx, self._systems, person))
        return replace(person, linked=linked)

    async def _anew_where_systems_are_others(self, tx: Transaction) -> None:
        """Once in each process: other names of systems join other records."""
        told = (sorted(self._systems.connectors.items()), sorted(self._systems.trusted))
        digest = hashlib.sha256(repr(told).encode()).hexdigest()
        if await checkpoints.read(tx, SYSTEMS) != digest:
            await synced_people.change_all(tx)
            await checkpoints.write(tx, SYSTEMS, digest, 0)

    async def _some(self, tx: Transaction, kind: RecordKind) -> tuple[int, int]:
        await tx.lock("people")
        changed = await synced_people.take_changed(tx, kind, most=AT_ONCE)
        if not changed:
            return 0, 0
        before, nodes = await self._touched(tx, kind, changed)
        parts = components_of(kind, nodes, self._systems)
        now = await _placed(tx, kind, parts, nodes, before)
        other = {ref: place for ref, place in now.items() if before.get(ref) != place}
        gone = before.keys() - now.keys()
        await synced_people.put(tx, kind, sorted(other.items()))
        await synced_people.take_out(tx, kind, gone)
        return len(changed), len(other) + len(gone)

    async def _touched(
        self, tx: Transaction, kind: RecordKind, changed: Iterable[Ref]
    ) -> tuple[dict[Ref, Place], dict[Ref, Node]]:
        """(Where they were put, what they are) of all that is joined with these records now or was: as whole
        components."""
        before: dict[Ref, Place] = {}
        nodes: dict[Ref, Node] = {}
        seen: set[Ref] = set()
        components: set[str] = set()
        edge = set(changed)
        while edge:
            seen |= edge
            placed = await synced_people.places(tx, kind, edge)
            new = {each.component for each in placed.values()} - components
            components |= new
            members = await synced_people.in_components(tx, new)
            before |= placed | members
            found = await synced_people.nodes(tx, kind, edge)
            nodes |= found
            edge = (members.keys() | await _neighbours(tx, kind, found.values(), self._systems)) - seen
        return before, nodes


async def _neighbours(tx: Transaction, kind: RecordKind, nodes: Iterable[Node], systems: Systems) -> set[Ref]:
    """All records that may have something in common with these."""
    nodes = list(nodes)
    found: set[Ref] = set()
    for key in _JOINING_KEYS[kind]:
        wanted = {value for node in nodes for value in node.values(key)}
        if key is KeyKind.EXTERNAL_ID:
            named = [ref for given in wanted for ref in _may_name(given, systems)]
            found |= await synced_people.there(tx, kind, named)
            wanted |= {
                name for node in nodes for name in systems.names_of(node.ref, node.values(KeyKind.FORMER_ID))
            }
            wanted |= {name for ref in named for name in systems.names_of(ref)}
        if wanted:
            found |= await synced_people.with_key(tx, kind, key, wanted)
    return found


def _may_name(given: str, systems: Systems) -> list[Ref]:
    target = systems.target(given)
    if target is not None:
        return [target]
    return [Ref(connection, given) for connection in systems.connectors] if is_telling(given) else []


# Ids of people -----------------------------------------------------------------------------------------------------


async def _placed(
    tx: Transaction,
    kind: RecordKind,
    components: Iterable[Component],
    nodes: Mapping[Ref, Node],
    before: Mapping[Ref, Place],
) -> dict[Ref, Place]:
    """Where each record belongs. Of several people that have become one the one of the oldest record stays; of one that
    has become several the largest part."""
    components = list(components)
    parts = [part for component in components for part in component.people]
    ids = _kept_ids(parts, nodes, before)
    for part in parts:
        if part not in ids:
            ids[part] = await _new_id(tx, kind, _oldest(part, nodes), ids.values())
    found: dict[Ref, Place] = {}
    for component in components:
        first = _oldest([ref for part in component.people for ref in part], nodes)
        name = next(ids[part] for part in component.people if first in part)
        for part in component.people:
            place = Place(person=ids[part], component=name, contested=component.contested)
            found |= dict.fromkeys(part, place)
    return found


def _kept_ids(
    parts: Iterable[frozenset[Ref]], nodes: Mapping[Ref, Node], before: Mapping[Ref, Place]
) -> dict[frozenset[Ref], str]:
    part_of = {ref: part for part in parts for ref in part}
    claims: dict[str, Counter[frozenset[Ref]]] = {}
    for ref, place in before.items():
        if ref in part_of:
            claims.setdefault(place.person, Counter())[part_of[ref]] += 1
    won: dict[frozenset[Ref], list[str]] = {}
    for person, claim in claims.items():
        largest = max(claim.values())
        of_old = [ref for ref, place in before.items() if place.person == person and ref in part_of]
        best = [ref for ref in of_old if claim[part_of[ref]] == largest]
        won.setdefault(part_of[_oldest(best, nodes)], []).append(person)
    found = {}
    for part, people in won.items():
        theirs = [ref for ref in part if ref in before and before[ref].person in people]
        found[part] = before[_oldest(theirs, nodes)].person
    return found


def _oldest(refs: Iterable[Ref], nodes: Mapping[Ref, Node]) -> Ref:
    return min(refs, key=lambda ref: (nodes[ref].created_at or "9999", ref))


async def _new_id(tx: Transaction, kind: RecordKind, oldest: Ref, in_use: Iterable[str]) -> str:
    """One that nobody has, the same each time that this is done again."""
    taken, number = set(in_use), 0
    while True:
        told = f"{kind}\0{oldest.connection}\0{oldest.id}\0{number}"
        id_ = _PREFIX[kind] + hashlib.sha256(told.encode()).hexdigest()[:16]
        if id_ not in taken and not await synced_people.is_taken(tx, id_):
            return id_
        number += 1


# What a handoff is told --------------------------------------------------------------------------------------------


async def linked_ids(tx: Transaction, systems: Systems, person: Person) -> tuple[LinkedId, ...]:
    """At connections where exactly one record can be this person's, and no id of theirs leads to it by itself."""
    kind = RecordKind.CUSTOMER
    starts, held = await _starts(tx, systems, person)
    placed = await synced_people.places(tx, kind, starts)
    members = await synced_people.of_people(tx, {each.person for each in placed.values()})
    if not placed or len(members) > MOST_OF_A_PERSON:
        return ()
    nodes = await synced_people.nodes(tx, kind, {*members, *starts})
    bonds = [each for each in bonds_of(kind, nodes, systems) if each.strength in SURE]
    ways: dict[Ref, Way] = {}
    for name in sorted({each.person for each in placed.values()}):
        own = {ref for ref, each in members.items() if each.person == name}
        ways |= ways_from([ref for ref in starts if ref in own], bonds, own)
    at = Counter(ref.connection for ref in {*ways, *starts})
    return tuple(
        _linked(ref, way, starts, ways)
        for ref, way in sorted(ways.items(), key=lambda each: each[0])
        if way.before is not None
        and at[ref.connection] == 1
        # of several that have the address one may be meant, but no other
        and (ref in held or all(each.connection != ref.connection for each in held))
        and person.id_at(ref.connection, systems.connectors.get(ref.connection, "")) is None
    )


def _linked(ref: Ref, way: Way, starts: Mapping[Ref, MatchStrength], ways: Mapping[Ref, Way]) -> LinkedId:
    assert way.before is not None
    first = way.before
    while (earlier := ways[first].before) is not None:
        first = earlier
    by_address = any(each.strength is Strength.VERIFIED_EMAIL for each in way.bonds)
    return LinkedId(
        connection=ref.connection,
        id=ref.id,
        strength=MatchStrength.VERIFIED_EMAIL if by_address else starts[first],
        via=f"{way.before.connection} customer {way.before.id}",
    )


async def _starts(
    tx: Transaction, systems: Systems, person: Person
) -> tuple[dict[Ref, MatchStrength], set[Ref]]:
    """(The records that the request itself leads to: by an id, by its verified address where one record of a system
    alone has it; all that have the address)."""
    kind, found, held = RecordKind.CUSTOMER, dict[Ref, MatchStrength](), set[Ref]()
    if person.email and MatchRule.EMAIL in person.match:
        alike = await synced_people.with_key(tx, kind, KeyKind.EMAIL, {person.email.casefold()})
        nodes = await synced_people.nodes(tx, kind, alike)
        held = {ref for ref, node in nodes.items() if person.has_email(node.email)}
        at = Counter(ref.connection for ref in held)
        found = {ref: MatchStrength.VERIFIED_EMAIL for ref in sorted(held) if at[ref.connection] == 1}
    if MatchRule.EXTERNAL_ID in person.match:
        for system, id_ in person.external_ids:
            connection = systems.named(system)
            theirs = await _with_id(tx, Ref(connection, id_)) if connection is not None else ()
            found |= dict.fromkeys(theirs, MatchStrength.EXACT_ID)
    return found, held


async def _with_id(tx: Transaction, ref: Ref) -> Collection[Ref]:
    """The record with this id; else the only one to which the account itself has given it. One in digits is always the
    system's own, as connectors read it."""
    known = await synced_people.there(tx, RecordKind.CUSTOMER, [ref])
    if known or ref.id.isdigit():
        return known
    alike = await synced_people.with_key(tx, RecordKind.CUSTOMER, KeyKind.EXTERNAL_ID, {ref.id})
    given = {each for each in alike if each.connection == ref.connection}
    return given if len(given) == 1 else ()
