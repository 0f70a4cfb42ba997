"""By what each source knows the customer, where the sources disagree, and what of it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from batonpass.domain.facts import (
    Gathered,
    Money,
    SourceReport,
    Standing,
    gathered_from_json,
    gathered_to_json,
)
from batonpass.domain.history import ContactKind
from batonpass.store.emptied import without_values
from pasts import TITLES, a_contact, a_package, a_report, note_of

# Who it is ----------------------------------------------------------------------------------------------------------


def test_the_note_says_by_what_each_source_knows_the_customer() -> None:
    twice = SourceReport(source="stripe", standing=Standing.AMBIGUOUS, matches=2)

    note = note_of(a_package(a_report("hubspot"), twice))

    assert "- Matched: HubSpot: verified e-mail; Stripe: ambiguous, 2 customers" in note
    assert "Stripe: ambiguous, 2 customers match; nothing is shown." in note


def test_d01_a_look_alike_address_is_shown_in_ascii() -> None:
    note = note_of(a_package(customer={"email": "anna@p\u0430ypal.example"}))

    assert "- E-mail as it is compared: anna@xn--pypal-4ve.example" in note


# Disagreements ------------------------------------------------------------------------------------------------------


def test_sources_that_disagree_are_both_named_and_nobody_chooses() -> None:
    package = a_package(
        a_report("hubspot", facts={"account.plan": "Pro", "account.tier": "gold"}),
        a_report("stripe", facts={"billing.plan": "Free", "account.tier": "Gold "}),
    )

    (conflict,) = package.conflicts
    assert conflict.text(TITLES) == "Plan: HubSpot says Pro, Stripe says Free"
    assert package.values()["facts.conflicts"] == ("Plan: hubspot says Pro, stripe says Free",)
    assert "sources disagree: plan" in package.brief.risks
    assert "The sources disagree:" in note_of(package)
    assert "- Plan: HubSpot says Pro, Stripe says Free" in note_of(package)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"account.plan": "Pro plan"}, {"billing.plan": "pro"}),
        (
            {"account.mrr": Money(amount=100, currency="eur")},
            {"account.mrr": Money(amount=100, currency="eur")},
        ),
        ({"support.tickets_90_days": 3}, {"support.tickets_90_days": 5}),
        ({"billing.open_invoices": ("a",)}, {"billing.open_invoices": ("b",)}),
        ({"customer.phone": "+49 30 123456"}, {"customer.phone": "030 123456"}),
        ({"account.renewal_date": "2027-01-01"}, {"billing.renewal_date": "2026-12-01"}),
    ],
    ids=[
        "case and word",
        "the same money",
        "facts of the source",
        "lists",
        "phone",
        "two dates that differ in name",
    ],
)
def test_what_is_no_disagreement_is_not_called_one(first: dict[str, Any], second: dict[str, Any]) -> None:
    phone = {"phone": "+4930123456"}

    package = a_package(a_report("hubspot", facts=first), a_report("stripe", facts=second), customer=phone)

    assert package.conflicts == ()


@pytest.mark.parametrize(
    ("fact", "told", "said"),
    [
        ("customer.name", "Ben Keller", "Name: handed over Anna Keller, HubSpot says Ben Keller"),
        ("customer.email", "b@x.example", "Email: handed over a@x.example, HubSpot says b@x.example"),
    ],
)
def test_a_source_that_disagrees_with_what_was_handed_over_is_named(fact: str, told: str, said: str) -> None:
    package = a_package(a_report("hubspot", facts={fact: told}), customer={"email": "a@x.example"})

    assert [each.text(TITLES) for each in package.conflicts] == [said]


# Kept ---------------------------------------------------------------------------------------------------------------


def test_contacts_and_matches_are_kept_without_loss() -> None:
    whole = a_contact(
        url="https://desk.example/7", channel="email", number="41", reason="security", ticket_id="7"
    )
    gathered = Gathered(
        reports=(
            a_report("zendesk", whole),
            SourceReport(source="s", standing=Standing.AMBIGUOUS, matches=3),
        ),
        handoffs=(a_contact(kind=ContactKind.HANDOFF, id="ho_1"),),
    )

    assert gathered_from_json(gathered_to_json(gathered)) == gathered


def test_what_former_releases_have_kept_still_reads() -> None:
    kept = {"reports": [{"source": "s", "standing": "found", "seconds": 0.1, "detail": "", "facts": []}]}

    gathered = gathered_from_json(kept)

    assert gathered.reports == (SourceReport(source="s", standing=Standing.FOUND, seconds=0.1),)
    assert gathered.handoffs == ()


def test_nothing_of_the_past_is_left_once_it_is_forgotten() -> None:
    gathered = Gathered(reports=(a_report("zendesk", a_contact()),), handoffs=(a_contact("Secret"),))

    left = without_values(gathered_to_json(gathered))

    assert "Charged" not in str(left)
    assert "Secret" not in str(left)
    assert gathered_from_json(left).reports[0].contacts == ()
