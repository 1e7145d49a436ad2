"""A target's process: who it is, and how it ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from opsbot.domain.moment import Moment


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for certain: a pid alone is reused, (boot, pid, start ticks) never is.

    `start_ticks`: field 22 of /proc/PID/stat, clock ticks since boot (proc(5)).
    """

    boot_id: str
    pid: int
    start_ticks: int


@dataclass(frozen=True, slots=True)
class Running:
    """A running target.

    `generation`: of the desired state it was started for, 0 when somebody else started it.
    `adopted`: opsbot found it running; `keeper_pid`: 0 when it has no keeper (its exit status can then
    not be known and its log not be rotated without loss).
    """

    process: ProcessId
    since: Moment
    generation: int = 0
    adopted: bool = False
    keeper_pid: int = 0


@dataclass(frozen=True, slots=True)
class Exit:
    """How a target ended. Exactly one of `code` and `signal` is set when `known`, else neither.

    `asked`: opsbot itself had asked it to end. `cause`: more than the status says, such as an OOM kill.
    `successor`: seconds within which somebody else (systemd's Restart=, Docker's restart policy) starts it
    again, so that opsbot does not do so meanwhile; 0 when nobody does.
    """

    at: Moment
    code: int | None = None
    signal: int | None = None
    asked: bool = False
    cause: str = ""
    successor: float = 0.0

    @property
    def known(self) -> bool:
        """Whether the exit status could be read."""
        return self.code is not None or self.signal is not None

    @property
    def clean(self) -> bool:
        """Ended by itself with 0, or by a signal with which people and deploys end programs."""
        return self.code == 0 or self.signal in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def __str__(self) -> str:
        text = "ended, exit status not known"
        if self.code is not None:
            text = f"exited with code {self.code}"
        elif self.signal is not None:
            text = f"killed by {_signal_name(self.signal)}"
        return f"{text} ({self.cause})" if self.cause else text


@dataclass(frozen=True, slots=True)
class Holder:
    """Who listens on a port. `pid` is 0 and `executable` empty where they may not be read (a process of
    another user); `ours`: it belongs to the target, else it is foreign and never touched."""

    pid: int
    executable: str
    user: str
    ours: bool = False

    def __str__(self) -> str:
        who = f"pid {self.pid} ({self.executable})" if self.pid else "a process that cannot be read"
        return f"{who} of user {self.user}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
