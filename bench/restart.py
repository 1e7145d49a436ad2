"""kill -9 of a service → it runs again: opsbot, supervisord and Monit side by side, each at its best setting.

All three keep the same service, which says its pid through a FIFO. In each round each one's service is
killed, in random order, so that whatever else the machine does meanwhile meets all three alike.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.discord import Discord, discord_section, environment, opsbot_process
from bench.stats import Row, percentile
from opsbot.app import stop_targets
from opsbot.clock import SystemClock
from opsbot.config.load import load

OPSBOT, SUPERVISORD, MONIT = "opsbot", "supervisord", "Monit"
NAMES = (OPSBOT, SUPERVISORD, MONIT)
OTHERS = {SUPERVISORD: "supervisord (`autorestart`, `startsecs=0`)", MONIT: "Monit (its shortest cycle, 1 s)"}

TIMES_FASTER = 10

ROUNDS = 30
PAUSE_SECONDS = (2.5, 3.5)
"""Between two rounds, drawn anew each time so that kills do not keep step with anybody's cycle of 1 s. Longer
than opsbot's `healthy_reset_seconds`, so that each kill is a first crash; the others know no such thing."""

PATIENCE = 30.0
"""Seconds in which a killed service runs again, or the bench fails."""

SERVICE = """\
test -z "$2" || echo $$ > "$2"
echo "$1 $$" > {fifo}
exec sleep 100000
"""
"""Arguments: who keeps it, and a file for its pid if that one needs it."""

OPSBOT_YML = """\
{discord}
state_dir: {folder}/state
targets:
  victim:
    supervisor:
      type: process
      command: ["/bin/sh", "{service}", "opsbot"]
    restart: {{max_per_hour: 1000, healthy_reset_seconds: 2, backoff_seconds: 1, backoff_max_seconds: 1}}
    checks:
      process: {{type: process, interval_seconds: 1}}
"""

SUPERVISORD_CONF = """\
[supervisord]
nodaemon=true
user={user}
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}

[program:victim]
command=/bin/sh {service} supervisord
autostart=true
autorestart=true
startsecs=0
startretries=1000000
stdout_logfile=NONE
stderr_logfile=NONE
"""
"""`startsecs=0`: it counts as started at once. No log of its output: nothing to write, nothing to poll."""

MONITRC = """\
set daemon 1
set log {folder}/monit.log
set pidfile {folder}/monit.pid
set idfile {folder}/monit.id
set statefile {folder}/monit.state
check process victim with pidfile {folder}/victim.pid
  start program = "/bin/sh {folder}/start"
  stop program = "/bin/true"
  if does not exist then start
"""
"""1 s is its shortest cycle. `then start` instead of its usual `restart` saves it the stop of what is gone.

It needs no `httpd`, which nobody speaks to."""


class Reports:
    """What the services say as they start. `pids`: who runs now, by its keeper."""

    def __init__(self, fifo: Path) -> None:
        os.mkfifo(fifo)
        self._reader = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        self._read = b""
        self.pids: dict[str, int] = {}

    def next(self) -> tuple[str, float]:
        """Whose service has started, and when (CLOCK_MONOTONIC)."""
        ends = time.monotonic() + PATIENCE
        while b"\n" not in self._read:
            ready, _, _ = select.select([self._reader], [], [], max(0.0, ends - time.monotonic()))
            if not ready:
                missing = ", ".join(set(NAMES) - self.pids.keys()) or "somebody"
                raise SystemExit(f"no service was started within {PATIENCE:g} s: {missing} does not work")
            self._read += os.read(self._reader, 4096)
        at = time.monotonic()
        line, _, self._read = self._read.partition(b"\n")
        name, pid = line.decode().split()
        keeper = next(known for known in NAMES if known.lower() == name)
        self.pids[keeper] = int(pid)
        return keeper, at

    def close(self) -> None:
        os.close(self._reader)


