"""What the customer asked before, and whether it is the same again."""

from __future__ import annotations

from typing import Any

import pytest

from batonpass.context.render import render_late_facts, render_note
from batonpass.context.words import count_words
from batonpass.domain.history import ContactKind, Outcome
from pasts import TITLES, a_contact, a_package, a_report, note_of

# The list -----------------------------------------------------------------------------------------------------------


def test_contacts_of_all_systems_stand_newest_first() -> None:
    package = a_package(
        a_report("zendesk", a_contact("Second", days=5), a_contact("Fourth", days=40, id="3")),
        a_report("hubspot", a_contact("Third", days=9, source="hubspot")),
        handoffs=(a_contact("First", days=1, kind=ContactKind.HANDOFF, id="ho_1"),),
    )

    assert [each.title for each in package.history.contacts] == ["First", "Second", "Third", "Fourth"]


@pytest.mark.parametrize(
    "same",
    [
        {"source": "hubspot", "id": "999", "url": "https://desk.example/tickets/7/"},
        {"kind": ContactKind.HANDOFF, "id": "ho_1", "ticket_id": "7", "reason": "security"},
    ],
    ids=["by url", "by the handoff's ticket"],
)
@pytest.mark.parametrize("ticket_first", [True, False])
def test_a_contact_that_two_systems_know_stands_once_as_the_ticket(
    same: dict[str, Any], ticket_first: bool
) -> None:
    ticket = a_contact(url="https://desk.example/tickets/7")
    other = a_contact("The same, seen elsewhere", outcome=Outcome.OPEN, **same)
    told = (ticket, other) if ticket_first else (other, ticket)

    (one,) = a_package(a_report("zendesk", *told)).history.contacts

    assert (one.kind, (one.url or "").rstrip("/")) == (ContactKind.TICKET, ticket.url)
    assert one.reason == same.get("reason")
    if "kind" in same:
        assert (one.source, one.outcome) == ("zendesk", Outcome.SOLVED)


def test_three_tellings_of_one_contact_are_one() -> None:
    ticket = a_contact(url="https://desk.example/tickets/7")
    copy = a_contact(source="hubspot", id="999", url="https://desk.example/tickets/7")
    ours = a_contact(kind=ContactKind.HANDOFF, id="ho_1", ticket_id="7")

    package = a_package(a_report("hubspot", copy), a_report("zendesk", ticket), handoffs=(ours,))

    assert len(package.history.contacts) == 1


def test_the_same_id_at_two_systems_is_not_the_same_contact() -> None:
    package = a_package(
        a_report("zendesk", a_contact("One")), a_report("hubspot", a_contact("Two", source="hubspot"))
    )

    assert len(package.history.contacts) == 2


# The same again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "again"),
    [
        ("Charged twice in March", True),
        ("Refund of the second charge", True),
        ("INV-20417", True),
        ("Where is my parcel?", False),
        ("My invoice", False),
        ("Question about your support", False),
        ("", False),
    ],
)
def test_the_same_matter_is_told_by_its_words_and_numbers(title: str, again: bool) -> None:
    package = a_package(a_report("zendesk", a_contact(title)))

    assert (package.history.repeat is not None) is again


def test_the_same_telling_reason_is_the_same_matter_and_a_vague_one_is_not() -> None:
    def repeated(reason: str) -> bool:
        ours = a_contact("Something else", kind=ContactKind.HANDOFF, id="ho_1", reason=reason)
        return a_package(handoffs=(ours,), reason={"code": reason}).history.repeat is not None

    assert repeated("billing_dispute")
    assert not repeated("customer_asked")


def test_the_matter_is_recognised_in_scripts_without_spaces() -> None:
    package = a_package(
        a_report("zendesk", a_contact("\u8acb\u6c42\u66f8\u306e\u8fd4\u91d1")),
        ask="\u8acb\u6c42\u66f8\u306e\u8fd4\u91d1\u3092\u304a\u9858\u3044\u3057\u307e\u3059\u3002",
    )

    assert package.history.repeat is not None


@pytest.mark.parametrize(("days", "again"), [(13.9, True), (14.1, False), (-0.1, False)])
def test_only_the_last_fourteen_days_count(days: float, again: bool) -> None:
    package = a_package(a_report("zendesk", a_contact(days=days)))

    assert (package.history.repeat is not None) is again


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ((2, 9), "3rd contact in 9 days about the same matter"),
        ((1,), "2nd contact in 1 day about the same matter"),
        ((0.1,), "2nd contact today about the same matter"),
        (tuple(range(1, 12)), "12th contact in 11 days about the same matter"),
    ],
)
def test_a_repeat_says_which_contact_this_is_and_since_when(days: tuple[float, ...], text: str) -> None:
    contacts = [a_contact(days=each, id=str(number)) for number, each in enumerate(days)]

    package = a_package(a_report("zendesk", *contacts))

    assert package.values()["history.repeat"] == text
    assert text in package.brief.risks
    assert count_words(package.brief.text) <= 60
    assert f"Again: {text}; the last was Zendesk #0 on" in note_of(package)


def test_a_handoff_without_a_past_says_nothing_of_one() -> None:
    package = a_package(a_report("zendesk"))

    assert not {"history.contacts", "history.repeat"} & set(package.values())
    assert "Earlier Contacts" not in note_of(package)


# In the note --------------------------------------------------------------------------------------------------------


def test_the_note_tells_title_outcome_time_and_where_it_is() -> None:
    package = a_package(
        a_report("zendesk", a_contact(url="https://desk.example/7", channel="email")),
        handoffs=(a_contact("Plan", days=30, kind=ContactKind.HANDOFF, id="ho_1", outcome=Outcome.RETURNED),),
    )

    note = note_of(package)

    assert "- 2026-11-19: Charged twice in March (solved), Zendesk #7, email: https://desk.example/7" in note
    assert "- 2026-10-22: Plan (returned to the AI agent), Zendesk handoff" in note
    assert package.values()["history.contacts"] == (
        "2026-11-19: Charged twice in March (solved), zendesk #7, email",
        "2026-10-22: Plan (returned to the AI agent), zendesk handoff",
    )


def test_contacts_that_do_not_fit_are_counted() -> None:
    contacts = [a_contact(f"Ticket {n}", days=n + 20, id=str(n)) for n in range(10)]
    reports = [
        a_report(
            source, *(a_contact(f"{source} {n}", days=n + 20, id=str(n), source=source) for n in range(10))
        )
        for source in ("zendesk", "hubspot", "desk")
    ]

    whole, small = (
        note_of(a_package(*reports)),
        note_of(a_package(a_report("zendesk", *contacts)), limit=2500),
    )

    assert "10 earlier contacts more not shown here" in whole
    assert "earlier contact" in small
    assert "more not shown here" in small


def test_contacts_of_a_late_source_stand_in_the_late_note() -> None:
    late = render_late_facts([a_report("zendesk", a_contact())], titles=TITLES, limit=9000)

    assert "Charged twice in March (solved), Zendesk #7" in late.text


def test_hostile_titles_are_text_in_the_note() -> None:
    hostile = a_contact("<img src=x onerror=alert(1)> {{ticket.id}}\n== Customer Details ==")

    note = render_note(a_package(a_report("zendesk", hostile)), titles=TITLES, limit=65_000)

    assert "<img" not in note.html
    assert "{{" not in note.html + note.text
    assert "\n== Customer Details ==\n" not in note.text.split("Earlier Contacts")[1]
