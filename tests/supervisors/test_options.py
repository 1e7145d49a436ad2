"""Options as people write them, and mistakes in them."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from opsbot.logs.tail import TAIL_BYTES, tail
from opsbot.supervisors import _oom
from opsbot.supervisors.process import Options


def options(**raw: Any) -> Options:
    return Options.model_validate({"command": "python -m src.main", **raw})


def test_a_command_is_split_like_a_shell_would_but_stays_words() -> None:
    assert options(command="bot --name 'two words' $HOME;").command == (
        "bot",
        "--name",
        "two words",
        "$HOME;",
    )
    assert options(command=["bot", "a b"]).command == ("bot", "a b")


@pytest.mark.parametrize("umask", ["022", "0022", "0o22", 22])
def test_a_umask_is_octal_however_it_is_written(umask: object) -> None:
    assert options(umask=umask).umask == 0o22


def test_sizes_and_signals_are_read_as_people_write_them() -> None:
    assert options(limits={"memory": "512M"}).limits.memory == 512 * 2**20
    assert options(limits={"memory": "2 GiB"}).limits.memory == 2 * 2**30
    assert options(stop_signal="int").stop_signal == signal.SIGINT.name


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"command": ""}, "at least 1"),
        ({"command": "bot 'unbalanced"}, "list of words"),
        ({"umask": "999"}, "write it like"),
        ({"umask": True}, "write it like"),
        ({"limits": {"memory": "much"}}, "512M"),
        ({"limits": {"nofile": 0}}, "greater than 0"),
        ({"limits": {"files": 3}}, "files"),
        ({"stop_signal": "SIGNOPE"}, "SIGTERM or SIGINT"),
        ({"adopt": "maybe"}, "never"),
        ({"comand": "x"}, "comand"),
    ],
)
def test_a_mistake_is_told_with_what_would_be_right(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(**raw)
    assert says in str(caught.value)


def test_the_tail_of_a_huge_log_is_its_newest_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"old\n" * TAIL_BYTES + "néw \xff".encode("latin-1") + b"\r\nlast")
    assert tail(log, 2) == ["n\ufffdw \ufffd", "last"]
    assert len(tail(log, 10**6)) < TAIL_BYTES


def test_a_tail_of_nothing_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "missing", 5) == []
    assert tail(tmp_path, 5) == []
    assert tail(Path("/dev/zero"), 5) == []


def test_the_kernels_log_tells_whom_it_killed_for_want_of_memory(tmp_path: Path) -> None:
    kmsg = tmp_path / "kmsg"
    kmsg.write_text("3,1,2,-;Memory cgroup out of memory: Killed process 41 (python) total-vm:1kB\n")
    assert "out of memory" in _oom.cause(41, 1, kmsg)
    assert _oom.cause(42, 1, kmsg) == ""
    assert _oom.cause(41, 0, kmsg) == ""
    assert "probably" in _oom.cause(41, 1, tmp_path / "unreadable")
