"""Somebody has logrotate(8) look after the same log, and tells opsbot to rotate it all the same."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.errors import RotationError
from opsbot.rotation.base import RotationContext
from opsbot.rotation.logfile import LogRotator
from tests.rotation.desk import Desk, numbered
from tests.rotation.quick import Quick
from tests.rotation.yard import needs

CONFIG = """
{log} {{
    rotate 1000
    missingok
    nocreate
    nocompress
    postrotate
        kill -USR1 {pid}
    endscript
}}
"""


class Both(Quick):
    """Two who rotate the log of a service that opens it anew on SIGUSR1."""

    def __init__(self, folder: Path) -> None:
        super().__init__("signal", folder)
        self.folder = folder
        self.spec = replace(self.spec, foreign=True)
        context = RotationContext(self.clock, lambda: self.running, self.feeds)
        self.rotator = LogRotator(self.spec, context)
        self.theirs = 0

    async def rotate(self) -> None:
        await self.grown()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.logrotate())
            group.create_task(self.attempt())

    async def attempt(self) -> None:
        with suppress(RotationError):  # the other one was faster
            aside = await self.rotator.set_aside(await self.rotator.plan())
            self.outcome.ways["opsbot"] += 1
            if not aside.busy:
                await self.pack(aside)

    async def logrotate(self) -> None:
        assert self.running
        config = self.folder / "logrotate.conf"
        config.write_text(CONFIG.format(log=self.log, pid=self.running.process.pid))
        config.chmod(0o644)
        command = ["logrotate", "--force", "--state", str(self.folder / "logrotate.state"), str(config)]
        process = await asyncio.create_subprocess_exec(*command)
        assert await process.wait() == 0
        self.theirs += 1

    def contents(self) -> list[bytes]:
        theirs = [path.read_bytes() for path in self.folder.glob("service.log.?*")]
        self.outcome.windows = [0.0] * (len(theirs) + len(self.taken))
        files = sorted([*self.taken, *theirs], key=lambda data: data[:10])
        return [*files, self.log.read_bytes()]


async def test_rotated_by_opsbot_and_logrotate_at_once_no_line_is_lost_or_doubled(tmp_path: Path) -> None:
    needs(shutil.which("logrotate") is not None, "logrotate is not installed")
    both = Both(tmp_path)
    outcome = await both.run(20)
    assert both.theirs == 20
    assert outcome.ways["opsbot"] > 0
    assert (outcome.gone, outcome.doubled, outcome.broken) == ([], 0, 0), outcome
    assert outcome.seen == outcome.written


async def test_what_logrotate_leaves_is_seen(desk: Desk) -> None:
    needs(shutil.which("logrotate") is not None, "logrotate is not installed")
    desk.log.write_text(numbered(10))
    config = desk.folder / "logrotate.conf"
    config.write_text(f"{desk.log} {{\n rotate 3\n copytruncate\n compress\n dateext\n}}\n")
    config.chmod(0o644)
    command = ["logrotate", "--force", "--state", str(desk.folder / "state"), str(config)]
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0
    with pytest.raises(RotationError, match=r"is left alone, .* \(bot\.log-\d{8}\.gz, written "):
        await desk.rotator.plan()
