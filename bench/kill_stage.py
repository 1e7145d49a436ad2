"""One folder with one target, opsbots that are killed over it, and everything that is there to be seen."""

from __future__ import annotations

import asyncio
import atexit
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import psutil

from bench.headless import OVER
from bench.kill_target import CONFIG, PROGRAM
from opsbot.clock import SystemClock
from opsbot.control.client import ask, running
from opsbot.demo.scene import free_port
from opsbot.domain.audit import AuditEntry
from opsbot.stores.base import Persisted
from opsbot.stores.sqlite_state import SqliteState
from opsbot.supervisors import _proc
from opsbot.supervisors._keeper import ENTRY
from opsbot.supervisors._records import Records

BOUND = 60.0
"""Seconds within which everything that is waited for happens, also on a busy machine."""

POLL, TARGET = 0.004, "victim"
ROOT = Path(__file__).parents[1]

T = TypeVar("T")


class Trouble(Exception):
    """A round did not end as it must."""


def until(look: Callable[[], T], what: str, bound: float = BOUND) -> T:
    """Polls until the look is truthy. Raises Trouble after `bound` seconds."""
    began = time.monotonic()
    ends = began + bound
    while not (seen := look()):
        if time.monotonic() > ends:
            raise Trouble(f"not within {bound:g} s: {what}")
        time.sleep(max(POLL, time.monotonic() - began))  # looks keep from its work what is waited for
        began = time.monotonic()
    return seen


@dataclass(frozen=True, slots=True)
class Stored:
    """What is durable. `audit`: of the newest acts, those since a moment of CLOCK_BOOTTIME."""

    state: Persisted
    audit: list[AuditEntry]
    told: dict[int, str]

    @property
    def generation(self) -> int:
        """Of the target's desired state; 0 before the first."""
        return max((desired.generation for desired in self.state.desired), default=0)


