"""The command line as people have it: a child process, its output, its exit code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from opsbot.control.client import ask, running
from opsbot.demo.scene import FILE, TARGET, Ids, scene
from tests import nursery
from tests.bound import BOUND, rest
from tests.e2e.processes import belonging, kill_all, services

ROOT = Path(__file__).parents[2]

READY = (
    "opsbot.app",
    "opsbot.cli.*",
    "opsbot.checks.*",
    "opsbot.diagnostics.*",
    "opsbot.notifiers.log",
    "opsbot.rotation.*",
    "opsbot.stores.*",
    "opsbot.supervisors.process",
)
"""What the commands of these tests import."""

Result = subprocess.CompletedProcess[str]


def environ(**more: str) -> dict[str, str]:
    """This process' environment without anything of opsbot's own; modules are found as here."""
    more = {"PYTHONPATH": str(ROOT), **more}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPSBOT_")}
    return {**kept, **more}


def argv(*words: str | Path) -> list[str]:
    """`opsbot WORDS`."""
    return [sys.executable, "-m", "opsbot", *map(str, words)]


def opsbot(*words: str | Path, cwd: Path, **env: str) -> Result:
    """Runs a command to its end. No command ever shows a traceback."""
    if any(name.startswith("PYTHON") for name in env):  # is read when an interpreter starts
        done = subprocess.run(
            argv(*words), cwd=cwd, env=environ(**env), capture_output=True, text=True, timeout=BOUND
        )
    else:
        pipe = subprocess.PIPE
        child = nursery.born(
            ["opsbot", *map(str, words)], *READY, cwd=cwd, env=environ(**env), stdout=pipe, stderr=pipe
        )
        try:
            out, err = child.communicate(BOUND)
        finally:
            child.kill()
        done = Result(child.args, child.wait(), out, err)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


@contextmanager
def begun(*words: str | Path, cwd: Path, **env: str) -> Iterator[nursery.Child]:
    """A command that runs until it is stopped; killed at the end if it was not. Whatever it prints is seen at
    once."""
    child = nursery.born(
        ["opsbot", *map(str, words)],
        *READY,
        cwd=cwd,
        env=environ(**env, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def ended(child: nursery.Child, number: int, within: float = BOUND) -> str:
    """Signals a command and returns what it still said; it must end."""
    child.send_signal(number)
    output, _ = child.communicate(timeout=within)
    assert "Traceback" not in output, output
    return output


def sentence(done: Result) -> str:
    """The one line that a mistake is told in."""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("opsbot: ")
    return line


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a configuration without Discord, and with a stand-in service."""

    folder: Path
    port: int

    @property
    def file(self) -> Path:
        return self.folder / FILE

    @property
    def log(self) -> Path:
        return self.folder / "summarybot.log"

    def archives(self) -> list[Path]:
        """Rotated logs, the oldest first."""
        return sorted((self.folder / "archive").glob("*.log.gz"))

    def pids(self) -> list[int]:
        """Live copies of the service."""
        return services(self.folder)

    @contextmanager
    def running(self, *, well: bool = True) -> Iterator[nursery.Child]:
        """`opsbot run`, when all is `well`; stopped at the end, while the service runs on."""
        with begun("run", "-c", self.file, cwd=self.folder) as child:
            if well:
                self.until(self.is_well)
            yield child
            ended(child, signal.SIGTERM)

    def is_well(self) -> bool:
        """What the running opsbot says."""
        link = running(self.folder / "state")
        if link is None:
            return False
        answer = list(ask(link, {"verb": "health", "target": TARGET}))[-1]
        return answer["exit"] == 0 and not answer["data"][0]["notes"]

    def until(self, look: Callable[[], object]) -> None:
        """Polls until true."""
        began = time.monotonic()
        ends = began + BOUND
        while not look():
            assert time.monotonic() < ends, look
            time.sleep(rest(began, 0.02))
            began = time.monotonic()

    def stop_service(self) -> None:
        """Ends the service as a person would."""
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        self.until(lambda: not belonging(self.folder, children=False))

    def close(self) -> None:
        """Nothing may be left."""
        try:
            self.stop_service()
        finally:
            kill_all(self.folder, children=False)


def place(folder: Path) -> Place:
    """Writes the configuration."""
    written = scene(folder, Ids(1, 2, 3, 4, 5, 9), "unused", restart_seconds=0)
    made = Place(folder, written.port)
    text = re.sub(r"^discord:\n(  .*\n)+", "", made.file.read_text(), flags=re.MULTILINE)
    text = re.sub(r"^      (gateway|sockets): .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^  - name: discord_gateway_disconnected\n(    .*\n)+", "", text, flags=re.MULTILINE)
    made.file.write_text(re.sub(r"interval_seconds: [15]\b", "interval_seconds: 0.3", text))
    return made


def health(at: Place, *words: str, **env: str) -> tuple[int, str]:
    """Exit code and output of the report."""
    done = opsbot("health", *words, "-c", at.file, cwd=at.folder, **env)
    return done.returncode, done.stdout
