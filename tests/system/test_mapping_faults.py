"""Faults that support ops make, each found at its line before anything is deployed; nothing is found on good files."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from batonpass.app.checking import Checked, check_files, saved_accounts
from batonpass.app.config import load_config
from batonpass.app.discovery import discovered, load_from, save
from batonpass.app.new_folder import write_folder
from batonpass.domain.clock import SystemClock
from batonpass.testing.emulator import Emulator
from batonpass.testing.serving import served_in_thread
from helpdesks import HELPDESKS, Known
from mapping_faults import CURSOR, FAULTS, Admin, Fault

ENVIRONMENT = {
    "ZENDESK_CLIENT_SECRET": "emulated-secret",
    "FRESHDESK_API_KEY": "emulated-key-of-freshdesk",
    "INTERCOM_ACCESS_TOKEN": "emulator-token",
    "HUBSPOT_ACCESS_TOKEN": "emulator-token",
    "STRIPE_API_KEY": "rk_test_emulator",
}
DESKS = {known.manifest.name: known for known in HELPDESKS}


class Vendor:
    """One helpdesk's address, behind which an account stands that can be changed for another one."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.emulator = known.emulated()
        self.address = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.emulator(scope, receive, send)

    def new_account(self) -> Emulator:
        self.emulator = self.known.emulated()
        return self.emulator


@dataclass
class Folder:
    """A folder as `init` writes it."""

    path: Path
    vendor: Vendor

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    def mapping(self, name: str = "") -> Path:
        return self.path / "mappings" / (name or f"{self.vendor.known.name}.toml")

    def discover(self) -> None:
        """As `discover --save`."""
        config = load_config(self.config, ENVIRONMENT)
        login = {
            **self.vendor.emulator.login(),
            "base_url": self.vendor.address,
            **self.vendor.known.settings,
        }
        settings = config.helpdesk.manifest.settings.model_validate(login)
        connection = replace(config.helpdesk, settings=settings)
        save(config, asyncio.run(discovered(connection, SystemClock())))

    def change_account(self, admin: Admin) -> None:
        found = load_from(self.path, self.vendor.known.name)
        assert found is not None
        fields = {field.name: field.id for field in found.schema.fields}
        forms = {form.name: form.id for form in found.schema.forms}
        admin(self.vendor.new_account(), fields, forms)
        self.discover()

    def checked(self) -> Checked:
        return check_files(self.config, ENVIRONMENT, accounts=saved_accounts(self.path))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Folder]]:
    """By helpdesk; each with its account as it was found last."""
    with ExitStack() as stack:
        made = {}
        for name, known in DESKS.items():
            vendor = Vendor(known)
            vendor.address = stack.enter_context(served_in_thread(vendor))
            folder = Folder(path=tmp_path_factory.mktemp(name), vendor=vendor)
            write_folder(folder.path, helpdesk=name)
            folder.discover()
            made[name] = folder
        yield made


def test_there_are_enough_faults_of_enough_kinds_in_every_helpdesk() -> None:
    desks = Counter(fault.desk for fault in FAULTS)
    names = Counter((fault.desk, fault.slip) for fault in FAULTS)

    assert len(FAULTS) >= 60
    assert set(desks) == set(DESKS)
    assert min(desks.values()) >= 10
    assert len({fault.code for fault in FAULTS}) >= 30
    assert max(names.values()) == 1


@pytest.mark.parametrize("desk", DESKS)
def test_good_files_have_no_finding(desk: str, folders: dict[str, Folder]) -> None:
    checked = folders[desk].checked()

    assert checked.findings == ()
    assert [account.problem for account in checked.accounts] == [None]
    assert len(checked.files) >= 3


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.desk}: {fault.slip}")
def test_fault_is_found_at_its_line(fault: Fault, tmp_path: Path, folders: dict[str, Folder]) -> None:
    good = folders[fault.desk]
    folder = replace(good, path=shutil.copytree(good.path, tmp_path / "folder"))
    place = slip(fault, folder)
    if fault.admin is not None:
        folder.change_account(fault.admin)

    found = folder.checked().findings

    assert (fault.code, *place) in [(each.code, each.line, each.column) for each in found]
    assert sorted(each.code for each in found) == sorted((fault.code, *fault.also))
    meant = next(each for each in found if each.code == fault.code)
    assert fault.hint in (meant.hint or "") + meant.message
    assert meant.source_line or fault.code == "TF003"


def slip(fault: Fault, folder: Folder) -> tuple[int, int]:
    """Make it; the line and column where it has to be found."""
    changed = folder.mapping(fault.file)
    if fault.staging:
        changed = folder.mapping(f"{folder.mapping().stem}.staging.toml")
        changed.write_text("", encoding="utf-8")
        settings = folder.config.read_text(encoding="utf-8")
        in_force = settings.replace('# environment = "staging"', 'environment = "staging"')
        folder.config.write_text(in_force, encoding="utf-8")
    text = changed.read_text(encoding="utf-8")
    start = outside_comments(text, fault.good) if fault.good else len(text)
    bad = text[:start] + (fault.staging or fault.bad) + text[start + len(fault.good) :]
    changed.write_bytes(bad.replace(CURSOR, "").encode(fault.encoding))
    at = bad.find(CURSOR)
    if fault.at:
        bad = folder.mapping().read_text(encoding="utf-8")
        at = outside_comments(bad, fault.at)
    before = bad[:at]
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def outside_comments(text: str, part: str) -> int:
    """Where it stands first in a line that is no comment, or is the comment itself."""
    start = text.index(part)
    while text[:start].rpartition("\n")[2].startswith("#"):
        start = text.index(part, start + 1)
    return start
