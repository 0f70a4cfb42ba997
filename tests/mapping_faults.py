"""Slips that support ops make in mapping files and in their helpdesk, each with the place where it has to be found.

The cursor ‸ in what is written stands where the finding has to point to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from batonpass.testing.emulator import Emulator

CURSOR = "‸"

Admin = Callable[[Emulator, Mapping[str, str], Mapping[str, str]], None]
"""(The vendor, field name → id, form name → id): what an admin changes in the account."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    slip: str
    desk: str
    """The helpdesk."""
    code: str
    good: str = ""
    """What stands in the file; empty: the slip is added at its end."""
    bad: str = ""
    file: str = ""
    """Another file than the helpdesk's mapping: `stripe.toml`."""
    admin: Admin | None = None
    at: str = ""
    """Where it has to be found, where that is not in what has been changed."""
    hint: str = ""
    """What has to be in the hint."""
    also: tuple[str, ...] = ()
    """Other codes that are told too."""
    encoding: str = "utf-8"


def fault(desk: str, slip: str, code: str, good: str = "", bad: str = "", **more: object) -> Fault:
    return Fault(desk=desk, slip=slip, code=code, good=good, bad=bad, **more)  # type: ignore[arg-type]


PLAN = '[fields."Plan"]\nfrom = "billing.plan"'
TIER_VALUES = 'values = { free = "Free", pro = "Pro", enterprise = "Enterprise" }'
GROUP_VALUES = 'values = { billing_dispute = "Billing", security = "Security", technical_failure = "Technical" }, default = "Support"'
TAGS = 'tags = ["ai_handoff", "reason_{handoff.reason}"]'
SUBJECT = 'subject = "{issue.title}"'
IDENTITY = "values = { verified = true, claimed = false }"