class Stage:
    """What rounds act on. `automatic`: opsbot may restart the target by itself. `notes`: (pid of an opsbot,
    phase), oldest first."""

    MOTHER = "bench.headless"
    """The module whose process makes the opsbots."""

    def __init__(self, folder: Path, *, automatic: bool = True) -> None:
        self.folder = folder
        self.port = free_port()
        self.notes: list[tuple[int, str]] = []
        self._half = b""
        program = folder / "victim.py"
        program.write_text(PROGRAM)
        self.target_stops_in(0.0)
        config = folder / "opsbot.yml"
        config.write_text(
            CONFIG.format(
                folder=folder,
                python=sys.executable,
                program=program,
                port=self.port,
                automatic=str(automatic).lower(),
            )
        )
        os.mkfifo(folder / "notes")
        self._notes = os.open(folder / "notes", os.O_RDWR | os.O_NONBLOCK)
        self._mother = mother(self.MOTHER)

    @property
    def log(self) -> Path:
        """What all opsbots said."""
        return self.folder / "opsbot.log"

    @property
    def records(self) -> Records:
        return Records(self.folder / "state" / "targets" / TARGET)

    def target_stops_in(self, seconds: float) -> None:
        """From its next SIGTERM on."""
        (self.folder / "stop").write_text(str(seconds))

    # ------------------------------------------------------------ opsbot

    def opsbot(self) -> int:
        """Starts one; its pid."""
        return self._born(str(self.folder))

    def _born(self, order: str) -> int:
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write(f"{order}\n")
        self._mother.stdin.flush()
        return int(self._mother.stdout.readline())

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The last line of what the running opsbot answers; empty when none does."""
        link = running(self.folder / "state")
        lines = list(ask(link, {"target": TARGET, **request}, BOUND)) if link else []
        return lines[-1] if lines else {}

    def restarts_asked(self, count: int) -> list[threading.Thread]:
        """So many people ask for a restart at once; nobody waits for the answers."""
        asking = {"verb": "restart", "reason": "deploy"}
        threads = [threading.Thread(target=self.answer, args=(asking,), daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        return threads

    def well(self, opsbot: int) -> bool:
        """Whether that opsbot says that all is well and that it does nothing.

        Raises:
            Trouble: it does not run.
        """
        if not _lives(opsbot):
            raise Trouble(f"opsbot ended: {self.log.read_text(errors='replace')[-2000:]}")
        answer = self.answer({"verb": "health"})
        return answer.get("exit") == 0 and not answer["data"][0]["notes"]

    # ------------------------------------------------------------ notes

    def reaches(self, opsbot: int, phase: str, seconds: float) -> bool:
        """Waits until an opsbot notes a phase; False when it is over before, or takes longer."""
        ends, begin = time.monotonic() + seconds, len(self.notes)
        while True:
            self.read_notes()
            said = [text for pid, text in self.notes[begin:] if pid == opsbot]
            if phase in said or OVER in said:
                return phase in said
            if not select.select([self._notes], [], [], max(0.0, ends - time.monotonic()))[0]:
                return False

    def read_notes(self) -> None:
        """Takes in what was noted."""
        with suppress(BlockingIOError):
            self._half += os.read(self._notes, 1 << 20)
        *lines, self._half = self._half.split(b"\n")
        for line in lines:
            pid, _, phase = line.decode().partition(" ")
            self.notes.append((int(pid), phase))

    # ------------------------------------------------------------ processes

    def targets(self) -> list[int]:
        """Every live copy of the target on this machine."""
        words = (str(self.folder / "victim.py"), str(self.folder))
        return [pid for pid in _proc.pids() if _proc.argv(pid)[3:5] == words and _lives(pid)]

    def starts(self) -> list[str]:
        """The generation of every target that was ever started, oldest first."""
        return (self.folder / "starts").read_text().split()

    def keepers(self) -> dict[int, int]:
        """Every live keeper that an opsbot of this stage has made, with its parent."""
        found = psutil.Process(self._mother.pid).children(recursive=True)
        seen = [stat for child in found if ENTRY in _proc.argv(child.pid) and (stat := _proc.stat(child.pid))]
        return {stat.pid: stat.parent for stat in seen if stat.state not in _proc.DEAD}

    def orphans(self, opsbot: int) -> list[int]:
        """Keepers that have no target and do not stand by for the opsbot that runs."""
        seen = self.records.identity()
        kept = seen.keeper.pid if seen else 0
        return [pid for pid, parent in self.keepers().items() if pid != kept and parent != opsbot]

    def stands_by(self, opsbot: int) -> bool:
        """Whether a keeper waits for that opsbot's next orders."""
        seen = self.records.identity()
        return any(p == opsbot and (not seen or k != seen.keeper.pid) for k, p in self.keepers().items())

    def freeze_new_keeper(self, opsbot: int, seconds: float) -> None:
        """SIGSTOP to the first keeper that an opsbot makes from now on, as soon as there is one; none if it
        makes none in that time."""
        children = Path(f"/proc/{opsbot}/task/{opsbot}/children")
        before, ends = children.read_text(), time.monotonic() + seconds
        while time.monotonic() < ends:  # no pause: it has started its target in a few milliseconds
            new = set(children.read_text().split()) - set(before.split())
            if new and ENTRY in _proc.argv(pid := int(new.pop())):  # before that it is opsbot's own image
                os.kill(pid, signal.SIGSTOP)
                return

    def stored(self, since: float) -> Stored:
        """What is durable now. `since`: of the audit."""

        async def read() -> Stored:
            store = SqliteState(self.folder / "state" / "state.db", SystemClock(), read_only=True)
            try:
                state = await store.load()
                audit = [act for act in await store.audit(200) if act.at.mono >= since]
                told = {i.id: "\n".join(e.text for e in await store.timeline(i.id)) for i in state.incidents}
                return Stored(state, audit, told)
            finally:
                await store.close()

        return asyncio.run(read())

    def close(self) -> None:
        """Ends everything that was started here."""
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self._mother.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        for pid in self.targets():
            kill(pid)
        os.close(self._notes)


@cache
def mother(module: str) -> subprocess.Popen[str]:
    """One for this process, and for all stages after one another: what it has to import takes seconds."""
    argv = [sys.executable, "-m", module]
    made = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(made.communicate)
    return made


@contextmanager
def stage(folder: Path, *, automatic: bool = True) -> Iterator[Stage]:
    """A stage; nothing of it runs afterwards."""
    made = Stage(folder, automatic=automatic)
    try:
        yield made
    finally:
        made.close()


def kill(pid: int) -> None:
    """kill -9, and until it is dead."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        if not select.select([fd], [], [], BOUND)[0]:
            raise Trouble(f"pid {pid} does not die")
    except ProcessLookupError:
        pass
    finally:
        os.close(fd)


def _lives(pid: int) -> bool:
    stat = _proc.stat(pid)
    return stat is not None and stat.state not in _proc.DEAD
