"""Processes that are born ready: forked from one that has imported what they need, where `python -m` would
import it anew for each.

Each is as real as any: its own arguments, folder, environment, descriptors and signals, an exit code, and it
can be killed. That a command can also start from nothing is shown by those that are run with `subprocess`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]

PIPE, STDOUT = subprocess.PIPE, subprocess.STDOUT

MOTHERS: set[int] = set()
"""The pids of those that this process has started."""


class Child:
    """What was born, handled as `subprocess.Popen` with `text=True`. `stdin` is a pipe or nothing."""

    def __init__(
        self,
        mother: socket.socket,
        argv: Sequence[str],
        *,
        cwd: Path = ROOT,
        env: dict[str, str] | None = None,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> None:
        self.args, self.returncode = argv, None
        self.stdin: IO[str] | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self._reading: dict[str, tuple[threading.Thread, list[str]]] = {}
        fds = [self._input(stdin), self._output("stdout", stdout, 1)]
        fds.append(os.dup(fds[1]) if stderr == STDOUT else self._output("stderr", stderr, 2))
        self._news, its_news = os.pipe()
        fds.append(its_news)
        order: dict[str, object] = {
            "argv": list(argv),
            "cwd": str(cwd),
            "env": dict(os.environ if env is None else env),
        }
        self.pid = _ordered(mother, order, fds, self._news)

    returncode: int | None

    def _input(self, wanted: int | None) -> int:
        if wanted != PIPE:
            return os.open(os.devnull, os.O_RDONLY)
        its, ours = os.pipe()
        self.stdin = os.fdopen(ours, "w", buffering=1)
        return its

    def _output(self, name: str, wanted: int | None, inherited: int) -> int:
        if wanted is None:
            return os.dup(inherited)
        if wanted != PIPE:
            return os.dup(wanted) if wanted >= 0 else os.open(os.devnull, os.O_WRONLY)
        ours, its = os.pipe()
        setattr(self, name, os.fdopen(ours, errors="replace"))
        return its

    def poll(self) -> int | None:
        """Its exit code, when it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired: it has not ended within `timeout` seconds."""
        if self.returncode is None:
            if not select.select([self._news], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            said = os.read(self._news, 4)
            os.close(self._news)
            self.returncode = os.waitstatus_to_exitcode(int.from_bytes(said)) if said else -signal.SIGKILL
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it says to its end, and nobody holds its output open any more.

        Raises:
            subprocess.TimeoutExpired: that takes longer than `timeout` seconds.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        if self.stdin is not None:
            with suppress(BrokenPipeError):
                self.stdin.close()
        said = [self._rest(name, ends) for name in ("stdout", "stderr")]
        self.wait(None if ends is None else max(0.0, ends - time.monotonic()))
        return said[0], said[1]

    def _rest(self, name: str, ends: float | None) -> str:
        stream: IO[str] | None = getattr(self, name)
        if stream is None:
            return ""
        if name not in self._reading and not stream.closed:
            said: list[str] = []
            thread = threading.Thread(target=lambda: said.append(stream.read()), daemon=True)
            thread.start()
            self._reading[name] = thread, said
        if name not in self._reading:
            return ""
        thread, said = self._reading[name]
        thread.join(None if ends is None else max(0.0, ends - time.monotonic()))
        if thread.is_alive():
            raise subprocess.TimeoutExpired(self.args, 0.0)
        stream.close()
        return "".join(said)


def born(argv: Sequence[str], *ready: str, **how: object) -> Child:
    """`python -m ARGV` by a mother that has imported the modules `ready`, of which `package.*` means all that
    are in the package. `how`: as for `Child`."""
    return Child(_mother(ready), argv, **how)  # type: ignore[arg-type]


def _ordered(mother: socket.socket, order: dict[str, object], fds: list[int], news: int) -> int:
    raw = json.dumps(order).encode()
    try:
        socket.send_fds(mother, [len(raw).to_bytes(4)], fds)
        mother.sendall(raw)
    finally:
        for fd in fds:
            os.close(fd)
    said = os.read(news, 4)
    assert said, "there is nobody to fork it"
    return int.from_bytes(said)


@cache
def _mother(ready: tuple[str, ...]) -> socket.socket:
    """One for each set of modules; it ends with this process."""
    ours, theirs = socket.socketpair()
    argv = [sys.executable, "-m", __name__, str(theirs.fileno()), *ready]
    with theirs:
        null = subprocess.DEVNULL
        made = subprocess.Popen(argv, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=null, stdout=null)
    MOTHERS.add(made.pid)
    made.returncode = 0  # it outlives this object, which is no reason to complain
    atexit.register(ours.close)
    return ours


# ------------------------------------------------------------ the mother


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        package = importlib.import_module(name.removesuffix(".*"))
        if name.endswith(".*"):
            for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
                if not module.ispkg and not module.name.endswith(("__main__", "_worker")):
                    importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    argv = _forked(control)
    sys.argv[1:] = argv[1:]
    runpy.run_module(argv[0], run_name="__main__", alter_sys=True)


def _forked(control: socket.socket) -> list[str]:
    """Serves for ever, and returns in each child."""
    news: dict[int, int] = {}
    ended, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    while True:
        ready = select.select([control.fileno(), ended], [], [])[0]
        if ended in ready:
            os.read(ended, 4096)
            _tell(news)
        if control.fileno() in ready:
            order, fds = _order(control)
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                for fd in (ended, wakes, fds.pop(), *news.values()):
                    os.close(fd)
                return _become(order, fds)
            news[pid] = fds.pop()
            os.write(news[pid], pid.to_bytes(4))
            for fd in fds:
                os.close(fd)


def _tell(news: dict[int, int]) -> None:
    """Tells who waits for it that a child has ended."""
    while news:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with suppress(BrokenPipeError):
            os.write(news[pid], status.to_bytes(4))
        os.close(news.pop(pid))


def _order(control: socket.socket) -> tuple[dict[str, object], list[int]]:
    head, fds, _, _ = socket.recv_fds(control, 4, 4)
    if not head:
        os._exit(0)
    raw = b""
    while len(raw) < (length := int.from_bytes(head)):
        raw += control.recv(length - len(raw))
    return json.loads(raw), fds


def _become(order: dict[str, object], fds: list[int]) -> list[str]:
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    env, argv = order["env"], order["argv"]
    assert isinstance(env, dict)
    assert isinstance(argv, list)
    out, err = (BufferedWriter(FileIO(fd, "w", closefd=False)) for fd in (1, 2))
    at_once = "PYTHONUNBUFFERED" in env
    sys.stdin = TextIOWrapper(BufferedReader(FileIO(0, closefd=False)))
    sys.stdout = TextIOWrapper(out, line_buffering=at_once)
    sys.stderr = TextIOWrapper(err, errors="backslashreplace", line_buffering=True)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(str(order["cwd"]))
    return argv


if __name__ == "__main__":
    main()