FAULTS: tuple[Fault, ...] = (
    # Zendesk: options are tags, several forms
    fault("zendesk", "placeholder misspelt", "HM101", SUBJECT, 'subject = ‸"{issue.titel}"', hint='"issue.title"'),
    fault("zendesk", "brace not closed", "HM103", SUBJECT, 'subject = ‸"{issue.title"'),
    fault("zendesk", "fact misspelt", "HM101", '"account.tier"', '‸"acount.tier"', hint='"account.tier"'),
    fault("zendesk", "form for from", "TF101", PLAN, '[fields."Plan"]\n‸form = "billing.plan"', hint='"from"'),
    fault("zendesk", "letters of an option swapped", "HM204", 'pro = "Pro"', 'pro = ‸"Por"', hint='"Pro"'),
    fault("zendesk", "words added to an option", "HM204", 'enterprise = "Enterprise"', 'enterprise = ‸"Enterprise plan"', hint='"Enterprise"'),
    fault("zendesk", "field's name of another screen", "HM201", '[fields."Customer tier"]', '[fields.‸"Tier of customer"]'),
    fault("zendesk", "group with team behind it", "HM205", 'billing_dispute = "Billing"', 'billing_dispute = ‸"Billing team"', hint='"Billing"'),
    fault("zendesk", "reason in the plural", "HM104", '{ billing_dispute = "Billing"', '{ ‸billing_disputes = "Billing"', hint='"billing_dispute"'),
    fault("zendesk", "tag that is an option of a dropdown", "HM207", '"ai_handoff"', '‸"handoff_security"'),
    fault("zendesk", "tags that become options of a dropdown", "HM207", '"reason_{handoff.reason}"', '‸"handoff_{handoff.reason}"'),
    fault("zendesk", "one field twice in other letters", "HM120", "", '\n[fields.‸"customer tier"]\nfrom = "account.tier"\n', also=("HM213",)),
    fault("zendesk", "name of a value in place of the value", "HM124", PLAN, '[fields]\n"Plan" = ‸"billing.plan"', hint="from"),
    fault("zendesk", "text into a date", "HM203", '"billing.renewal_date"', '‸"conversation.language"'),
    fault("zendesk", "token left in a comment", "HM129", PLAN, PLAN + " # try with ‸sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
    fault("zendesk", "subject too long before any value", "HM206", SUBJECT, f'subject = ‸"{"Handoff from the AI agent " * 7}"'),
    fault("zendesk", "default that is never reached", "HM122", IDENTITY, f"{IDENTITY}\n‸default = false"),
    fault("zendesk", "later rule behind one for all", "HM121", PLAN, '[[fields."Plan"]]\nfrom = "billing.plan"\n‸[[fields."Plan"]]\nvalue = "VIP"\nwhen = \'account.tier == "enterprise"\''),
    fault("zendesk", "condition on a reason that never occurs", "HM104", PLAN, PLAN + "\nwhen = ‸'handoff.reason == \"billing\"'", hint="billing_dispute"),
    fault("zendesk", "one equals sign in a condition", "HM110", PLAN, PLAN + "\nwhen = 'handoff.reason ‸= \"security\"'", hint="=="),
    fault("zendesk", "form in the plural", "HM209", SUBJECT, SUBJECT + '\nform = ‸"Billing questions"', hint='"Billing question"'),
    fault("zendesk", "field taken off the form", "HM208", SUBJECT, SUBJECT + '\nform = "Billing question"',
          admin=lambda desk, fields, forms: desk.take_off_form(fields["MRR"], forms["Billing question"]), at='"MRR"]', also=("HM208",)),
    fault("zendesk", "form that lacks a field", "HM208", SUBJECT, SUBJECT + '\nform = { from = "handoff.reason", values = { billing_dispute = "Billing question" }, default = "Default ticket form" }', at='"AI confidence"]', hint="form"),
    fault("zendesk", "field switched off by an admin", "HM202", admin=lambda desk, fields, _: desk.deactivate_field(fields["Plan"]), at='"Plan"]'),
    fault("zendesk", "option renamed by an admin", "HM204", admin=lambda desk, fields, _: desk.rename_option(fields["Customer tier"], "Enterprise", "Key account"),
          at='"Enterprise" }', hint="renamed since"),
    fault("zendesk", "option taken away by an admin", "HM204", admin=lambda desk, fields, _: desk.remove_option(fields["Customer tier"], "Pro"),
          at='"Pro", enterprise', hint="taken away"),
    fault("zendesk", "template's option gone", "HM204", admin=lambda desk, fields, _: desk.remove_option(fields["Handoff reason"], "Security"),
          at='"handoff_{handoff.reason}"', hint="taken away"),
    # Freshdesk: options are their labels, some lengths are told, fields can be compulsory
    fault("freshdesk", "name with a space without quotes", "TF005", '[fields."Customer tier"]', "[fields.Customer ‸tier]", hint="quotes"),
    fault("freshdesk", "comma forgotten between values", "TF005", 'free = "Free", pro', 'free = "Free" ‸pro'),
    fault("freshdesk", "subject twice", "TF006", SUBJECT, SUBJECT + '\n‸subject = "Handoff: {issue.title}"', hint="line"),
    fault("freshdesk", "text without quotes", "TF005", 'default = "normal"', "default = ‸normal", hint='"normal"'),
    fault("freshdesk", "the helpdesk's own word for a priority", "HM105", 'default = "normal"', 'default = ‸"Medium"', hint="normal"),
    fault("freshdesk", "priority with a capital letter", "HM105", 'security = "urgent", legal', 'security = ‸"Urgent", legal', hint='"urgent"'),
    fault("freshdesk", "words for a number on the left", "HM104", '[fields."AI confidence"]\nfrom = "handoff.confidence"', '[fields."AI confidence"]\nfrom = "handoff.confidence"\nvalues = { ‸low = 10 }'),
    fault("freshdesk", "fact that no source tells", "HM102", PLAN, '[fields."Plan"]\nfrom = ‸"loyalty.points"'),
    fault("freshdesk", "default forgotten", "HM126", GROUP_VALUES, "‸" + GROUP_VALUES.removesuffix(', default = "Support"'), hint="default"),
    fault("freshdesk", "text longer than the field", "HM206", PLAN, f'[fields]\n"Plan" = ‸"{"pro " * 80}"'),
    fault("freshdesk", "compulsory field that nothing fills", "HM211", PLAN, "", admin=lambda desk, fields, _: desk.require_field(fields["Plan"]), at='fields."Customer tier"]', hint="Plan"),
    fault("freshdesk", "compulsory field that may stay empty", "HM212", admin=lambda desk, fields, _: desk.require_field(fields["Customer tier"]), at='"Customer tier"]', hint="default"),
    fault("freshdesk", "option renamed, which is its value too", "HM204", admin=lambda desk, fields, _: desk.rename_option(fields["Customer tier"], "Pro", "Professional"), at='"Pro", enterprise', hint='"Professional"'),
    fault("freshdesk", "sentence case of an option forgotten", "HM213", '"Billing dispute"', '‸"Billing Dispute"', hint='"Billing dispute"'),
    fault("freshdesk", "hyphen in an option", "HM204", '"Technical failure"', '‸"Technical-failure"', hint='"Technical failure"'),
    fault("freshdesk", "number in words", "HM203", '[fields."MRR"]\nfrom = "billing.mrr"', '[fields]\n"MRR" = ‸"a lot"'),
    fault("freshdesk", "quotes of a word processor", "TF005", 'pro = "Pro"', "pro = ‸“Pro”"),
    fault("freshdesk", "file saved in another encoding", "TF003", "# What the customer owes", "# Was der Kunde schuldet: Betr‸äge", encoding="latin-1"),
    fault("freshdesk", "colon for an equals sign", "TF005", PLAN, '[fields."Plan"]\nfrom‸: "billing.plan"'),
    # Intercom: one ticket type, no priority
    fault("intercom", "group of yesterday", "HM205", 'default = "Support"', 'default = ‸"First line"', hint="Support"),
    fault("intercom", "braces around a name", "HM101", PLAN, '[fields."Plan"]\nfrom = ‸"{billing.plan}"', hint="without braces"),
    fault("intercom", "tag with a blank", "HM107", '"ai_handoff"', '‸"AI handoff"'),
    fault("intercom", "tag left empty", "HM106", '"ai_handoff"', '‸""'),
    fault("intercom", "yes in another language", "HM203", "verified = true", 'verified = ‸"ja"'),
    fault("intercom", "key in two ways of writing", "HM123", "{ free =", '{ Free = "Free", ‸free =', hint="one"),
    fault("intercom", "part of the ticket as a field", "HM201", "", '\n[fields.‸"Assignee"]\nfrom = "account.owner"\n', hint="[ticket]"),
    fault("intercom", "template of nothing that is known", "HM125", PLAN, '[fields."Plan"]\ntemplate = ‸"{loyalty.level} {loyalty.points}"', also=("HM102", "HM102")),
    fault("intercom", "transform misspelt", "HM108", PLAN, PLAN + '\ntransforms = [‸"truncat:40"]', hint='"truncate"'),
    fault("intercom", "attribute archived by an admin", "HM202", admin=lambda desk, fields, _: desk.deactivate_field(fields["Urgency"]), at='"Urgency"]'),
    fault("intercom", "option renamed in the list", "HM204", admin=lambda desk, fields, _: desk.rename_option(fields["Urgency"], "Urgent", "Critical"), at='"Urgent", legal', also=("HM204",), hint='"Critical"'),
    fault("intercom", "compulsory attribute that may stay empty", "HM212", admin=lambda desk, fields, _: desk.require_field(fields["Plan"]), at='"Plan"]'),
    fault("intercom", "reason asked for in capital letters", "HM104", PLAN, PLAN + "\nwhen = ‸'handoff.reason in [\"SECURITY\"]'", hint='"security"'),
    fault("intercom", "from forgotten", "TF103", '[fields."Urgency"]\nfrom = "handoff.reason"', '‸[fields."Urgency"]'),
    # HubSpot: internal values and labels; and the files of facts
    fault("hubspot", "front of an option's internal value forgotten", "HM204", 'template = "handoff_{handoff.reason}"', 'from = ‸"handoff.reason"', hint="Customer asked"),
    fault("hubspot", "field in the wrong table", "TF101", "", '\n[‸fields_of_ticket."Plan"]\nfrom = "billing.plan"\n'),
    fault("hubspot", "list where a name stands", "TF102", PLAN, '[fields."Plan"]\nfrom = ‸["billing.plan"]'),
    fault("hubspot", "compulsory property that nothing fills", "HM211", admin=lambda desk, fields, _: desk.require_field(fields["Source type"]), at='fields."Customer tier"]', hint="Source type"),
    fault("hubspot", "property archived by an admin", "HM201", admin=lambda desk, fields, _: desk.deactivate_field(fields["Open balance"]), at='"Open balance"]', hint="taken away"),
    fault("hubspot", "option taken away by an admin", "HM204", admin=lambda desk, fields, _: desk.remove_option(fields["Customer tier"], "Pro"), at='"Pro", enterprise', hint="taken away"),
    fault("hubspot", "object misspelt", "HM301", 'object = "invoice"', 'object = ‸"invoices"', file="stripe.toml", hint='"invoice"'),
    fault("hubspot", "property that cannot be read", "HM302", 'property = "mrr"', 'property = ‸"monthly_revenue"', file="stripe.toml"),
    fault("hubspot", "fact without its quotes", "HM303", '"billing.plan" =', "billing.‸plan =", file="stripe.toml", hint='"billing.plan"'),
    fault("hubspot", "fact with a name of the handoff", "HM304", '"account.name" =', '‸"handoff.name" =', file="hubspot.toml"),
    fault("hubspot", "fact of two sources", "HM305", "[facts]", '[facts]\n‸"account.name" = { object = "customer", property = "name" }', file="stripe.toml"),
    fault("hubspot", "word that the facts make another of", "HM127", 'enterprise = "enterprise" }', 'enterprise = "key" }', file="hubspot.toml", at='enterprise = "Enterprise"', hint='"key"'),
    fault("hubspot", "password in a mapping", "HM129", "[ticket]", "# portal password: ‸Winter2026!secure\n[ticket]"),
    fault("hubspot", "number of a later edition", "HM112", "[ticket]", "schema = ‸2\n\n[ticket]"),
)  # fmt: skip
