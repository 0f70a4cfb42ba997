from __future__ import annotations

from dataclasses import replace
from datetime import date

from batonpass.domain.ticket import FieldId, FieldKind, FieldOption, FieldSchema
from batonpass.mapping.former import NOTHING_FORMER, Was
from mapping_samples import account, field, with_field, without_field

SEEN = date(2026, 11, 21)
TIER = FieldId("id of Customer tier")


def renamed(schema: FieldSchema, value: str, label: str) -> FieldSchema:
    tier = next(each for each in schema.fields if each.id == TIER)
    options = tuple(
        FieldOption(value=each.value, label=label) if each.value == value else each for each in tier.options
    )
    return with_field(schema, "Customer tier", options=options)


def test_new_label_of_the_same_value_is_surely_the_same_option():
    former = NOTHING_FORMER.after(account(), renamed(account(), "tier_pro", "Professional"))

    assert former.options == {TIER: {"pro": Was(now="tier_pro", seen=SEEN)}}


def test_new_value_of_the_same_label_is_surely_the_same_option():
    tier = account().fields[0]
    options = (FieldOption(value="basic", label="Free"), *tier.options[1:])

    former = NOTHING_FORMER.after(account(), with_field(account(), "Customer tier", options=options))

    assert former.option(tier, "TIER_FREE") == Was(now="basic", seen=SEEN)


def test_one_that_came_where_one_went_is_a_guess():
    before = account(field("Tier", FieldKind.DROPDOWN, ("Free", "Free"), ("Pro", "Pro")))
    after = account(field("Tier", FieldKind.DROPDOWN, ("Free", "Free"), ("Gold", "Gold")))

    former = NOTHING_FORMER.after(before, after)

    assert former.options["id of Tier"] == {"pro": Was(now="Gold", seen=SEEN, sure=False)}


def test_one_of_several_that_went_is_gone():
    before = account(field("Tier", FieldKind.DROPDOWN, ("a", "A"), ("b", "B"), ("c", "C")))
    after = account(field("Tier", FieldKind.DROPDOWN, ("a", "A"), ("d", "D")))

    former = NOTHING_FORMER.after(before, after)

    assert former.options["id of Tier"]["b"] == Was(now=None, seen=SEEN, sure=False)


def test_new_name_of_the_same_field_is_known_and_an_absent_field_is_gone():
    after = without_field(with_field(account(), "Plan", name="Subscription"), "MRR")

    former = NOTHING_FORMER.after(account(), after)

    assert former.field(" plan ") == Was(now="id of Plan", seen=SEEN)
    assert former.field("MRR") == Was(now=None, seen=SEEN, sure=False)
    assert former.field("Open balance") is None


def test_name_that_stands_again_is_no_old_one():
    renamed_once = NOTHING_FORMER.after(account(), renamed(account(), "tier_pro", "Professional"))

    former = renamed_once.after(renamed(account(), "tier_pro", "Professional"), account())

    assert former.option(account().fields[0], "Pro") is None
    assert former.option(account().fields[0], "Professional") == Was(now="tier_pro", seen=SEEN)


def test_name_of_long_ago_leads_to_the_name_of_now():
    first, second = account(), renamed(account(), "tier_pro", "Professional")
    tier = second.fields[0]
    third = with_field(
        second,
        "Customer tier",
        options=tuple(replace(each, value=f"{each.value}_2") for each in tier.options),
    )

    former = NOTHING_FORMER.after(first, second).after(second, third)

    assert former.option(tier, "Pro") == Was(now="tier_pro_2", seen=SEEN)
