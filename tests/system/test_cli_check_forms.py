"""`batonpass check`: what it prints for whom, which files it looks at, what it mends, and looking again."""

from __future__ import annotations

import json
import stat
import sys

import pytest

from batonpass.cli.check_again import changes
from cli_rig import SECRETS, run

TOKEN = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    run("init", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def mapping(folder):
    return folder / "mappings" / "zendesk.toml"


def change(path, good, bad):
    text = path.read_text()
    assert good in text
    path.write_text(text.replace(good, bad, 1))


def line_of(path, part):
    return path.read_text().split(part)[0].count("\n") + 1


def check(*arguments):
    return run("check", *arguments, env=SECRETS)


def test_full_shows_line_caret_meaning_fix_and_page(mapping):
    change(mapping, '"ai_handoff"', '"AI handoff"')

    told = check().stdout.splitlines()

    number = str(line_of(mapping, "tags = "))
    assert told == [
        f"mappings/zendesk.toml:{number}:9: HM107 warning: a tag has no spaces and no signs but - _ / :",
        f'{number.rjust(5)} | tags = ["AI handoff", "reason_{{handoff.reason}}"]',
        "      |         ^^^^^^^^^^^^ each becomes an underscore",
        '      = fix: batonpass check --fix writes "ai_handoff"  · more: batonpass check --explain HM107',
    ]


def test_concise_has_one_line_per_finding(mapping):
    change(mapping, '"ai_handoff"', '"AI handoff"')
    change(mapping, '"billing.plan"', '"biling.plan"')

    told = check("--format", "concise").stdout.splitlines()

    assert [each.split(": ")[1].split()[0] for each in told] == ["HM107", "HM101"]


def test_github_annotations_are_escaped(mapping):
    change(mapping, 'default = "Support"', 'default = "50%, all: of us"')
    change(mapping, '"{issue.title}"', '"{issue.titel}"')

    told = check("--format", "github").stdout.splitlines()

    assert [each.split(" ")[0] for each in told] == ["::error"]
    assert told[0].startswith(
        f"::error file=mappings/zendesk.toml,line={line_of(mapping, 'subject = ')},col=11,"
    )
    assert "title=batonpass HM101::" in told[0]


def test_sarif_has_what_its_schema_requires(mapping):
    change(mapping, '"ai_handoff"', '"AI handoff"')
    change(mapping, '"billing.plan"', '"biling.plan"')

    told = json.loads(check("--format", "sarif").stdout)

    (sarif_run,) = told["runs"]
    driver = sarif_run["tool"]["driver"]
    rules = [rule["id"] for rule in driver["rules"]]
    assert (told["version"], driver["name"], rules) == ("2.1.0", "batonpass", ["HM101", "HM107"])
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in driver["rules"])
    for result in sarif_run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "mappings/zendesk.toml"
        region = place["physicalLocation"]["region"]
        assert 1 <= region["startColumn"] < region["endColumn"]
        assert region["startLine"] >= 1
    (fix,) = sarif_run["results"][0]["fixes"]
    (replacement,) = fix["artifactChanges"][0]["replacements"]
    assert replacement["insertedContent"]["text"] == '"ai_handoff"'


def test_format_without_findings_is_still_a_document(folder):
    assert json.loads(check("--format", "sarif").stdout)["runs"][0]["results"] == []
    assert check("--format", "github").stdout == ""
    assert json.loads(check("--json").stdout)["ok"] is True


@pytest.mark.parametrize("form", ["concise", "full", "json", "github", "sarif"])
def test_d06_no_form_shows_a_secret(mapping, form):
    change(mapping, '"billing.plan"', f'"{TOKEN}"')
    change(mapping, 'pro = "Pro"', f'pro = "{TOKEN}"')
    change(mapping, "[ticket]", f"# password: Winter2026!x and {TOKEN}\n[ticket]")

    told = check("--format", form)

    assert told.exit_code == 1
    assert "HM129" in told.stdout
    assert TOKEN[8:] not in told.output
    assert "Winter2026!x" not in told.output


def test_only_the_named_files_are_told(folder, mapping):
    change(mapping, '"billing.plan"', '"biling.plan"')
    change(folder / "mappings" / "stripe.toml", 'property = "mrr"', 'property = "mmr"')

    told = json.loads(check("mappings/stripe.toml", "--json").stdout)

    assert told["files"] == ["mappings/stripe.toml"]
    assert [each["code"] for each in told["findings"]] == ["HM302"]


