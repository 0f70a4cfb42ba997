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
    staging: str = ""
    """What `mappings/<helpdesk>.staging.toml` says, where that environment is in force."""
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

MRR = '[fields."MRR"]\nfrom = "billing.mrr"'
REASON = '[fields."Handoff reason"]\nfrom = "handoff.reason"\nvalues = { customer_asked = "Customer asked", ai_unsure'

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
    fault("zendesk", "block pasted twice", "TF006", "", '\n[fields.‸"Plan"]\nfrom = "billing.plan"\n', hint="line 38"),
    fault("zendesk", "day as people write it", "HM203", 'from = "billing.renewal_date"', 'value = ‸"31.12.2026"', hint="2026-11-30"),
    fault("zendesk", "merge of two teams left half done", "TF005", MRR, f'‸<<<<<<< HEAD\n{MRR}\n=======\n[fields."ARR"]\nfrom = "billing.mrr"\n>>>>>>> billing-team', hint="merge"),
    fault("zendesk", "word that the facts have given up", "HM127", 'pro = "pro"', 'pro = "professional"', file="hubspot.toml", at='pro = "Pro"', hint='"professional"'),
    fault("zendesk", "tag of two words", "HM107", '"ai_handoff"', '‸"ai handoff"', hint="underscore"),
    fault("zendesk", "subject without braces", "HM124", SUBJECT, 'subject = ‸"issue.title"', hint='"{issue.title}"'),
    fault("zendesk", "default that is no option", "HM204", TIER_VALUES, f'{TIER_VALUES}\ndefault = ‸"Unknown"', hint="Enterprise, Free, Pro"),
    fault("zendesk", "no-break space of a web page", "HM201", '[fields."Customer tier"]', '[fields.‸"Customer\N{NO-BREAK SPACE}tier"]', hint="hidden sign"),
    fault("zendesk", "amount with its currency in a number field", "HM203", MRR, f'{MRR}\ntransforms = [‸"money:text"]', hint="49.00 EUR"),
    fault("zendesk", "more than a number in quotes", "HM128", MRR, f"{MRR}\nwhen = ‸'handoff.confidence < \"50\"'", hint="write 50"),
    fault("zendesk", "id of a field for its name", "HM201", '[fields."Customer tier"]', '[fields.‸"360000000013"]', hint='"Customer tier"'),
    fault("zendesk", "placeholder of the vendor amid text", "HM124", SUBJECT, 'subject = ‸"Handoff: {{ticket.requester.name}}"', hint="single braces"),
    fault("zendesk", "placeholder in angle brackets", "HM124", SUBJECT, 'subject = ‸"Handoff: <issue.title>"', hint='"{issue.title}"'),
    fault("zendesk", "values beside a template", "TF101", 'template = "handoff_{handoff.reason}"', 'template = "handoff_{handoff.reason}"\n‸values = { security = "Security" }', hint='"from"'),
    fault("zendesk", "fact without its braces", "TF102", '{ object = "company", property = "name" }', '‸"company.name"', file="hubspot.toml", hint='"object" and "property"'),
    fault("zendesk", "list not closed", "TF005", TAGS, 'tags = ‸["ai_handoff"', hint="closing ]"),
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
    fault("freshdesk", "path in capitals", "HM102", '"account.tier"', '‸"Account.Tier"', hint='"account.tier"'),
    fault("freshdesk", "day for people in a date field", "HM203", '"billing.renewal_date"', '"billing.renewal_date"\ntransforms = [‸"date:%d.%m.%Y"]', hint='write "date"'),
    fault("freshdesk", "type in the plural", "HM209", SUBJECT, SUBJECT + '\nform = ‸"Incidents"', hint='"Incident"'),
    fault("freshdesk", "environment's file takes a compulsory field away", "HM211", staging='schema = 1\nremove = [‸"fields.Plan"]\n', admin=lambda desk, fields, _: desk.require_field(fields["Plan"]), hint="out of the list"),
    fault("freshdesk", "label of the reason in place of its code", "HM104", '{ billing_dispute = "Billing"', '{ ‸"Billing dispute" = "Billing"', hint='"billing_dispute"'),
    fault("freshdesk", "default of words in a number field", "HM203", '"handoff.confidence"', '"handoff.confidence"\ndefault = ‸"unknown"', hint="not a number"),
    fault("freshdesk", "template of another helpdesk's file", "HM204", REASON, '[fields."Handoff reason"]\ntemplate = ‸"handoff_{handoff.reason}"\n# { ai_unsure'),
    fault("freshdesk", "two tags in one text", "HM107", TAGS, 'tags = [‸"ai_handoff, reason_{handoff.reason}"]', hint='["one", "two"]'),
    fault("freshdesk", "one transform without brackets", "TF102", PLAN, f'{PLAN}\ntransforms = ‸"upper"', hint="brackets"),
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
    fault("intercom", "quotes of a word processor", "TF005", TAGS, "tags = [‸“ai_handoff”]", hint="word processor"),
    fault("intercom", "amount compared with text", "HM128", MRR, f"{MRR}\nwhen = ‸'billing.mrr > \"100\"'", hint="write 100"),
    fault("intercom", "sides of the value map swapped", "HM104", REASON, '[fields."Handoff reason"]\nfrom = "handoff.reason"\nvalues = { ‸"Customer asked" = "customer_asked", ai_unsure', also=("HM204",), hint='"customer_asked"'),
    fault("intercom", "braces of the vendor's placeholders", "HM124", SUBJECT, 'subject = ‸"{{issue.title}}"', hint='"{issue.title}"'),
    fault("intercom", "fact renamed in its source's file alone", "HM102", '"billing.plan" =', '"billing.product" =', file="stripe.toml", at='"billing.plan"'),
    fault("intercom", "value map over several lines", "TF005", TIER_VALUES, 'values = {‸\n  free = "Free",\n}', hint="one line"),
    fault("intercom", "decimal comma", "TF005", 'from = "billing.balance"', 'from = "billing.balance"\ndefault = 0‸,00', hint="point"),
    fault("intercom", "path in quotes in a condition", "HM124", PLAN, PLAN + "\nwhen = ‸'\"account.tier\" == \"enterprise\"'", hint="without quotes"),
    fault("intercom", "word without quotes in a condition", "HM101", PLAN, PLAN + "\nwhen = 'account.tier == ‸enterprise'", hint='"enterprise"'),
    fault("intercom", "true with a capital letter", "TF005", "verified = true", "verified = ‸True", hint="small letters"),
    fault("intercom", "comment as programs write it", "TF005", 'pro = "Pro"', 'pro = "Pro" ‸// new', hint="#"),
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
    fault("hubspot", "umlaut of a Windows editor", "TF003", '[fields."Plan"]', '[fields."Tarif f‸ür Kunden"]', encoding="cp1252"),
    fault("hubspot", "fields in the singular", "TF101", '[fields."Plan"]', '[‸field."Plan"]', hint='"fields"'),
    fault("hubspot", "rule written below the last table", "TF101", "", '\n‸"Source type" = "Chat"\n', hint='[fields."Source type"]'),
    fault("hubspot", "yes and no in another language", "HM203", IDENTITY, 'values = { verified = ‸"Ja", claimed = "Nein" }', also=("HM203",)),
    fault("hubspot", "one field twice, in small letters", "HM120", "", '\n[fields.‸"mrr"]\nfrom = "billing.balance"\n', also=("HM213",)),
    fault("hubspot", "day in a spreadsheet's letters", "HM109", PLAN, f'{PLAN}\ntransforms = [‸"date:DD.MM.YYYY"]', hint="%d.%m.%Y"),
    fault("hubspot", "layers named under the ticket", "TF101", SUBJECT, SUBJECT + '\n‸extends = "shipped"', hint="top of the file"),
    fault("hubspot", "group taken away by an admin", "HM205", admin=lambda desk, fields, _: desk.remove_option("support_group", "Technical"), at='"Technical" }', hint="Billing, Security, Support"),
)  # fmt: skip
