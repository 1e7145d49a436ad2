"""`opsbot` against the simulated Discord, and killed (-9) by itself at a wanted point.

`python -m tests.e2e.launcher run -c FILE` is `python -m opsbot run -c FILE` with discord.py pointed at
`REST` and `GATEWAY`. With `DIE` = "commit 2 after" the process kills itself after the second commit since the
file `ARMED` was there; the words are those of `POINTS`.
"""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from opsbot.bot.transport import RestTransport
from opsbot.cli.entry import main
from opsbot.demo.pointing import point_discord_py_at
from opsbot.notifiers.discord import DiscordNotifier
from opsbot.runtime.core import Runtime
from opsbot.stores.resilient import ResilientState
from opsbot.stores.sqlite_metrics import SqliteMetrics
from opsbot.supervisors.process import ProcessSupervisor

REST, GATEWAY, DIE, ARMED = "SIM_REST", "SIM_GATEWAY", "SIM_DIE", "SIM_ARMED"
"""Names of variables."""

READY = (
    "opsbot.cli.run",
    "opsbot.bot.*",
    "opsbot.checks.*",
    "opsbot.stores.*",
    "opsbot.supervisors.process",
    "opsbot.demo.pointing",
)
"""What it imports."""

POINTS: dict[str, tuple[type[Any], str]] = {
    "commit": (ResilientState, "commit"),
    "send": (RestTransport, "send"),
    "edit": (RestTransport, "edit"),
    "thread": (RestTransport, "open_thread"),
    "answer": (DiscordNotifier, "_answer"),
    "start": (ProcessSupervisor, "start"),
    "stop": (ProcessSupervisor, "stop"),
    "hand_over": (Runtime, "hand_over"),
    "history": (SqliteMetrics, "rename"),
}
"""Every side effect of a restart that leaves the process, and the steps of a change of the settings."""


def die_at(point: str, nth: int, when: str, armed: Path) -> None:
    """Wraps a point so that its `nth` passing, counted while `armed` is there, is the process' last."""
    owner, name = POINTS[point]
    real: Callable[..., Awaitable[Any]] = getattr(owner, name)
    passed = 0

    @functools.wraps(real)
    async def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal passed
        passed += armed.exists()
        last = passed == nth
        if last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = await real(*args, **kwargs)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


if __name__ == "__main__":
    if os.environ.get(DIE):
        wanted, count, moment = os.environ[DIE].split()
        die_at(wanted, int(count), moment, Path(os.environ[ARMED]))
    with point_discord_py_at(os.environ[REST], os.environ[GATEWAY]):
        main()
