"""An opsbot that sets a log aside and is killed just before a step: `cutter.py LOG ARCHIVES ABILITY STEP`.

ABILITY: what the file system can (`collapse`, `punch`, or neither); STEP: a method of `HeadCopy` or of the
way that cuts, or `end`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from opsbot.clock import SystemClock
from opsbot.rotation import _cut, _cutting
from opsbot.rotation._copy import HeadCopy
from opsbot.rotation.base import LogSpec, RotationContext
from opsbot.rotation.logfile import LogRotator
from opsbot.testing.rotation import Nobody


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(log: str, archives: str, ability: str, step: str) -> None:
    real = _cut.abilities

    def abilities(folder_fd: int, device: int) -> _cut.Abilities:
        found = real(folder_fd, device)
        return _cut.Abilities(found.block if ability == "collapse" else 0, found.punch and ability == "punch")

    _cut.abilities = abilities
    for owner in (HeadCopy, _cutting.Collapsing, _cutting.Punching, _cutting.Truncating):
        if hasattr(owner, step):
            setattr(owner, step, die)
    context = RotationContext(SystemClock(), lambda: None, Nobody())
    rotator = LogRotator(LogSpec(Path(log), Path(archives), "bot"), context)
    await rotator.set_aside(await rotator.plan())
    die()


asyncio.run(main(*sys.argv[1:]))
