"""`batonpass demo`."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from batonpass.demo import ai_agent, play, set_up, shipped_scripts
from batonpass.demo.agent_page import Line, read_page
from batonpass.demo.vendor_time import VendorTime
from batonpass.domain.clock import SystemClock
from batonpass.testing.emulator import Latency
from batonpass.testing.serving import served
from cli_rig import run, subprocess_environment


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The whole demo in a process of its own, from an empty folder, without configuration."""
    ended = subprocess.run(
        [sys.executable, "-m", "batonpass", "demo", "--json"],
        cwd=tmp_path_factory.mktemp("empty"), env=subprocess_environment(), capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert b"Traceback" not in ended.stderr
    return json.loads(ended.stdout)


def test_three_conversations_become_three_tickets(told):
    assert told["schema"] == "batonpass.demo/1"
    assert [played["ticket"]["id"] for played in told["played"]] == ["1", "2", "3"]
    assert [played["ticket"]["details"]["Group"] for played in told["played"]] == [
        "Billing",
        "Security",
        "Technical",
    ]
    assert all(played["handoff"]["state"] == "announced" for played in told["played"])
    assert all(played["ticket"]["id"] in played["say"] for played in told["played"])


def test_double_charge_shows_both_payments(told):
    note = told["played"][0]["ticket"]["notes"][0]["text"]
    assert note.count("49.00 EUR, paid (Visa ending 4242)") == 2


def test_claimed_identity_shows_no_account_facts_and_says_so(told):
    ticket = told["played"][1]["ticket"]
    note = ticket["notes"][0]["text"]
    standings = {
        source["source"]: source["standing"]
        for source in told["played"][1]["handoff"]["steps"][0]["result"]["sources"]
    }
    assert (standings["hubspot"], standings["stripe"]) == ("withheld", "withheld")
    assert ticket["details"]["Identity verified"] == "no"
    assert "only claimed" in note
    assert "Okafor Logistics" not in note
    assert "490.00" not in note


def test_enterprise_customer_shows_renewal_and_errors(told):
    note = told["played"][2]["ticket"]["notes"][0]["text"]
    for expected in ("Enterprise", "Renewal", "schema_version 3 not accepted", "7,000.00 EUR"):
        assert expected in note


def test_vendors_time_is_the_greater_part_and_never_more_than_all(told):
    for played in told["played"]:
        assert 0 < played["vendors_critical_path_ms"] < played["ticket_ms"]
        assert played["accepted_ms"] < played["ticket_ms"]


def test_shipped_conversations_have_just_happened():
    now = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)

    for script in shipped_scripts(now):
        times = [turn.at for turn in script.request.conversation.turns]
        assert max(times) == now
        assert 6 <= len(times) <= 12
        assert all(page.at < now for page in script.request.pages)


def test_own_conversation_is_played(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"id": "c-1", "turns": [{"role": "customer", "text": "Where is my parcel?"}]}))

    shown = run("demo", "--file", file)

    assert shown.exit_code == 0
    assert "Where is my parcel?" in shown.stdout
    assert "of which the vendors' critical path" in shown.stdout
    assert "Ticket 1, as the agent sees it" in shown.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"turns": [{"role": "robot", "text": "x"}]}', "conversation.turns.0.role"),
        ("[]", "no JSON object"),
        ("{", "not JSON"),
        (None, "cannot be read"),
    ],
    ids=["wrong role", "a list", "no json", "absent"],
)
def test_bad_file_ends_with_2_and_says_why(tmp_path, content, said):
    file = tmp_path / "mine.json"
    if content is not None:
        file.write_text(content)

    shown = run("demo", "--file", file)

    assert shown.exit_code == 2
    assert said in shown.stderr
    assert shown.stderr.strip().splitlines()[-1].startswith("next: ")


