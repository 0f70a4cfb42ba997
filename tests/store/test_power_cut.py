"""A power cut: whatever was written and not synced is gone. What was acknowledged is there all the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from batonpass.domain.ids import HandoffId
from batonpass.store import Journal, StoreAddress, database_at

KEEPS_WHAT_IS_SYNCED = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The place of a file's copy; 0 where it is none of the store's files. */
static int copy_of(const char *path, char *copy, size_t size) {
    const char *folder = getenv("SYNCED"), *name = strrchr(path, '/');
    if (!folder || !name || !strstr(name, "journal.db")) return 0;
    snprintf(copy, size, "%s%s", folder, name);
    return 1;
}

/* After each sync the file is copied aside: that is what a disk would hold after a cut. */
static void keep(int fd) {
    char link[64], path[4096], copy[8192], part[8300], block[65536];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    if (!copy_of(path, copy, sizeof copy)) return;
    snprintf(part, sizeof part, "%s.part", copy);
    int from = open(path, O_RDONLY), to = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t got;
    while ((got = read(from, block, sizeof block)) > 0) if (write(to, block, got) != got) abort();
    close(from); close(to); rename(part, copy);
}
int fsync(int fd) { int (*real)(int) = dlsym(RTLD_NEXT, "fsync"); int r = real(fd); keep(fd); return r; }
/* SQLite syncs the folder after it has removed a rollback journal: gone is gone. */
int unlink(const char *path) {
    char copy[8192];
    int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
    if (copy_of(path, copy, sizeof copy)) real(copy);
    return real(path);
}
int fdatasync(int fd) { int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync"); int r = real(fd); keep(fd); return r; }
"""
ACCEPTS_FOR_EVER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from batonpass.domain.ids import new_handoff_id
from batonpass.engine import decide
from batonpass.store import Journal, NewHandoff, StoreAddress, database_at

async def main():
    journal = Journal(database_at(StoreAddress.file(Path(sys.argv[1]))))
    await journal.open()
    async def accept():
        while True:
            new = NewHandoff(
                id=new_handoff_id(), ai_agent="bot", conversation_id=None, body=b"x" * 3000, request=b"{}", mended=False,
                idempotency_key=None, body_sha256=b"", received_at=datetime.now(UTC), helpdesk="desk",
            )
            await journal.accept(new, decide.on_request())
            print(new.id, flush=True)
    await asyncio.gather(*(accept() for _ in range(8)))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None or not Path("/proc/self/fd").exists():
        pytest.skip("dropping unsynced writes needs gcc and Linux: apt-get install gcc")
    folder = tmp_path_factory.mktemp("shim")
    (folder / "synced.c").write_text(KEEPS_WHAT_IS_SYNCED)
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", folder / "synced.so", folder / "synced.c", "-ldl"], check=True
    )
    return folder / "synced.so"


@pytest.mark.parametrize("acknowledged_at_least", [1, 40, 150])
async def test_p02_what_was_acknowledged_survives_the_loss_of_all_unsynced_writes(
    shim: Path, tmp_path: Path, acknowledged_at_least: int
) -> None:
    disk, synced = tmp_path / "disk", tmp_path / "synced"
    disk.mkdir()
    synced.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", ACCEPTS_FOR_EVER, str(disk / "journal.db")],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "LD_PRELOAD": str(shim), "SYNCED": str(synced)},
    )  # fmt: skip
    assert process.stdout is not None
    acknowledged = [HandoffId(process.stdout.readline().strip()) for _ in range(acknowledged_at_least)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [
        HandoffId(line.strip()) for line in process.communicate()[0].splitlines() if len(line) == 29
    ]

    assert (synced / "journal.db-wal").exists()
    after_the_cut = Journal(database_at(StoreAddress.file(synced / "journal.db")))
    await after_the_cut.open()
    counts = await after_the_cut.counts()
    lost = [each for each in acknowledged if await after_the_cut.handoff(each) is None]
    await after_the_cut.close()

    assert lost == []
    assert counts["requested"] >= len(acknowledged) >= acknowledged_at_least
