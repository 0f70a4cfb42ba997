"""`batonpass connectors`, and the page that is written from it."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

import batonpass_stripe
import batonpass_zendesk
from batonpass.app.support import as_markdown, support_of
from batonpass.cli import app
from batonpass.domain.event import EventKind
from batonpass.ports import Capability

PAGE = Path(__file__).parent.parent.parent / "docs" / "connectors.md"
BEGIN, END = "<!-- batonpass connectors --markdown: begin -->\n", "<!-- end -->"


def test_the_page_is_what_the_manifests_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    written = page.partition(BEGIN)[2].partition(END)[0].strip()

    told = CliRunner().invoke(app, ["connectors", "--markdown"])

    assert told.exit_code == 0
    assert written == told.stdout.strip(), (
        "write what `batonpass connectors --markdown` prints between the marks of docs/connectors.md"
    )


def test_json_names_capabilities_events_and_signatures() -> None:
    told = CliRunner().invoke(app, ["connectors", "--json"])

    document = json.loads(told.stdout)
    zendesk = {each["name"]: each for each in document["connectors"]}["zendesk"]
    assert document["schema"] == "batonpass.connectors/1"
    assert "open_ticket" in zendesk["capabilities"]
    assert batonpass_zendesk.manifest.webhooks is not None
    assert zendesk["signature"] == batonpass_zendesk.manifest.webhooks.scheme


def test_every_event_is_told_with_the_vendors_words_for_it() -> None:
    manifest = batonpass_stripe.manifest

    (support,) = support_of([manifest])

    assert manifest.webhooks is not None
    told = {(word, kind) for kind, words in support.events.items() for word in words}
    meant = {(word, kind) for word, kinds in manifest.webhooks.kinds.items() for kind in kinds}
    assert told == {each for each in meant if each[1] is not EventKind.UNKNOWN}


def test_the_tables_have_a_row_for_every_capability_and_a_column_for_every_connector() -> None:
    supports = support_of([batonpass_stripe.manifest, batonpass_zendesk.manifest])

    lines = as_markdown(supports).splitlines()

    assert "|  | Stripe | Zendesk Support |" in lines
    assert f"| `{Capability.BILLING_FACTS}` | yes |  |" in lines
    assert f"| `{Capability.OPEN_TICKET}` |  | yes |" in lines