def test_conversation_that_is_too_large_is_refused_with_the_limit(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"turns": [{"role": "customer", "text": "x" * 8_000_001}]}))

    shown = run("demo", "--file", file)

    assert shown.exit_code == 2
    assert "server.max_body_bytes" in shown.stderr


def test_serve_leaves_everything_running_with_its_urls(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"turns": [{"role": "customer", "text": "Hello?"}]}))
    with subprocess.Popen(
        [sys.executable, "-m", "batonpass", "demo", "--serve", "--file", str(file)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=subprocess_environment(),
    ) as process:  # fmt: skip
        shown = ""
        while "curl" not in shown or "-d '" not in shown:
            shown += process.stdout.readline()
        key = re.search(r"API key +(\S+)", shown)[1]
        status_url = re.search(r"its handoff +(\S+)", shown)[1]
        page_url = re.search(r"ticket 1 +(http\S+)", shown)[1]
        status = httpx.get(status_url, headers={"Authorization": f"Bearer {key}"}, trust_env=False).json()
        page = httpx.get(page_url, trust_env=False)
        process.send_signal(signal.SIGINT)
        code = process.wait(20)

    assert (status["ticket"]["url"], page.status_code, code) == (page_url, 200, 0)


async def test_stage_is_configured_by_the_files_of_init(tmp_path):
    async with set_up(tmp_path, SystemClock(), latency=Latency()) as stage:
        played = await play(stage, shipped_scripts(SystemClock().now())[0])

    assert (tmp_path / "config.toml").exists()
    assert (tmp_path / "mappings" / "zendesk.toml").exists()
    assert dict(played.ticket.details)["Customer tier"] == "Pro"


async def test_ai_agent_believes_signed_events_only():
    agent = ai_agent.AiAgent()
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    agent.expect_signatures(secret)
    body = json.dumps(
        {"data": {"handoff_id": "ho_1", "ticket": {"id": "7", "url": "http://x"}, "say": "Done."}}
    )
    now = datetime.now(UTC)
    signed = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("evt_1", now, body),
    }
    forged = {**signed, "webhook-signature": "v1,AAAA"}

    async with served(agent.app) as url, httpx.AsyncClient(trust_env=False) as http:
        statuses = [
            (await http.post(url + ai_agent.CALLBACK_PATH, content=body, headers=headers)).status_code
            for headers in ({}, forged, signed, signed)
        ]

    assert statuses == [401, 401, 204, 204]
    assert (await agent.heard_of("ho_1", within=1)).say == "Done."


def test_page_is_read_as_a_person_reads_it():
    shown = read_page(
        "<title>no</title><style>p { }</style><h1>The &amp; subject</h1><dl><dt>Group</dt><dd>Billing</dd></dl>"
        '<article><p class="by">Ada · internal</p><h3>Head</h3><p><b>A:</b> one<br>two</p>'
        "<ul><li>item</li></ul><pre>x\n  y</pre></article>"
    )

    assert shown.subject == "The & subject"
    assert shown.details == (("Group", "Billing"),)
    assert shown.notes[0].by == "Ada · internal"
    assert shown.notes[0].lines == (
        Line("Head", heading=True), Line("A: one"), Line("two"), Line("• item"), Line("x"), Line("  y"),
    )  # fmt: skip


class FixedTime:
    def __init__(self):
        self.at = 0.0

    def monotonic(self):
        return self.at


async def test_calls_beside_each_other_count_once():
    clock = FixedTime()
    time = VendorTime(clock)

    async def vendor(scope, receive, send):
        clock.at = scope["until"]

    async def call(start, end):
        clock.at = start
        await time.measured(vendor)({"until": end}, None, None)

    for start, end in ((1.0, 3.0), (2.0, 4.0), (6.0, 7.0), (9.0, 20.0)):
        await call(start, end)

    assert time.between(0.0, 10.0) == pytest.approx(3.0 + 1.0 + 1.0)
    assert time.between(2.5, 3.5) == pytest.approx(1.0)
