"""What joins two records, how surely, and what is kept apart."""

from __future__ import annotations

import pytest

from batonpass.domain.synced import KeyKind, RecordKind
from batonpass.store.synced_people import Node, Ref
from batonpass.sync.graph import Strength, Systems, bonds_of, components_of, ways_from

CONNECTORS = {"desk": "zendesk", "crm": "hubspot", "billing": "stripe", "old_desk": "zendesk"}
SYSTEMS = Systems(connectors=CONNECTORS, trusted=frozenset(CONNECTORS))
EMAIL, VERIFIED, PHONE, GIVEN, DOMAIN, FORMER = (
    KeyKind.EMAIL,
    KeyKind.VERIFIED_EMAIL,
    KeyKind.PHONE,
    KeyKind.EXTERNAL_ID,
    KeyKind.DOMAIN,
    KeyKind.FORMER_ID,
)
MIA = "mia@example.com"


def a_node(connection: str, id_: str, *keys: tuple[KeyKind, str], name: str | None = None) -> Node:
    return Node(ref=Ref(connection, id_), keys=frozenset(keys), name=name)


def people(*nodes: Node, kind: RecordKind = RecordKind.CUSTOMER) -> list[list[str]]:
    """The ids of each person's records."""
    found = components_of(kind, {node.ref: node for node in nodes}, SYSTEMS)
    return sorted(sorted(ref.id for ref in person) for each in found for person in each.people)


def strengths(*nodes: Node, kind: RecordKind = RecordKind.CUSTOMER) -> list[Strength]:
    return [each.strength for each in bonds_of(kind, {node.ref: node for node in nodes}, SYSTEMS)]


@pytest.mark.parametrize(
    ("one", "other", "strength"),
    [
        (a_node("crm", "1", (GIVEN, "billing:cus_1")), a_node("billing", "cus_1"), Strength.EXACT),
        (a_node("crm", "1", (GIVEN, "stripe:cus_1")), a_node("billing", "cus_1"), Strength.EXACT),
        (a_node("crm", "1", (GIVEN, "cus_NffrFeUfNV")), a_node("billing", "cus_NffrFeUfNV"), Strength.EXACT),
        (a_node("crm", "1", (GIVEN, "crm:9")), a_node("desk", "2", (GIVEN, "crm:9")), Strength.EXACT),
        (
            a_node("crm", "1", (GIVEN, "stripe:cus_0")),
            a_node("billing", "cus_1", (FORMER, "cus_0")),
            Strength.EXACT,
        ),
        (
            a_node("crm", "1", (GIVEN, "6f1c-user-0a2b")),
            a_node("desk", "2", (GIVEN, "6f1c-user-0a2b")),
            Strength.EXACT,
        ),
        (a_node("crm", "1", (GIVEN, "10042")), a_node("desk", "2", (GIVEN, "10042")), Strength.SAME_ID),
        (a_node("crm", "1", (GIVEN, MIA)), a_node("desk", "2", (GIVEN, MIA)), Strength.SAME_ID),
        (a_node("crm", "1", (EMAIL, MIA)), a_node("desk", "2", (EMAIL, MIA)), Strength.EMAIL),
    ],
    ids=[
        "a connection's id",
        "a connector's id",
        "an id that says itself whose it is",
        "the same third one",
        "an id before a merge",
        "an id of an own system",
        "a number",
        "an address as id",
        "an address",
    ],
)
def test_what_two_records_have_in_common_joins_them(one: Node, other: Node, strength: Strength) -> None:
    assert strengths(one, other) == [strength]
    assert len(people(one, other)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_node("crm", "1", (GIVEN, "zendesk:2")), a_node("desk", "2")),
        (a_node("crm", "1", (GIVEN, "2")), a_node("desk", "2")),
        (a_node("crm", "1", (GIVEN, "none")), a_node("desk", "2", (GIVEN, "None"), (GIVEN, "none"))),
        (a_node("crm", "1", (DOMAIN, "acme.example")), a_node("desk", "2", (DOMAIN, "acme.example"))),
        (a_node("crm", "1", (PHONE, "+4930123456")), a_node("desk", "2", (PHONE, "+4930123456"))),
        (a_node("crm", "1", name="Mia Keller"), a_node("desk", "2", name="Mia Keller")),
    ],
    ids=[
        "one of two desks",
        "a number of one's own",
        "no id",
        "a domain",
        "a phone without a name",
        "a name",
    ],
)
def test_what_may_be_somebody_else_joins_nobody(one: Node, other: Node) -> None:
    assert strengths(one, other) == []
    assert len(people(one, other)) == 2


