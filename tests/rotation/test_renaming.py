"""A log that is opened anew is renamed, and finished only when nobody writes to it any more."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsbot.clock import SystemClock
from opsbot.domain.process import ProcessId, Running
from opsbot.errors import RotationError
from opsbot.rotation import _rename, _writers
from opsbot.rotation._safe import rename_new
from opsbot.rotation._signals import tell_keeper, tell_target
from opsbot.rotation.base import Way
from opsbot.supervisors.base import SupervisorContext
from opsbot.supervisors.process import Options, ProcessSupervisor
from tests.rotation.desk import Desk, holding, identity
from tests.rotation.yard import eventually, gone, needs_root


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent target is not waited for so long."""
    monkeypatch.setattr(_rename, "CLOSED_SECONDS", {Way.KEEPER: 0.3, Way.REOPEN: 0.3})


class Kept:
    """A target under opsbot's keeper that says what it is told to."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.pipe = desk.folder / "pipe"
        os.mkfifo(self.pipe)
        raw = {"command": ["/bin/sh", "-c", f"while true; do cat {self.pipe}; done"], "cwd": desk.folder}
        options = Options.model_validate({**raw, "log": desk.log, "standby": False})
        context = SupervisorContext("bot", SystemClock(), desk.folder / "state")
        self.supervisor = ProcessSupervisor(options, context)

    async def start(self) -> None:
        self.desk.configure(owned=True)
        self.desk.running = await self.supervisor.start(1)

    async def say(self, text: str) -> None:
        """Returns when it is in the log."""
        await asyncio.to_thread(self.pipe.write_text, text)
        await asyncio.to_thread(eventually, lambda: self.said().endswith(text))

    def said(self) -> str:
        """All that is in the log and beside it, the oldest first."""
        files = [*sorted(self.desk.folder.glob("bot.log.*")), self.desk.log]
        return "".join(path.read_text() for path in files if path.exists())

    async def close(self) -> None:
        if self.desk.running:
            await self.supervisor.stop(self.desk.running, 10.0)
        await self.supervisor.close()


@pytest.fixture
async def kept(desk: Desk) -> AsyncIterator[Kept]:
    made = Kept(desk)
    await made.start()
    yield made
    await made.close()


async def test_a_silent_target_under_a_keeper_gets_a_fresh_log_at_once(desk: Desk, kept: Kept) -> None:
    await kept.say("one\n")
    aside = await desk.rotate()
    assert (aside.busy, aside.path.read_text(), desk.log.read_text()) == ("", "one\n", "")
    await kept.say("two\n")
    assert desk.log.read_text() == "two\n"
    assert await desk.archive(aside) == b"one\n"


async def test_a_line_that_is_not_ended_is_finished_in_the_old_log(
    desk: Desk, kept: Kept, short_wait: None
) -> None:
    await kept.say("one\nhalf of ")
    aside = await desk.rotate()
    assert "is in the midst of a line" in aside.busy
    with pytest.raises(RotationError, match="is not compressed yet"):
        await desk.archive(aside)
    await kept.say("two\nthree\n")
    (again,) = await desk.rotator.asides()
    assert (again.path, again.busy, again.size) == (aside.path, "", len("one\nhalf of two\n"))
    assert await desk.archive(again) == b"one\nhalf of two\n"
    assert desk.log.read_text() == "three\n"


async def test_a_keeper_that_stands_in_for_a_killed_one_hears_too(desk: Desk, kept: Kept) -> None:
    assert desk.running
    await kept.say("one\n")
    os.kill(desk.running.keeper_pid, signal.SIGKILL)
    eventually(lambda: gone(desk.running.keeper_pid if desk.running else 0))
    desk.running = (await kept.supervisor.find()).running
    aside = await desk.rotate()
    assert (aside.busy, desk.log.read_text()) == ("", "")


async def test_a_log_of_a_stopped_target_is_renamed(desk: Desk, kept: Kept) -> None:
    await kept.say("one\n")
    assert desk.running
    await kept.supervisor.stop(desk.running, 10.0)
    desk.running = None
    aside = await desk.rotate()
    assert await desk.archive(aside) == b"one\n"
    assert not desk.log.exists()


async def test_a_target_that_opens_anew_on_a_signal_gets_it(desk: Desk) -> None:
    desk.configure(reopen_signal=signal.SIGUSR1)
    pen = desk.pen("reopen")
    desk.runs(pen)
    pen.write("one")
    aside = await desk.rotate()
    assert aside.busy == ""
    pen.write("two")
    assert (aside.path.read_text(), desk.log.read_text()) == ("one\n", "two\n")


async def test_a_watching_target_finishes_the_old_log_with_its_next_line(
    desk: Desk, short_wait: None
) -> None:
    desk.configure(watched=True)
    pen = desk.pen("watched")
    pen.write("one")
    aside = await desk.rotate()
    assert f"(pid {pen.pid}) has it open until its next line" in aside.busy
    with pytest.raises(RotationError, match="is not compressed yet"):
        await desk.archive(aside)
    pen.write("two")
    (again,) = await desk.rotator.asides()
    assert again.busy == ""
    assert await desk.archive(again) == b"one\n"
    assert desk.log.read_text() == "two\n"


async def test_a_target_that_was_not_told_by_a_killed_opsbot_is_told_by_the_next(desk: Desk) -> None:
    desk.configure(reopen_signal=signal.SIGUSR1)
    pen = desk.pen("reopen")
    desk.runs(pen)
    pen.write("one")
    desk.log.rename(desk.folder / "bot.log.20260105_150400")
    (left,) = await desk.successor().asides()
    assert left.busy
    await asyncio.to_thread(eventually, desk.log.exists)
    pen.write("two")
    assert desk.log.read_text() == "two\n"
    (left,) = await desk.successor().asides()
    assert left.busy == ""


async def test_the_new_log_has_the_owner_and_the_mode_of_the_old_one(desk: Desk) -> None:
    """A target that may write its log need not be allowed to make one in its folder."""
    needs_root()
    desk.configure(watched=True)
    desk.log.write_text("one\n")
    desk.log.chmod(0o644)
    os.chown(desk.log, 65_534, 65_533)
    await desk.rotate()
    found = desk.log.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (65_534, 65_533, 0o644)


async def test_no_other_process_gets_the_signal(desk: Desk) -> None:
    boot_id = desk.clock.boot_id
    with desk.log.open("w") as log, holding(stdout=log) as pid:
        real = identity(pid, boot_id)
        another = ProcessId(boot_id, pid, real.start_ticks - 1)
        assert not tell_target(another, signal.SIGKILL, boot_id)
        assert not tell_target(dataclasses.replace(real, boot_id="another"), signal.SIGKILL, boot_id)
        assert not tell_keeper(Running(another, desk.clock.now(), keeper_pid=pid))
        assert not gone(pid)
        assert tell_target(real, signal.SIGKILL, boot_id)
        eventually(lambda: gone(pid))
    assert not tell_target(real, signal.SIGKILL, boot_id)


async def test_where_it_cannot_be_seen_who_writes_silence_is_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, short_wait: None
) -> None:
    monkeypatch.setattr(_writers, "_hidden", lambda _: "7 other processes may not be looked at")
    desk.configure(watched=True)
    desk.log.write_text("one\n")
    aside = await desk.rotate()
    assert "it was not yet silent for a minute" in aside.busy
    then = desk.clock.now().wall - 61
    os.utime(aside.path, (then, then))
    (again,) = await desk.rotator.asides()
    assert again.busy == ""


async def test_who_was_seen_to_write_and_to_close_need_not_be_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_writers, "_hidden", lambda _: "7 other processes may not be looked at")
    desk.configure(reopen_signal=signal.SIGUSR1)
    pen = desk.pen("reopen")
    desk.runs(pen)
    pen.write("one")
    aside = await desk.rotate()
    assert aside.busy == ""
    assert await desk.archive(aside) == b"one\n"


async def test_a_folder_that_may_not_be_written_leaves_the_log_as_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_rename, "rename_new", refused)
    desk.configure(watched=True)
    desk.log.write_text("one\n")
    with pytest.raises(RotationError, match=r"could not be renamed \(Permission denied\)"):
        await desk.rotate()
    assert desk.files() == ["bot.log"]


async def test_a_rename_that_is_cancelled_has_happened_and_was_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.configure(reopen_signal=signal.SIGUSR1)
    pen = desk.pen("reopen")
    desk.runs(pen)
    pen.write("one")
    loop = asyncio.get_running_loop()
    rotation = asyncio.ensure_future(desk.rotate())

    def cancelling(*args: object) -> None:
        loop.call_soon_threadsafe(rotation.cancel)
        rename_new(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(_rename, "rename_new", cancelling)
    with pytest.raises(asyncio.CancelledError):
        await rotation
    await asyncio.to_thread(eventually, desk.log.exists)
    pen.write("two")
    (left,) = await desk.rotator.asides()
    assert (left.path.read_text(), desk.log.read_text(), left.busy) == ("one\n", "two\n", "")


async def test_another_file_in_the_place_of_the_log_goes_back_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.configure(watched=True)
    desk.log.write_text("one\n")
    precious = desk.folder / "precious"
    precious.write_text("precious\n")
    done: list[Path] = []

    def exchanging(*args: object) -> None:
        if not done:
            done.append(desk.log.rename(desk.folder / "away"))
            desk.log.symlink_to(precious)
        rename_new(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(_rename, "rename_new", exchanging)
    with pytest.raises(RotationError, match="was exchanged while it was rotated"):
        await desk.rotate()
    assert desk.log.is_symlink()
    assert desk.files() == ["away", "bot.log", "precious"]
    assert Path(desk.log).readlink() == precious


async def test_only_a_keeper_is_told_by_the_keepers_signal(desk: Desk, short_wait: None) -> None:
    desk.configure(owned=True)
    pen = desk.pen()
    desk.runs(pen)
    assert desk.running
    desk.running = dataclasses.replace(desk.running, keeper_pid=pen.pid)
    aside = await desk.rotate()
    assert f"(pid {pen.pid}) has it open" in aside.busy
    pen.write("it lives")
