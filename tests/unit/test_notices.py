"""The team hears of an alert once when it opens and once when it closes, over real HTTP."""

from __future__ import annotations

import asyncio
import re
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from structlog.testing import capture_logs

from batonpass.app import alert_words
from batonpass.app.notices import FIRST_WAIT, Notices
from batonpass.app.secrets import SecretSource
from batonpass.app.watching import DeadlinesConfig, MetricsConfig, NoticesConfig, StormConfig
from batonpass.diagnostics import TomlFile, validated
from batonpass.domain.alert import Alert, AlertKind
from batonpass.testing.serving import served
from fakes import NOON, FakeClock

ROOT = Path(__file__).parent.parent.parent
ALERT = Alert(
    id=7,
    kind=AlertKind.HANDOFFS_LATE,
    about="desk",
    detail="customers have waited. Next: batonpass doctor",
    opened_at=NOON,
    last_at=NOON + timedelta(minutes=3),
    count=12,
)
CLOSED = replace(ALERT, closed_at=NOON + timedelta(minutes=20), count=14)


@dataclass
class Chat:
    """Takes notices; says no as long as it is told to."""

    said: list[dict] = field(default_factory=list)
    status: int = 200
    wait: float = 0.0
    calls: int = 0

    async def __call__(self, scope, receive, send) -> None:
        self.calls += 1
        if self.wait:
            await asyncio.sleep(self.wait)
        if self.status == 200:
            self.said.append(await Request(scope, receive).json())
        response: Response = PlainTextResponse("", self.status)
        await response(scope, receive, send)


@asynccontextmanager
async def chat() -> AsyncIterator[tuple[Chat, SecretStr]]:
    app = Chat()
    async with served(app) as url:
        yield app, SecretStr(url.replace("http://", "json://") + "/hook-s3cret")


@pytest.fixture(autouse=True)
def _logs_as_they_come():
    structlog.reset_defaults()


async def test_an_alert_is_told_once_when_it_opens_and_once_when_it_closes():
    async with chat() as (app, url):
        notices = Notices([url], clock=FakeClock())

        for _ in range(3):
            assert await notices.tell(ALERT)
            assert await notices.tell(replace(ALERT, count=99))
        for _ in range(3):
            assert await notices.tell(CLOSED)

    opened, closed = app.said
    assert opened["title"] == "batonpass: Handoffs are late (desk)"
    assert "12 times" in opened["message"]
    assert "Since 2026-11-21 12:00 UTC" in opened["message"]
    assert "Next: batonpass doctor" in opened["message"]
    assert closed["title"] == "batonpass: Over: Handoffs are late (desk)"
    assert "ended at 2026-11-21 12:20 UTC" in closed["message"]


async def test_a_notice_that_is_refused_is_told_again_later_and_no_log_has_the_url(caplog, capfd):
    async with chat() as (app, url):
        clock = FakeClock()
        notices = Notices([url], clock=clock)
        app.status = 500

        with capture_logs() as logs:
            assert not await notices.tell(ALERT)
            assert not await notices.tell(ALERT)
            app.status = 200
            clock.go_on(FIRST_WAIT)
            assert await notices.tell(ALERT)

    assert app.calls == 2
    assert [each["event"] for each in logs] == ["alert_opened", "notice_not_delivered"]
    written = str(logs) + caplog.text + "".join(capfd.readouterr())
    assert "s3cret" not in written
    assert "127.0.0.1" not in written


async def test_who_has_the_notice_is_not_told_again_because_another_has_it_not():
    async with chat() as (good, good_url), chat() as (bad, bad_url):
        clock = FakeClock()
        notices = Notices([good_url, bad_url], clock=clock)
        bad.status = 503

        assert not await notices.tell(ALERT)
        bad.status = 200
        clock.go_on(FIRST_WAIT)
        assert await notices.tell(ALERT)

    assert (good.calls, bad.calls) == (1, 2)


async def test_the_wait_between_tries_grows():
    async with chat() as (app, url):
        clock = FakeClock()
        notices = Notices([url], clock=clock)
        app.status = 500

        for _ in range(600):
            await notices.tell(ALERT)
            clock.go_on(1)

    assert app.calls == 6  # at 0, 15, 45, 105, 225 and 465 s


async def test_a_place_that_hangs_costs_its_deadline_and_one_thread():
    async with chat() as (app, url):
        app.wait = 3.0
        clock = FakeClock()
        notices = Notices([url], clock=clock, deadline=0.05)

        assert not await notices.tell(ALERT)
        clock.go_on(FIRST_WAIT)
        assert not await notices.tell(ALERT)
        assert app.calls <= 1


async def test_a_place_that_is_not_there_fails_no_caller():
    notices = Notices([SecretStr("json://127.0.0.1:1/hook")], clock=FakeClock())

    assert not await notices.tell(ALERT)


async def test_without_places_the_log_line_is_all():
    notices = Notices([], clock=FakeClock())

    with capture_logs() as logs:
        assert await notices.tell(ALERT)
        assert await notices.tell(ALERT)
        assert await notices.tell(CLOSED)

    assert [(each["event"], each["log_level"]) for each in logs] == [
        ("alert_opened", "error"),
        ("alert_closed", "info"),
    ]
    assert logs[0]["alert"] == "handoffs_late"