def measure(discord: Discord, folder: Path, rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds from each kill to the next process, by who keeps the service.

    Raises:
        SystemExit: supervisord or Monit is not installed, or one of the three does not restart its service.
    """
    programs = {name: _installed(name) for name in (SUPERVISORD, MONIT)}
    service, fifo = folder / "service", folder / "started"
    service.write_text(SERVICE.format(fifo=fifo))
    reports = Reports(fifo)
    times: dict[str, list[float]] = {name: [] for name in NAMES}
    with ExitStack() as stack:
        stack.callback(reports.close)
        stack.callback(_kill_all, reports)
        stack.enter_context(_opsbot(discord, folder, service))
        stack.enter_context(_supervisord(programs[SUPERVISORD], folder, service))
        stack.enter_context(_monit(programs[MONIT], folder, service))
        while len(reports.pids) < len(NAMES):
            reports.next()
        for _ in range(rounds):
            time.sleep(random.uniform(*PAUSE_SECONDS))
            for name in random.sample(NAMES, len(NAMES)):
                times[name].append(_round(reports, name))
    return times


def _round(reports: Reports, name: str) -> float:
    killed = time.monotonic()
    os.kill(reports.pids[name], signal.SIGKILL)
    restarted, at = reports.next()
    if restarted != name:
        raise SystemExit(f"{restarted} restarted its service, but that of {name} was killed")
    return at - killed


def _installed(name: str) -> str:
    found = shutil.which(name.lower(), path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/bin")
    if found is None:
        package = {SUPERVISORD: "supervisor", MONIT: "monit"}[name]
        raise SystemExit(f"{name} is not installed, so nothing can be compared: `apt-get install {package}`.")
    return found


@contextmanager
def _opsbot(discord: Discord, folder: Path, service: Path) -> Iterator[None]:
    config = folder / "opsbot.yml"
    section = discord_section(discord)
    config.write_text(OPSBOT_YML.format(discord=section, folder=folder, service=service))
    try:
        with opsbot_process(discord, config):
            yield
    finally:
        asyncio.run(stop_targets(load(config, environment()), SystemClock()))


@contextmanager
def _supervisord(program: str, folder: Path, service: Path) -> Iterator[None]:
    config = folder / "supervisord.conf"
    config.write_text(SUPERVISORD_CONF.format(user=os.getuid(), folder=folder, service=service))
    with _running(folder, program, "-n", "-c", str(config)):
        yield


@contextmanager
def _monit(program: str, folder: Path, service: Path) -> Iterator[None]:
    config = folder / "monitrc"
    config.touch(mode=0o600)  # it reads no other
    config.write_text(MONITRC.format(folder=folder))
    (folder / "start").write_text(f"/bin/sh {service} monit {folder}/victim.pid &\n")
    with _running(folder, sys.executable, "-m", "bench.reaper", program, "-I", "-c", str(config)):
        yield


@contextmanager
def _running(folder: Path, *command: str) -> Iterator[None]:
    with (
        (folder / "others.log").open("ab") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def _kill_all(reports: Reports) -> None:
    """Monit leaves its service running when it ends."""
    for pid in reports.pids.values():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", b"100000"]:
            os.kill(pid, signal.SIGKILL)


def rows(discord: Discord, folder: Path) -> list[Row]:
    """For the table."""
    times = measure(discord, folder)
    ours = _p50_p95(times[OPSBOT])
    made = []
    for name, what in OTHERS.items():
        p50, p95 = (theirs / own for theirs, own in zip(_p50_p95(times[name]), ours, strict=True))
        made.append(
            Row(
                f"the same under {what}; how many times opsbot's",
                f"{_text(times[name])}; {p50:.0f} ×, {p95:.0f} ×",
                f"≥ {TIMES_FASTER} ×",
                min(p50, p95) >= TIMES_FASTER,
            )
        )
    what, aim = "kill -9 → the service runs again, under opsbot", f"{TIMES_FASTER} × faster than both"
    return [Row(what, _text(times[OPSBOT]), aim, all(row.reached for row in made)), *made]


def _p50_p95(seconds: list[float]) -> tuple[float, float]:
    return percentile(seconds, 0.5), percentile(seconds, 0.95)


def _text(seconds: list[float]) -> str:
    p50, p95 = _p50_p95(seconds)
    return f"p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms of {len(seconds)}"