def test_file_of_nobody_ends_with_2(folder):
    (folder / "other.toml").write_text("")

    told = check("other.toml")

    assert told.exit_code == 2
    assert "no file of this configuration" in told.stderr


@pytest.mark.parametrize("options", [("--dry-run",), ("--fix", "--watch"), ("--format", "xml")])
def test_options_that_do_not_go_together_end_with_2(folder, options):
    assert check(*options).exit_code == 2


def test_fix_changes_nothing_but_what_it_says(mapping):
    change(mapping, '"ai_handoff"', '"AI handoff"')
    change(mapping, 'default = "normal"', 'default = "Normal"')
    change(mapping, '"billing.plan"', '"biling.plan"')
    mapping.chmod(0o640)
    before = mapping.read_bytes()

    fixed = check("--fix")

    wanted = before.replace(b'"AI handoff"', b'"ai_handoff"').replace(b'"Normal"', b'"normal"')
    assert mapping.read_bytes() == wanted
    assert stat.S_IMODE(mapping.stat().st_mode) == 0o640
    assert fixed.exit_code == 1
    assert "2 findings mended in 1 files" in fixed.stderr
    assert 'did you mean "billing.plan"?' in fixed.stdout
    assert [each.name for each in mapping.parent.iterdir() if each.name.startswith(".")] == []


def test_fix_keeps_line_ends_byte_order_mark_and_links(mapping, tmp_path):
    change(mapping, '"ai_handoff"', "'AI handoff'")
    content = b"\xef\xbb\xbf" + mapping.read_bytes().replace(b"\n", b"\r\n").replace(
        b"[ticket]\r\n", b"[ticket]\n"
    )
    real = tmp_path / "elsewhere.toml"
    real.write_bytes(content)
    mapping.unlink()
    mapping.symlink_to(real)

    fixed = check("--fix")

    assert fixed.exit_code == 0
    assert mapping.is_symlink()
    assert real.read_bytes() == content.replace(b"'AI handoff'", b"'ai_handoff'")


def test_dry_run_shows_and_writes_nothing(mapping):
    change(mapping, '"ai_handoff"', '"AI handoff"')
    before = mapping.read_bytes()

    shown = check("--fix", "--dry-run")

    assert mapping.read_bytes() == before
    assert '+tags = ["ai_handoff", "reason_{handoff.reason}"]' in shown.stdout
    assert "1 findings would be mended" in shown.stderr


def test_fix_for_machines_keeps_its_document_whole(mapping):
    change(mapping, '"ai_handoff"', '"AI handoff"')

    fixed = check("--fix", "--json")

    assert json.loads(fixed.stdout)["findings"] == []
    assert '"ai_handoff"' in fixed.stderr


def test_watch_checks_at_once_and_after_each_change(mapping, folder, monkeypatch):
    looked_at = []

    def edited(folders):
        looked_at.append(folders)
        if len(looked_at) > 1:
            yield frozenset()
            return
        yield frozenset()
        change(mapping, '"billing.plan"', '"biling.plan"')
        yield frozenset({mapping})
        (folder / "config.toml").write_text("[server")
        yield frozenset({folder / "config.toml"})
        raise AssertionError("other folders matter now")

    monkeypatch.setattr(sys.modules["batonpass.cli.check"], "changes", edited)

    watched = check("--watch", "--format", "concise")

    assert watched.exit_code == 0
    assert looked_at == [(folder.resolve(), mapping.parent.resolve()), (folder.resolve(),)]
    assert [line.split(": ")[1].split()[0] for line in watched.stdout.splitlines()] == ["HM101", "TF005"]
    assert watched.stderr.count("next: ") == 3


def test_watching_sees_saved_and_renamed_files_and_no_others(tmp_path):
    seen = changes((tmp_path,))
    assert next(seen) == frozenset()

    (tmp_path / ".zendesk.toml.swp.toml").write_text("a")
    (tmp_path / "notes.txt").write_text("a")
    (tmp_path / "fresh").write_text("b")
    (tmp_path / "fresh").replace(tmp_path / "zendesk.toml")

    assert next(seen) == {(tmp_path / "zendesk.toml").resolve()}
    seen.close()
