"""What the package offers to mapping files, and whom the sources are asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from batonpass.context.identity import person_of
from batonpass.context.package import build_package
from batonpass.domain.conversation import Customer, HandoffRequest, Identity
from batonpass.domain.facts import Fact, Gathered, Money, SourceReport, Standing
from batonpass.domain.history import ContactKind, PastContact
from batonpass.domain.ids import HandoffId
from batonpass.domain.paths import PACKAGE_PATHS

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)


def a_fact(name, value, source="stripe"):
    return Fact(name=name, value=value, source=source, as_of=NOW)


def a_contact(title, source):
    return PastContact(kind=ContactKind.TICKET, source=source, id="7", at=NOW, title=title)


def a_request(**more):
    return HandoffRequest.model_validate(
        {"conversation": {"turns": [{"role": "customer", "text": "I want a refund for order 12."}]}, **more}
    )


def package_of(request, *reports, url=None):
    return build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name="helper",
        request=request,
        gathered=Gathered(reports=reports),
        url=url,
    )


GIVES_ALL = (
    "My name is Ada Lovelace, ada@example.com, zip code 78712, phone +49 30 901820. It is too small. Order #W1234567 of "
    '3 March, invoice INV-20044, I paid $120.50 for the lamp. On my iPhone 14 I get the error "Payment declined". '
    "Please refund it to my PayPal account and call me back after 5. I live in Denver."
)
FULL = {
    "conversation": {
        "id": "c1",
        "channel": "web_chat",
        "language": "en",
        "turns": [
            {"role": "customer", "text": "I want a refund for order 12."},
            {"role": "ai", "text": 'Is it "too small" or "too large"? Please confirm.'},
            {"role": "customer", "text": GIVES_ALL},
            {"role": "ai", "text": "I have refunded the lamp. Please confirm."},
            {"role": "customer", "text": "Yes, that is correct."},
        ],
    },
    "customer": {"name": "Ada", "email": "Ada@Example.com", "phone": "+1 5", "identity": "verified"},
    "reason": {"code": "billing_dispute", "text": "above my limit"},
    "confidence": 0.314,
    "technical": {"errors": ["E1", "E2"], "browser": "Firefox", "os": "Linux", "attempted_action": "pay"},
}


def test_a_full_request_has_a_value_at_every_path():
    late = SourceReport(source="hubspot", standing=Standing.LATE)
    told = [
        SourceReport(
            source=source,
            standing=Standing.FOUND,
            facts=(a_fact("customer.segment", value, source),),
            contacts=(a_contact("Refund of order 12", source),),
        )
        for source, value in (("crm", "A"), ("desk", "B"))
    ]

    values = package_of(HandoffRequest.model_validate(FULL), late, *told, url="https://x.example/h").values()
    values = {path: value for path, value in values.items() if path != "customer.segment"}

    assert set(values) == set(PACKAGE_PATHS)
    assert values["handoff.confidence"] == 31
    assert values["technical.error"] == "E1"
    assert values["facts.missing"] == ("hubspot",)
    assert values["issue.title"] == "I want a refund for order 12."
    assert str(values["conversation.transcript"]).startswith(
        "1 \N{MIDDLE DOT} Customer\n  I want a refund for order 12."
    )


def test_a_poor_request_has_only_what_it_gave():
    values = package_of(a_request()).values()

    assert "customer.name" not in values
    assert "handoff.confidence" not in values
    assert "facts.missing" not in values
    assert values["customer.identity"] == "claimed"
    assert values["conversation.turns"] == 1


def test_facts_stand_beside_the_paths_and_the_first_source_wins():
    first = SourceReport(
        source="hubspot",
        standing=Standing.FOUND,
        facts=(a_fact("account.tier", "gold"), a_fact("customer.name", "Eve")),
    )
    second = SourceReport(
        source="stripe",
        standing=Standing.FOUND,
        facts=(a_fact("account.tier", "basic"), a_fact("billing.balance", Money(amount=1, currency="eur"))),
    )

    values = package_of(a_request(customer={"name": "Ada"}), first, second).values()

    assert values["account.tier"] == "gold"
    assert values["customer.name"] == "Ada"
    assert values["billing.balance"] == Money(amount=1, currency="eur")


def test_the_same_input_gives_the_same_package():
    request = HandoffRequest.model_validate(FULL)

    assert package_of(request) == package_of(request)


@pytest.mark.parametrize(
    ("given", "email"),
    [
        (" Ada@Example.COM ", "Ada@example.com"),
        ("ada@b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", "ada@xn--bcher-kva.example"),
        ("ada@fa\N{LATIN SMALL LETTER SHARP S}.de", "ada@xn--fa-hia.de"),
        ("ada@\u0430pple.com", "ada@xn--pple-43d.com"),
        ("ada+tag@example.co.uk", "ada+tag@example.co.uk"),
        ("ada", None),
        ("ada@", None),
        ("@example.com", None),
        ("ada@localhost", None),
        ("ada@exa mple.com", None),
        ("ada\n@example.com", None),
        ("ada@example.com\nbcc: eve@example.com", None),
        ("a@b@example.com", None),
        ('"a b"@example.com', None),
        ("ada@[127.0.0.1]", None),
        ("ada@-x-.com", None),
        ("ada@\u200d.com", None),
        (".ada@example.com", None),
        ("a" * 65 + "@example.com", None),
        ("<ada@example.com>", None),
        (None, None),
        ("", None),
    ],
)
def test_an_address_is_normalised_and_what_is_none_is_left_out(given, email):
    request = a_request(customer={"email": given})

    assert person_of(request).email == email


def test_the_person_carries_ids_and_identity():
    request = a_request(
        customer={
            "name": " Ada ",
            "phone": " ",
            "external_ids": {"stripe": " cus_1 ", "x": " "},
            "identity": "verified",
        }
    )

    person = person_of(request)

    assert (person.name, person.phone, person.identity) == ("Ada", None, Identity.VERIFIED)
    assert person.external_ids == (("stripe", "cus_1"),)
    assert person_of(HandoffRequest(conversation=request.conversation, customer=Customer())).name is None


def test_dates_and_lines_of_facts_stay_values():
    report = SourceReport(
        source="stripe",
        standing=Standing.FOUND,
        facts=(
            a_fact("billing.renewal_date", date(2026, 12, 1)),
            a_fact("billing.open_invoices", ("one", "two")),
        ),
    )

    values = package_of(a_request(), report).values()

    assert values["billing.renewal_date"] == date(2026, 12, 1)
    assert values["billing.open_invoices"] == ("one", "two")
