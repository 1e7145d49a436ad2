"""What every rotator keeps, the shipped fake included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from opsbot.clock import SystemClock
from opsbot.errors import RotationError
from opsbot.rotation import _rename, _writers
from opsbot.rotation.base import Aside, LogSpec, RotationContext, Rotator, Way
from opsbot.rotation.logfile import LogRotator
from opsbot.testing.rotation import FakeLog, FakeRotator, Nobody
from tests.rotation.desk import Pen


class Harness(Protocol):
    """One log of one kind, and what happens to it."""

    spec: LogSpec

    def rotator(self) -> Rotator:
        """A fresh one over the same log, as after opsbot's restart."""

    def write(self, bytes_: int) -> None:
        """The target writes so many."""

    def refuse(self) -> None:
        """The log is nothing that may be rotated."""

    def hold(self) -> None:
        """A writer keeps what is set aside open."""

    def let_go(self) -> None:
        """It does so no longer."""

    def break_archiving(self) -> None:
        """No archive can be made now."""

    def mend_archiving(self) -> None:
        """It can again."""

    async def close(self) -> None:
        """Everything that was begun ends."""


class FileHarness:
    """`LogRotator` over a log that its target opens anew."""

    def __init__(self, folder: Path) -> None:
        self.spec = LogSpec(folder / "bot.log", folder / "archive", "bot", watched=True)
        self.pen: Pen | None = None
        self.made: list[LogRotator] = []

    def rotator(self) -> Rotator:
        context = RotationContext(SystemClock(), lambda: None, Nobody())
        self.made.append(LogRotator(self.spec, context))
        return self.made[-1]

    def write(self, bytes_: int) -> None:
        with self.spec.path.open("a") as log:
            log.write("x" * (bytes_ - 1) + "\n")

    def refuse(self) -> None:
        self.spec.path.unlink(missing_ok=True)
        self.spec.path.symlink_to(self.spec.path.with_name("elsewhere"))

    def hold(self) -> None:
        self.pen = Pen(self.spec.path, "append")

    def let_go(self) -> None:
        if self.pen:
            self.pen.close()

    def break_archiving(self) -> None:
        self.spec.archive_dir.mkdir(exist_ok=True)
        self.spec.archive_dir.chmod(0o777)

    def mend_archiving(self) -> None:
        self.spec.archive_dir.chmod(0o750)

    async def close(self) -> None:
        self.let_go()
        for rotator in self.made:
            await rotator.close()


class FakeHarness:
    """The fake."""

    def __init__(self, folder: Path) -> None:
        self.spec = LogSpec(folder / "bot.log", folder / "archive", "bot")
        self.log = FakeLog(SystemClock(), size=None, way=Way.REOPEN)

    def rotator(self) -> Rotator:
        return FakeRotator(self.spec, self.log)

    def write(self, bytes_: int) -> None:
        self.log.write(bytes_)

    def refuse(self) -> None:
        self.log.refused = "bot.log is a symbolic link, which is not rotated: name the log file itself."

    def hold(self) -> None:
        self.log.busy = "the target has it open"

    def let_go(self) -> None:
        self.log.finish()

    def break_archiving(self) -> None:
        self.log.fail("compress", "The others may write to the archive folder: `chmod o-w` it.")

    def mend_archiving(self) -> None:
        return

    async def close(self) -> None:
        return


@pytest.fixture(params=[FileHarness, FakeHarness], ids=["file", "fake"])
async def harness(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Harness]:
    monkeypatch.setattr(_writers, "_hidden", lambda _: "")
    monkeypatch.setattr(_rename, "CLOSED_SECONDS", {Way.REOPEN: 0.1})
    made: Harness = request.param(tmp_path)
    yield made
    await made.close()


async def set_aside(rotator: Rotator) -> Aside:
    return await rotator.set_aside(await rotator.plan())


async def test_a_log_that_is_not_there_has_no_size_and_cannot_be_rotated(harness: Harness) -> None:
    rotator = harness.rotator()
    assert await rotator.size() is None
    with pytest.raises(RotationError):
        await rotator.plan()
    assert await rotator.asides() == []


async def test_the_size_is_that_of_the_log(harness: Harness) -> None:
    harness.write(300)
    rotator = harness.rotator()
    assert await rotator.size() == 300
    plan = await rotator.plan()
    assert (plan.way, plan.size, plan.warning) == (Way.REOPEN, 300, "")
    assert plan.why


async def test_what_may_not_be_rotated_says_why_with_the_remedy(harness: Harness) -> None:
    harness.write(300)
    harness.refuse()
    rotator = harness.rotator()
    for asked in (rotator.size, rotator.plan):
        with pytest.raises(RotationError, match=r"symbolic link.*: name the log file itself"):
            await asked()