@pytest.mark.parametrize("given", ["stripe:cus_NffrFeUfNV", "cus_NffrFeUfNV"], ids=["named", "bare"])
def test_d02_an_id_that_a_customer_may_have_written_makes_nothing_sure(given: str) -> None:
    nodes = {
        node.ref: node
        for node in (
            a_node("crm", "1", (GIVEN, given)),
            a_node("desk", "2", (GIVEN, given)),
            a_node("billing", "cus_NffrFeUfNV"),
        )
    }
    some = Systems(connectors=CONNECTORS, trusted=frozenset({"desk"}))

    found = {each.strength: each.members for each in bonds_of(RecordKind.CUSTOMER, nodes, some)}

    assert found[Strength.EXACT] == (Ref("billing", "cus_NffrFeUfNV"), Ref("desk", "2"))
    assert len(found[Strength.SAME_ID]) == 3


def test_a_phone_number_with_its_name_is_shown_and_joins_nobody() -> None:
    one = a_node("crm", "1", (PHONE, "+4930123456"), name="Keller, Mia")
    other = a_node("desk", "2", (PHONE, "+4930123456"), name="mia keller")

    assert strengths(one, other) == [Strength.PHONE_AND_NAME]
    assert len(people(one, other)) == 2


def test_an_address_is_sure_where_both_systems_have_verified_it() -> None:
    both = (
        a_node("desk", "1", (EMAIL, MIA), (VERIFIED, MIA)),
        a_node("crm", "2", (EMAIL, MIA), (VERIFIED, MIA)),
    )
    one = a_node("desk", "1", (EMAIL, MIA), (VERIFIED, MIA)), a_node("crm", "2", (EMAIL, MIA))

    assert strengths(*both) == [Strength.VERIFIED_EMAIL, Strength.EMAIL]
    assert strengths(*one) == [Strength.EMAIL]


def test_companies_are_joined_by_their_domain_unless_anybody_can_have_it() -> None:
    own = a_node("crm", "1", (DOMAIN, "acme.example")), a_node("desk", "2", (DOMAIN, "acme.example"))
    free = [
        (a_node("crm", "1", (DOMAIN, each)), a_node("desk", "2", (DOMAIN, each)))
        for each in ("gmail.com", "web.de", "gmx.net", "outlook.com", "qq.com")
    ]

    assert people(*own, kind=RecordKind.COMPANY) == [["1", "2"]]
    assert all(len(people(*each, kind=RecordKind.COMPANY)) == 2 for each in free)


def test_what_is_joined_over_several_records_is_one_person() -> None:
    found = people(
        a_node("desk", "1", (EMAIL, MIA)),
        a_node("crm", "2", (EMAIL, MIA), (GIVEN, "stripe:cus_3")),
        a_node("billing", "cus_3", (EMAIL, "accounts@example.com")),
        a_node("old_desk", "4", (EMAIL, "accounts@example.com")),
        a_node("crm", "5", (EMAIL, "somebody@example.com")),
    )

    assert found == [["1", "2", "4", "cus_3"], ["5"]]


def test_two_records_of_one_system_are_kept_apart_and_the_others_stay_together() -> None:
    found = people(
        a_node("billing", "cus_1", (EMAIL, MIA)),
        a_node("billing", "cus_2", (EMAIL, MIA)),
        a_node("crm", "3", (EMAIL, MIA)),
        a_node("desk", "4", (EMAIL, MIA)),
    )

    assert found == [["3", "4"], ["cus_1"], ["cus_2"]]


def test_what_is_sure_decides_between_two_records_of_one_system() -> None:
    named = a_node("crm", "3", (EMAIL, MIA), (GIVEN, "stripe:cus_2"))
    both_named = a_node("crm", "3", (EMAIL, MIA), (GIVEN, "stripe:cus_1"), (GIVEN, "stripe:cus_2"))
    bills = a_node("billing", "cus_1", (EMAIL, MIA)), a_node("billing", "cus_2", (EMAIL, MIA))

    assert people(*bills, named) == [["3", "cus_2"], ["cus_1"]]
    assert people(*bills, both_named) == [["3"], ["cus_1"], ["cus_2"]]


def test_a_way_leads_over_the_given_bonds_alone_and_stays_within_the_person() -> None:
    nodes = {
        node.ref: node
        for node in (
            a_node("desk", "1", (EMAIL, MIA), (VERIFIED, MIA)),
            a_node("crm", "2", (EMAIL, MIA), (VERIFIED, MIA), (GIVEN, "stripe:cus_3")),
            a_node("billing", "cus_3", (EMAIL, "b@example.com")),
            a_node("old_desk", "4", (EMAIL, "b@example.com")),
        )
    }
    sure = [
        each
        for each in bonds_of(RecordKind.CUSTOMER, nodes, SYSTEMS)
        if each.strength in {Strength.EXACT, Strength.VERIFIED_EMAIL}
    ]

    ways = ways_from([Ref("desk", "1")], sure, nodes)
    short = ways_from([Ref("desk", "1")], sure, [Ref("desk", "1"), Ref("billing", "cus_3")])

    assert set(ways) == {Ref("desk", "1"), Ref("crm", "2"), Ref("billing", "cus_3")}
    assert ways[Ref("billing", "cus_3")].before == Ref("crm", "2")
    assert set(short) == {Ref("desk", "1")}
