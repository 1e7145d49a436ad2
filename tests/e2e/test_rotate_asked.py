"""`/rotate` on the real service: its log is archived while it writes on; what is no log is refused."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from opsbot.rotation import _writers
from tests.bound import BOUND
from tests.e2e.reading import custom_id, said, shown, text_of
from tests.e2e.stage import Stage

SECRET = "root:$6$rounds=5000$secret"
FILLING = 2000


@pytest.fixture(autouse=True)
def everybody_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine of one's own; in a container it is not so."""
    monkeypatch.setattr(_writers, "_hidden", lambda _: "")


def archives(stage: Stage) -> list[Path]:
    return sorted(stage.folder.rglob("*.log.gz"))


async def test_the_log_is_archived_without_losing_a_line_and_the_service_writes_on(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot() as running:
        pid = stage.pid()
        with stage.log.open("a") as log:
            log.writelines(f"2026-01-05 15:00:00,000 - root - INFO - filling {n}\n" for n in range(FILLING))
        asked = await world.olga.slash(world.ops, "rotate")
        if "may be lost" in said(asked):  # where the file system cannot cut a log without that
            await world.olga.click(shown(asked), custom_id=custom_id(shown(asked), "Confirm"))
        told = await stage.sim.wait_for_message(
            world.ops, lambda m: "summarybot: rotation done" in text_of(m), timeout=BOUND
        )
        assert "Olga" in text_of(told)
        (archive,) = archives(stage)
        assert archive.name in text_of(told).replace("\\", "")
        text = gzip.decompress(archive.read_bytes()).decode() + stage.log.read_text()
        assert [text.count(f"filling {n}\n") for n in range(FILLING)] == [1] * FILLING
        size = stage.log.stat().st_size
        await stage.until(lambda: stage.log.stat().st_size > size)
        await stage.until_well(running)
        assert stage.pids() == [pid]
    assert stage.of(1) == []


TRAPS: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "a symbolic link": (lambda log, shadow: log.symlink_to(shadow), "symbolic link"),
    "a hard link": (lambda log, shadow: log.hardlink_to(shadow), "hard link"),
    "a pipe": (lambda log, _: os.mkfifo(log), "named pipe"),
    "the environment": (lambda log, _: log.symlink_to("/proc/self/environ"), "symbolic link"),
}


@pytest.mark.parametrize("trap", TRAPS)
async def test_what_somebody_put_in_the_place_of_the_log_is_neither_read_nor_touched(
    stage: Stage, trap: str
) -> None:
    make, named = TRAPS[trap]
    shadow = stage.folder.parent / f"{stage.folder.name}-shadow"
    shadow.write_text(f"{SECRET}\n")
    async with stage.opsbot():
        stage.log.rename(stage.folder / "away")
        make(stage.log, shadow)
        before = stage.log.lstat()
        answer = said(await stage.world.olga.slash(stage.world.ops, "rotate"))
        assert named in answer
        assert stage.log.lstat() == before
        assert archives(stage) == []
        await stage.world.vera.slash(stage.world.ops, "health")
        said_in_all = stage.transcript() + answer
    assert SECRET not in said_in_all
    assert "PATH=" not in said_in_all
    assert shadow.read_text() == f"{SECRET}\n"
    shadow.unlink()
