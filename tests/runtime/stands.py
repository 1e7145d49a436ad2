"""opsbot with a quick watchdog, as a process: `python -m tests.runtime.stands FILE BLOCKED_AFTER END_AFTER`.

SIGUSR1 makes its event loop stand still for good, SIGUSR2 until the file `go on` is there.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from opsbot.app import serve
from opsbot.cli.logs import configure
from opsbot.cli.signals import until_stopped
from opsbot.config.load import load
from opsbot.runtime.lifeline import lifeline
from opsbot.runtime.watchdog import NOTE, Watchdog

GO_ON = "go on"


def stand_still_for_good() -> None:
    while True:
        time.sleep(1.0)


def stand_still_a_while() -> None:
    while not Path(GO_ON).exists():
        time.sleep(0.01)


async def work(file: Path) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, stand_still_for_good)
    loop.add_signal_handler(signal.SIGUSR2, stand_still_a_while)
    await until_stopped(serve(load(file)))


if __name__ == "__main__":
    configure("console")
    named, blocked, end = sys.argv[1:]
    line = lifeline(os.environ, os.getpid())
    note = load(Path(named)).state_dir / NOTE
    with Watchdog(line, note, blocked_after=float(blocked), end_after=float(end), look_every=0.05):
        asyncio.run(work(Path(named)))