async def test_a_rotation_goes_from_log_to_aside_to_archive(harness: Harness) -> None:
    harness.write(3000)
    rotator = harness.rotator()
    aside = await set_aside(rotator)
    assert (aside.size, aside.window, aside.busy) == (3000, 0.0, "")
    assert await rotator.size() == 0
    assert await rotator.asides() == [aside]
    told: list[float] = []
    archived = await rotator.compress(aside, told.append)
    assert (archived.size, archived.path.parent) == (3000, harness.spec.archive_dir)
    assert 0 < archived.compressed < 3000
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert await rotator.asides() == []


async def test_the_next_opsbot_knows_what_was_not_finished(harness: Harness) -> None:
    harness.write(3000)
    aside = await set_aside(harness.rotator())
    assert await harness.rotator().asides() == [aside]


async def test_what_somebody_writes_to_yet_is_not_compressed(harness: Harness) -> None:
    harness.write(3000)
    harness.hold()
    rotator = harness.rotator()
    aside = await set_aside(rotator)
    assert aside.busy
    with pytest.raises(RotationError, match="is not compressed yet"):
        await rotator.compress(aside, lambda _: None)
    (still,) = await rotator.asides()
    assert still.busy
    harness.let_go()
    (ready,) = await rotator.asides()
    assert ready.busy == ""
    await rotator.compress(ready, lambda _: None)


async def test_rotations_of_one_second_never_share_a_name(harness: Harness) -> None:
    rotator = harness.rotator()
    archived = set()
    for _ in range(4):
        harness.write(300)
        aside = await set_aside(rotator)
        archived.add((await rotator.compress(aside, lambda _: None)).path)
    assert len(archived) == 4


async def test_what_cannot_be_compressed_stays(harness: Harness) -> None:
    harness.write(3000)
    rotator = harness.rotator()
    aside = await set_aside(rotator)
    harness.break_archiving()
    with pytest.raises(RotationError, match="may write to the"):
        await rotator.compress(aside, lambda _: None)
    harness.mend_archiving()
    assert await rotator.asides() == [aside]
    await rotator.compress(aside, lambda _: None)


async def test_the_newest_archives_stay(harness: Harness) -> None:
    rotator = harness.rotator()
    archived = []
    for _ in range(4):
        harness.write(300)
        aside = await set_aside(rotator)
        archived.append((await rotator.compress(aside, lambda _: None)).path)
    assert await rotator.prune() == []
    assert await rotator.prune(keep=3) == archived[:1]
    harness.spec = replace(harness.spec, keep=1)
    assert sorted(await harness.rotator().prune()) == sorted(archived[1:3])


async def test_archives_that_are_too_old_go(harness: Harness) -> None:
    harness.write(300)
    rotator = harness.rotator()
    path = (await rotator.compress(await set_aside(rotator), lambda _: None)).path
    harness.spec = replace(harness.spec, max_age=-10.0)
    assert await harness.rotator().prune() == [path]


async def test_a_backup_says_in_one_clause_what_it_did(harness: Harness) -> None:
    rotator = harness.rotator()
    assert await rotator.backup() == "no log yet"
    harness.write(3000)
    said = await rotator.backup()
    assert "before-restart.log" in said
    assert "\n" not in said
    assert await rotator.size() == 3000


async def test_a_closed_rotator_may_be_closed_again(harness: Harness) -> None:
    rotator = harness.rotator()
    await rotator.close()
    await rotator.close()


async def test_the_fake_fails_waits_and_tells_as_it_is_told(tmp_path: Path) -> None:
    log = FakeLog(SystemClock(), size=300, way=Way.TRUNCATE, warning="Lines may be lost.", window=0.002)
    rotator = FakeRotator(LogSpec(tmp_path / "bot.log", tmp_path / "archive", "bot"), log)
    plan = await rotator.plan()
    assert plan.warning == "Lines may be lost."
    log.fail("set_aside", "the disk is full")
    with pytest.raises(RotationError, match="the disk is full"):
        await rotator.set_aside(plan)
    assert log.size == 300
    aside = await rotator.set_aside(plan)
    assert aside.window == 0.002
    log.seconds = 3600.0
    compression = asyncio.ensure_future(rotator.compress(aside, lambda _: None))
    await asyncio.sleep(0)
    compression.cancel()
    with pytest.raises(asyncio.CancelledError):
        await compression
    assert log.asides == [aside]
    log.seconds = 0.0
    await rotator.close()
    with pytest.raises(RotationError, match="ended with opsbot"):
        await rotator.compress(aside, lambda _: None)
