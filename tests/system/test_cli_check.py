"""`batonpass check`."""

from __future__ import annotations

import json

import pytest

from cli_rig import SECRETS, run

STRIPE_KEY = "rk_live_" + "51H7qYKJ2eZvKYlo2C" * 2


@pytest.fixture
def folder(tmp_path):
    run("init", tmp_path)
    return tmp_path


def test_all_findings_of_all_files_in_one_run(folder):
    config = folder / "config.toml"
    config.write_text(config.read_text().replace("[server]", "[server]\nprot = 8080\n"))
    with (folder / "mappings" / "zendesk.toml").open("a") as file:
        file.write('\n[fields."Mood"]\nfrom = "customer.emial"\n')
    with (folder / "mappings" / "stripe.toml").open("a") as file:
        file.write('\n"billing.nothing" = { object = "invoice", property = "nothing" }\n')

    checked = run("check", "--config", config, env=SECRETS)

    assert checked.exit_code == 1
    assert 'unknown key "prot"' in checked.stdout
    assert 'did you mean "port"?' in checked.stdout
    assert '"customer.emial" is not known' in checked.stdout
    assert '"nothing" of invoice cannot be read' in checked.stdout
    assert "4 files: 3 errors" in checked.stderr
    assert checked.stderr.strip().splitlines()[-1].endswith("batonpass check")


def test_broken_fact_file_does_not_make_its_facts_unknown(folder):
    with (folder / "mappings" / "hubspot.toml").open("a") as file:
        file.write('\n"account.nothing" = { object = "spaceship", property = "x" }\n')

    checked = run("check", "--config", folder / "config.toml", env=SECRETS)

    assert checked.exit_code == 1
    assert "1 error, 0 warnings" in checked.stderr


def test_warnings_are_no_errors(folder):
    with (folder / "mappings" / "zendesk.toml").open("a") as file:
        file.write('\n[fields."Shoe size"]\nfrom = "fashion.shoe_size"\n')

    checked = run("check", "--config", folder / "config.toml", env=SECRETS)

    assert checked.exit_code == 0
    assert "warning" in checked.stdout


def test_json_is_one_document(folder):
    checked = run("check", "--config", folder / "config.toml", "--json")

    told = json.loads(checked.stdout)
    assert checked.exit_code == 1
    assert told["schema"] == "batonpass.check/1"
    assert told["ok"] is False
    assert {finding["location"]["file"] for finding in told["findings"]} == {str(folder / "config.toml")}
    assert len(told["files"]) == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no configuration here"), ("[server", "TF005")],
    ids=["absent", "not toml"],
)
def test_config_that_cannot_be_read_ends_with_2(tmp_path, content, said):
    config = tmp_path / "config.toml"
    if content is not None:
        config.write_text(content)

    checked = run("check", "--config", config)

    assert checked.exit_code == 2
    assert said in checked.stderr
    assert checked.stderr.strip().splitlines()[-1].startswith("next: ")


def test_errors_are_json_on_stderr_too(tmp_path):
    checked = run("check", "--config", tmp_path / "config.toml", "--json")

    told = json.loads(checked.stderr)
    assert (checked.exit_code, checked.stdout) == (2, "")
    assert told["code"] == "no_config"
    assert told["hint"].startswith("batonpass init")
    assert told["retryable"] is False


def test_config_is_found_by_environment_or_folder(folder, monkeypatch):
    by_environment = run("check", env={**SECRETS, "BATONPASS_CONFIG": str(folder / "config.toml")})
    monkeypatch.chdir(folder)
    by_folder = run("check", env=SECRETS)

    assert (by_environment.exit_code, by_folder.exit_code) == (0, 0)


def test_w04_secret_of_the_wrong_kind_is_an_error_at_its_line(folder):
    checked = run(
        "check", "--config", folder / "config.toml", env={**SECRETS, "ZENDESK_CLIENT_SECRET": STRIPE_KEY}
    )

    assert checked.exit_code == 1
    assert "BC008" in checked.stdout
    assert (
        "the environment variable ZENDESK_CLIENT_SECRET holds a restricted Stripe API key" in checked.stdout
    )
    assert 'client_secret = "env:ZENDESK_CLIENT_SECRET"' in checked.stdout
    assert "client_secret of [connections.zendesk] needs a Zendesk" in checked.stdout
    assert STRIPE_KEY[8:] not in checked.output
