"""The session of docs/planning.md, replayed over the emulators with a server running."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cli_rig import emulated
from planning_rig import DOUBLE_CHARGE, FAILING, installation

PAGE = Path(__file__).parents[2] / "docs" / "planning.md"
UPSET = {7, 19, 23, 31, 44}


def parts_of_page() -> tuple[str, str, list[tuple[str, str]]]:
    """The two mappings, and each command with what it printed."""
    page = PAGE.read_text()
    before, after = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[:2]
    (session,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    commands = re.split(r"^\$ batonpass ", session, flags=re.MULTILINE)[1:]
    return before, after, [(each.partition("\n")[0], each.partition("\n")[2]) for each in commands]


class Normal:
    """Ids and numbers that differ from run to run."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def __call__(self, output: str) -> str:
        own = "\n".join(line for line in output.splitlines() if not line.startswith('{"'))  # the server's log
        numbered = re.sub(r"ho_[0-9a-z]{26}", self._number, own)
        return re.sub(r"\b\d{9,}\b", "360000000001", numbered).strip()

    def _number(self, found: re.Match[str]) -> str:
        return self._ids.setdefault(found[0], f"ho_{len(self._ids) + 1}")


async def test_the_recorded_session_goes_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after, commands = parts_of_page()
    monkeypatch.chdir(tmp_path)
    normal = Normal()

    with emulated() as vendors:
        async with installation(Path(), vendors, mapping=before) as made:
            await made.hand_over(FAILING, "technical_failure", 0)
            for number in range(1, 50):
                reason = "upset_customer" if number in UPSET else "billing_dispute"
                await made.hand_over(DOUBLE_CHARGE, reason, number)
            await made.settled()
            Path("proposed.toml").write_text(after)
            shown = [
                (command, normal((await made.command(*shlex.split(command))).output))
                for command, _ in commands
            ]

    assert shown == [(command, output.strip()) for command, output in commands]
    assert len(shown) == 4
