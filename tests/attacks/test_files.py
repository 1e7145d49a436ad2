"""Whoever may write where a target writes cannot make opsbot read or write other files, nor make it wait."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from opsbot.domain.levels import Outcome
from opsbot.errors import SupervisorError
from opsbot.logs._opening import LogRefused, open_log
from opsbot.logs.tail import tail
from tests.bound import BOUND
from tests.checks.support import look
from tests.supervisors.helpers import Place

SECRET = "root:$6$secret"


@pytest.fixture
def shadow(tmp_path: Path) -> Path:
    """A file that opsbot may read, and its readers in Discord may not."""
    path = tmp_path / "etc" / "shadow"
    path.parent.mkdir()
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The target's folder, in which the attacker does what they like."""
    path = tmp_path / "bot"
    path.mkdir()
    return path


async def test_the_last_lines_of_a_failed_target_are_not_those_of_another_file(
    folder: Path, shadow: Path
) -> None:
    place = Place(folder)
    place.log.symlink_to(shadow)
    supervisor = place.supervisor()
    with pytest.raises(SupervisorError, match="symbolic link"):
        await supervisor.start(1)
    assert await supervisor.tail(20) == []


def test_the_environment_of_opsbot_is_no_log() -> None:
    assert tail(Path("/proc/self/environ"), 20) == []


def test_the_lines_of_a_plain_log_are_shown(folder: Path) -> None:
    (folder / "bot.log").write_text("one\ntwo\n")
    assert tail(folder / "bot.log", 1) == ["two"]


def test_a_pipe_in_the_place_of_the_log_holds_nobody_up(folder: Path) -> None:
    os.mkfifo(folder / "bot.log")
    assert tail(folder / "bot.log", 1) == []


@pytest.mark.parametrize("name", ["shadow", "logs/shadow"])
def test_a_folder_swapped_for_a_link_while_the_log_is_opened_leads_nowhere(
    folder: Path, shadow: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The attacker strikes between the look at the path and the opening."""
    logs = folder / "logs"
    logs.mkdir()
    (logs / "shadow").write_text("harmless\n")
    (folder / "shadow").symlink_to("logs/shadow")
    opened = os.open

    def swap_first(*given: Any, **more: Any) -> int:
        monkeypatch.undo()
        logs.rename(folder / "away")
        logs.symlink_to(shadow.parent)
        return opened(*given, **more)

    monkeypatch.setattr(os, "open", swap_first)
    with pytest.raises(LogRefused, match="exchanged"):
        open_log(folder / name)


def test_a_log_that_is_rotated_while_it_is_opened_is_still_the_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = folder / "bot.log"
    log.write_text("line\n")
    opened = os.open

    def rotate_after(*given: Any, **more: Any) -> int:
        monkeypatch.undo()
        descriptor = opened(*given, **more)
        log.rename(folder / "bot.log.1")
        return descriptor

    monkeypatch.setattr(os, "open", rotate_after)
    descriptor = open_log(log)
    assert os.read(descriptor, 100) == b"line\n"
    os.close(descriptor)


async def test_nobody_waits_for_a_log_that_is_exchanged_for_a_pipe(folder: Path) -> None:
    place = Place(folder)
    os.mkfifo(place.log)
    assert await asyncio.wait_for(place.supervisor().tail(3), BOUND) == []


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
async def test_a_pid_file_that_is_no_file_holds_nobody_up(folder: Path, kind: str) -> None:
    pid_file = folder / "bot.pid"
    _make(pid_file, kind)
    assert (await look("process", pid_file=pid_file)).outcome is Outcome.FAIL


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
async def test_an_env_file_that_is_no_file_is_one_sentence(folder: Path, kind: str) -> None:
    env_file = folder / ".env"
    _make(env_file, kind)
    supervisor = Place(folder).supervisor(env_file=env_file)
    with pytest.raises(SupervisorError, match="cannot be read"):
        await supervisor.start(1)


async def test_an_env_file_without_end_is_one_sentence_that_quotes_nothing(folder: Path) -> None:
    env_file = folder / ".env"
    env_file.write_text("TOKEN=q1w2e3r4t5y6\n" * 100_000)
    with pytest.raises(SupervisorError, match="larger than 256 KiB"):
        await Place(folder).supervisor(env_file=env_file).start(1)
    env_file.write_text(f"{SECRET}\n")
    with pytest.raises(SupervisorError) as refused:
        await Place(folder).supervisor(env_file=env_file).start(1)
    assert SECRET not in str(refused.value)


def _make(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
