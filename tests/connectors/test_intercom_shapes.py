"""Intercom's records in other shapes than the documented ones: refused whole, or read all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from batonpass.domain.synced import Record
from batonpass.testing.contract.syncing import well_made
from batonpass_intercom import listed_wire, synced_people, synced_work

JUNK: Sequence[Any] = (
    None,
    "",
    "x",
    "\N{SNOWMAN}@",
    0,
    -1,
    10**30,
    0.5,
    True,
    [],
    [None],
    {},
    {"id": None},
    "[",
    "+",
)
SHAPES: dict[str, tuple[type[BaseModel], Callable[[Any], Record | None], dict[str, Any]]] = {
    "conversation": (
        listed_wire.Conversation,
        lambda told: synced_work.of_conversation(told, ai_agent_id=None),
        {
            "id": "7",
            "created_at": 5,
            "updated_at": 9,
            "state": "closed",
            "priority": "high",
            "title": "Refund",
            "source": {
                "type": "email",
                "subject": "<p>Refund</p>",
                "body": "<p>Hi</p>",
                "author": {"id": "1"},
            },
            "contacts": {"contacts": [{"id": "a"}]},
            "statistics": {"first_admin_reply_at": 6, "last_close_at": 7, "count_reopens": 1},
            "conversation_rating": {
                "rating": 4,
                "updated_at": 8,
                "contact": {"id": "a"},
                "teammate": {"id": "2"},
            },
            "company": {"id": "c"},
            "tags": {"tags": [{"id": "1", "name": "vip"}]},
            "ai_agent_participated": True,
            "ai_agent": {"resolution_state": "escalated"},
            "admin_assignee_id": 5,
            "team_assignee_id": 6,
        },
    ),
    "ticket": (
        listed_wire.Ticket,
        lambda told: synced_work.of_ticket(told, own="1", ai_agent_id=None),
        {
            "id": "7",
            "ticket_id": "12",
            "created_at": 5,
            "updated_at": 9,
            "ticket_type": {"id": "88", "name": "Bug"},
            "ticket_state": {"category": "resolved"},
            "ticket_attributes": {"_default_title_": "Refund"},
            "contacts": {"contacts": [{"id": "a"}]},
            "ticket_parts": {
                "ticket_parts": [
                    {"part_type": "comment", "body": "Hi", "created_at": 6, "author": {"type": "admin"}}
                ],
                "total_count": 1,
            },
        },
    ),
    "contact": (
        listed_wire.Contact,
        synced_people.of_contact,
        {
            "id": "a",
            "email": "grace@customer.example",
            "phone": "+4930901820",
            "external_id": "7",
            "name": "Grace",
            "created_at": 5,
            "updated_at": 9,
            "companies": {"data": [{"id": "c"}], "total_count": 1},
            "merge_history": [{"source_contact_id": "b"}],
        },
    ),
    "company": (
        listed_wire.Company,
        synced_people.of_company,
        {
            "id": "c",
            "company_id": "7",
            "name": "Acme",
            "website": "https://acme.example",
            "created_at": 5,
            "updated_at": 9,
        },
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_v24_an_answer_with_junk_in_any_place_is_refused_whole_or_gives_a_well_made_record(shape: str):
    model, record_of, whole = SHAPES[shape]
    well_made(not_none(record_of(model.model_validate(whole))))
    records = 0

    for told in with_junk(whole):
        try:
            read = model.model_validate(told)
        except ValidationError:  # refused, with the place of it
            continue
        well_made(not_none(record_of(read)))
        records += 1

    assert records > len(JUNK)


def with_junk(told: Any) -> Iterator[Any]:
    """The same with each piece of junk in each place."""
    yield from JUNK
    if isinstance(told, dict):
        for name in told:
            for junk in with_junk(told[name]):
                yield {**told, name: junk}
    elif isinstance(told, list):
        for junk in with_junk(told[0]):
            yield [junk]


def not_none(record: Record | None) -> Record:
    assert record is not None
    return record
