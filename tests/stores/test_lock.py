"""One opsbot on one state directory."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from opsbot.errors import EXIT_LOCKED, StateLocked, UsageError
from opsbot.stores.lock import LOCK_NAME, StateLock, prepare_directory
from tests.stores.conftest import ROOT, Spawn, answer, heard


def test_a_second_opsbot_ends_with_75_and_names_the_holder(tmp_path: Path, spawn: Spawn) -> None:
    first = spawn("holds", tmp_path)
    assert heard(first) == "held"
    second = spawn("holds", tmp_path)
    assert f"opsbot with pid {first.pid}" in heard(second)
    assert second.wait() == EXIT_LOCKED == 75
    assert first.poll() is None


def test_the_holder_is_named_to_the_caller(tmp_path: Path, spawn: Spawn) -> None:
    child = spawn("holds", tmp_path)
    assert heard(child) == "held"
    with pytest.raises(StateLocked, match="state_dir") as refused:
        StateLock.hold(tmp_path)
    assert refused.value.pid == child.pid


def test_however_the_holder_ends_the_next_one_gets_in(tmp_path: Path, spawn: Spawn) -> None:
    killed = spawn("holds", tmp_path)
    assert heard(killed) == "held"
    killed.kill()
    killed.wait()
    stopped = spawn("holds", tmp_path)
    assert heard(stopped) == "held"
    answer(stopped)
    assert stopped.wait() == 0
    with StateLock.hold(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"
    assert (tmp_path / LOCK_NAME).read_text() == ""


def test_a_holder_that_is_about_to_finish_is_waited_for(tmp_path: Path, spawn: Spawn) -> None:
    child = spawn("holds", tmp_path)
    assert heard(child) == "held"
    answer(child)
    with StateLock.hold(tmp_path, patience=30):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_programs_that_opsbot_starts_do_not_inherit_the_lock(tmp_path: Path) -> None:
    lock = StateLock.hold(tmp_path)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False) as target:
        lock.release()
        with StateLock.hold(tmp_path):
            assert target.poll() is None
        target.communicate()


def test_releasing_twice_does_not_let_go_of_somebody_elses(tmp_path: Path) -> None:
    lock = StateLock.hold(tmp_path)
    lock.release()
    with StateLock.hold(tmp_path):
        lock.release()
        with pytest.raises(StateLocked):
            StateLock.hold(tmp_path)


def test_the_directory_is_made_for_this_user_alone(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "state"
    with StateLock.hold(directory):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE((directory / LOCK_NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777, 0o702])
def test_a_directory_that_others_can_write_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(UsageError, match=f"chmod 700 {tmp_path}"):
        StateLock.hold(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(UsageError, match="belongs to the user with uid"):
        prepare_directory(tmp_path)


def test_a_file_in_the_place_of_the_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        prepare_directory(tmp_path / "state")


def test_a_lock_that_is_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="cannot be opened"):
        StateLock.hold(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_the_command_line_imports_it_cheaply() -> None:
    heavy = "{'asyncio', 'aiosqlite', 'sqlite3', 'pydantic', 'discord', 'logging'}"
    code = f"import sys, opsbot.stores.lock; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
