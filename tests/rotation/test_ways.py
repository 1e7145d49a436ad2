"""How a log is set aside is chosen by who writes it, and said."""

from __future__ import annotations

import dataclasses
import logging.handlers
import os
import signal
from pathlib import Path

import pytest

from opsbot.errors import RotationError
from opsbot.rotation import _cut, _writers
from opsbot.rotation._writers import Writer
from opsbot.rotation.base import Way
from tests.rotation.desk import Desk, holding, needs_cutting, numbered


async def refusal(desk: Desk) -> str:
    with pytest.raises(RotationError) as caught:
        await desk.rotator.plan()
    return str(caught.value)


async def test_what_the_keeper_writes_is_renamed(desk: Desk) -> None:
    desk.configure(owned=True)
    desk.runs(desk.pen())
    assert desk.running
    desk.running = dataclasses.replace(desk.running, keeper_pid=1)
    plan = await desk.rotator.plan()
    assert (plan.way, plan.why, plan.warning) == (Way.KEEPER, "opsbot's keeper writes it", "")


async def test_a_target_that_opsbot_found_running_has_no_keeper_that_could_help(desk: Desk) -> None:
    desk.configure(owned=True)
    desk.runs(desk.pen())
    assert (await desk.rotator.plan()).way in (Way.COLLAPSE, Way.TRUNCATE)


async def test_a_target_that_opens_its_log_anew_gets_it_renamed(desk: Desk) -> None:
    desk.log.write_text("one\n")
    desk.configure(watched=True)
    assert (await desk.rotator.plan()).way is Way.REOPEN
    desk.configure(watched=False, reopen_signal=signal.SIGUSR1)
    plan = await desk.rotator.plan()
    assert (plan.way, plan.why) == (Way.REOPEN, "the target opens it anew on SIGUSR1")


async def test_a_log_that_is_only_appended_to_gets_its_head_cut_off(desk: Desk, tmp_path: Path) -> None:
    needs_cutting(tmp_path)
    pen = desk.pen()
    pen.write("hello")
    plan = await desk.rotator.plan()
    assert (plan.way, plan.size, plan.warning) == (Way.COLLAPSE, 6, "")
    assert f"(pid {pen.pid})" in plan.why


async def test_a_writer_that_does_not_append_is_named(desk: Desk) -> None:
    desk.pen().write("hello")
    other = desk.pen("overwrite")
    plan = await desk.rotator.plan()
    assert plan.way is Way.TRUNCATE
    assert f"(pid {other.pid}) writes to it without appending" in plan.why


async def test_where_the_file_system_cannot_cut_it_is_said_what_may_be_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cut, "abilities", lambda *_: _cut.NONE)
    desk.pen().write("hello")
    plan = await desk.rotator.plan()
    assert plan.way is Way.TRUNCATE
    assert plan.warning.startswith("Lines that are written in the moment of the cut are lost, for ")
    assert "cannot cut the head off a file" in plan.warning


async def test_where_it_cannot_be_seen_who_writes_nothing_is_taken_for_proven(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_writers, "_hidden", lambda _: "7 other processes may not be looked at")
    desk.log.write_text("hello\n")
    plan = await desk.rotator.plan()
    assert plan.way is Way.TRUNCATE
    assert "7 other processes may not be looked at" in plan.warning


async def test_a_process_that_only_reads_is_no_writer(desk: Desk) -> None:
    desk.log.write_text("hello\n")
    with desk.log.open() as log, holding(stdin=log):
        assert _writers.survey(log.fileno()).writers == ()


async def test_every_descriptor_of_a_writer_must_append(desk: Desk) -> None:
    desk.log.write_text("hello\n")
    with desk.log.open("a") as appending, desk.log.open("r+") as overwriting:
        with holding(stdout=appending) as one:
            assert _writers.survey(appending.fileno()).writers == (Writer(one, "sleep", appends=True),)
        with holding(stdout=appending, stderr=overwriting) as one:
            assert _writers.survey(appending.fileno()).writers == (Writer(one, "sleep", appends=False),)


async def test_a_target_that_rotates_by_itself_is_left_to_do_so(desk: Desk) -> None:
    handler = logging.handlers.RotatingFileHandler(desk.log, maxBytes=200, backupCount=3)
    logger = logging.Logger("bot")
    logger.addHandler(handler)
    for number in range(50):
        logger.warning("line %d", number)
    handler.close()
    said = await refusal(desk)
    assert "is left alone, for something else rotates it already (bot.log." in said
    assert said.endswith("set `rotate.foreign: true` if opsbot is to rotate it all the same.")


@pytest.mark.parametrize(
    "name",
    [
        "bot.log.1",
        "bot.log.12.gz",
        "bot.log.2026-01-05",
        "bot.log.2026-01-05_15-00",
        "bot.log-20260105",
        "bot.log-20260105.gz",
        "bot.log-20260105-1767625440",
        "bot-20260105.log",
        "bot.2026-01-05_15-04-00_123456.log",
    ],
)
async def test_whoever_else_rotates_it_is_known_by_what_it_left(desk: Desk, name: str) -> None:
    desk.log.write_text("hello\n")
    (desk.folder / name).write_text("old\n")
    assert f"({name}, written " in await refusal(desk)
    desk.configure(foreign=True)
    await desk.rotator.plan()


@pytest.mark.parametrize(
    "name", ["bot.log.bak", "bot.log.1234", "other.log.1", "bot.log.lock", "bot2.log.1", "bot-worker.log"]
)
async def test_other_files_beside_a_log_are_none_of_a_rotation(desk: Desk, name: str) -> None:
    desk.log.write_text("hello\n")
    (desk.folder / name).write_text("old\n")
    await desk.rotator.plan()


async def test_a_rotation_of_long_ago_does_not_count(desk: Desk) -> None:
    desk.log.write_text("hello\n")
    old = desk.folder / "bot.log.1"
    old.write_text("old\n")
    then = desk.clock.now().wall - 40 * 86_400
    os.utime(old, (then, then))
    await desk.rotator.plan()


async def test_what_opsbot_itself_leaves_beside_the_log_is_not_foreign(desk: Desk) -> None:
    desk.configure(watched=True, archive_dir=desk.folder)
    for _ in range(2):
        desk.log.write_text(numbered(10))
        aside = await desk.rotate()
    await desk.archive(aside)
    await desk.rotator.backup()
    desk.log.write_text(numbered(10))
    await desk.rotator.plan()


async def test_the_file_that_a_keeper_sets_aside_by_itself_is_not_foreign(desk: Desk) -> None:
    desk.configure(owned=True)
    desk.log.write_text("hello\n")
    (desk.folder / "bot.log.1").write_text("old\n")
    await desk.rotator.plan()
    (desk.folder / "bot.log.2").write_text("older\n")
    assert "left alone" in await refusal(desk)


async def test_a_log_that_is_not_there_is_no_mistake_until_it_is_rotated(desk: Desk) -> None:
    assert await desk.rotator.size() is None
    assert "does not exist" in await refusal(desk)


async def test_a_link_is_refused(desk: Desk) -> None:
    (desk.folder / "other").write_text("precious\n")
    desk.log.symlink_to(desk.folder / "other")
    assert "is a symbolic link" in await refusal(desk)
    with pytest.raises(RotationError):
        await desk.rotator.size()