def test_every_kind_has_words_and_a_next_step_and_stands_in_the_docs():
    page = (ROOT / "docs" / "alerts.md").read_text()

    assert set(alert_words.WHAT) == set(alert_words.NEXT) == set(AlertKind)
    for kind in AlertKind:
        assert f"## {alert_words.WHAT[kind]}: `{kind}`" in page
        assert "Next: " in alert_words.text_of(replace(ALERT, kind=kind, detail=""))


def test_every_command_in_the_docs_and_the_notices_exists():
    from batonpass.cli import app as commands  # noqa: PLC0415 - the others need no command line

    known = {command.callback.__name__ for command in commands.registered_commands if command.callback}
    known |= {group.typer_instance.info.name for group in commands.registered_groups}
    page = (ROOT / "docs" / "alerts.md").read_text()
    named = re.findall(r"`batonpass ([a-z]+)", page)
    named += re.findall(r"batonpass ([a-z]+)", " ".join(alert_words.NEXT.values()))

    assert len(named) > 5
    assert set(named) <= known


# The tables of config.toml


def read(tmp_path, text, model, at, environment=None):
    (tmp_path / "config.toml").write_text(text)
    file = TomlFile.read(tmp_path / "config.toml")
    return validated(file, model, at=(at,), context={"secret": SecretSource(tmp_path, environment or {})})


def test_a_notices_url_is_a_secret_that_stands_elsewhere(tmp_path):
    text = '[notices]\nto = ["env:TEAM", "file:pager"]\n'
    (tmp_path / "pager").write_text("json://127.0.0.1:2/\n")

    config, findings = read(tmp_path, text, NoticesConfig, "notices", {"TEAM": "json://127.0.0.1:1/"})

    assert findings == []
    assert [url.get_secret_value() for url in config.places] == ["json://127.0.0.1:1/", "json://127.0.0.1:2/"]
    assert "127.0.0.1" not in repr(config)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('to = ["slack://plain/sight/token"]', "a secret does not belong here"),
        ('to = "slack://plain/sight/token"', "a secret does not belong here"),
        ('to = ["env:MISSING"]', "MISSING is not set"),
        ('to = ["env:NONSENSE"]', "no URL that apprise knows"),
        ('tp = ["slack://plain/sight/token"]', 'unknown key "tp"'),
        ("to = 5", "a secret does not belong here"),
    ],
    ids=["inline", "inline-alone", "not-set", "no-such-service", "misspelt", "number"],
)
def test_a_notices_url_that_cannot_be_used_is_a_finding_that_does_not_show_it(tmp_path, line, message):
    config, findings = read(
        tmp_path, f"[notices]\n{line}\n", NoticesConfig, "notices", {"NONSENSE": "nonsense://plain/sight"}
    )

    assert config is None
    (finding,) = findings
    assert message in finding.message
    assert finding.line == 2
    assert "plain" not in str(finding)
    assert "sight" not in str(finding)


def test_a_missing_package_is_a_finding_with_the_command_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)

    _, findings = read(
        tmp_path, '[notices]\nto = ["env:TEAM"]\n', NoticesConfig, "notices", {"TEAM": "json://127.0.0.1:1/"}
    )

    (finding,) = findings
    assert 'pip install "batonpass[notices]"' in finding.message


def test_without_notices_apprise_is_not_asked_for(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)

    config, findings = read(tmp_path, "[server]\n", NoticesConfig, "notices")

    assert (config.places, findings) == ((), [])


@pytest.mark.parametrize(
    ("table", "model", "line", "message"),
    [
        ("deadlines", DeadlinesConfig, "ticket_within = 0", "greater than or equal to 10"),
        ("deadlines", DeadlinesConfig, "give_up_after = 100", "longer than ticket_within"),
        ("deadlines", DeadlinesConfig, "accept_within = 100", "not be shorter than announce_within"),
        ("storm", StormConfig, 'say.en = "{queue} wait"', "{ahead} and {minutes}"),
        ("storm", StormConfig, 'say_without_time.en = "{minutes}"', "the only placeholder here is {ahead}"),
        ("metrics", MetricsConfig, "port = 70000", "less than or equal to 65535"),
    ],
    ids=["no-time", "give-up-first", "too-short", "placeholder", "time-unknown", "port"],
)
def test_a_table_that_makes_no_sense_is_a_finding(tmp_path, table, model, line, message):
    config, findings = read(tmp_path, f"[{table}]\n{line}\n", model, table)

    assert config is None
    assert message in findings[0].message


def test_the_example_shows_every_key_of_the_new_tables():
    text = (ROOT / "config.example.toml").read_text()
    wanted = {
        "deadlines": DeadlinesConfig,
        "storm": StormConfig,
        "notices": NoticesConfig,
        "metrics": MetricsConfig,
    }

    for table, model in wanted.items():
        part = text.split(f"\n[{table}]\n")[1].split("\n[")[0]
        shown = {
            line[2:].split(" = ")[0] for line in part.splitlines() if line.startswith("# ") and " = " in line
        }
        shown |= {
            line.split(".")[1].split("]")[0] for line in part.splitlines() if line.startswith("# [storm.")
        }
        assert set(model.model_fields) <= shown


def test_the_defaults_in_the_example_are_the_defaults():
    text = (ROOT / "config.example.toml").read_text()

    for table, model in (("deadlines", DeadlinesConfig), ("storm", StormConfig)):
        part = text.split(f"\n[{table}]\n")[1].split("\n[")[0]
        lines = [line[2:] for line in part.splitlines() if line.startswith("# ") and " = " in line]
        shown = {key: value for key, value in tomllib.loads("\n".join(lines)).items() if "say" not in key}
        assert model.model_validate(shown) == model()
