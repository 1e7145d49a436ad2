"""A second opsbot on the same state directory ends at once, names the first, and leaves all as it was."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil

from tests.cli.commands import Place, opsbot, sentence


def everything(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Each file in a folder: inode, time of its last change, content."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def halt(pid: int) -> None:
    """Stands still from now on: what changes then, somebody else has changed."""
    process = psutil.Process(pid)
    process.suspend()
    while any(thread_state(pid, thread.id) != "T" for thread in process.threads()):
        os.sched_yield()


def thread_state(pid: int, thread: int) -> str:
    return Path(f"/proc/{pid}/task/{thread}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_second_opsbot_exits_75_names_the_pid_and_writes_nothing(alone: Place) -> None:
    """The first one stands still, so it need not answer for that, and writes nothing itself meanwhile."""
    with alone.running() as first:
        halt(first.pid)
        try:
            (service,) = alone.pids()
            before = everything(alone.folder / "state")
            second = opsbot("run", "-c", alone.file, cwd=alone.folder)
            assert second.returncode == 75
            assert f"pid {first.pid}" in sentence(second)
            assert everything(alone.folder / "state") == before
            assert alone.pids() == [service]
        finally:
            first.send_signal(signal.SIGCONT)
        alone.until(alone.is_well)
        assert alone.pids() == [service]
