"""A unit as `systemctl show` tells of it, and what that says of the end of its main process."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit

PROPERTIES = (
    "Id,LoadState,LoadError,Type,ActiveState,SubState,Result,InvocationID,Job,CanStart,"
    "MainPID,ExecMainPID,ExecMainCode,ExecMainStatus,ControlGroup,KillSignal,"
    "ExecMainStartTimestampMonotonic,ExecMainExitTimestamp,ExecMainExitTimestampMonotonic,"
    "ActiveExitTimestampMonotonic,Restart,RestartUSec,RestartUSecNext,TimeoutStopUSec,NRestarts,"
    "RestartPreventExitStatus"
)
"""What is asked for. A systemd that has no such property leaves it out."""

SUCCESSOR_MARGIN = 5.0
"""Seconds beyond systemd's own delay until its next process is expected to be seen: `ExecStartPre=` runs
first, and opsbot looks once a second."""

LONGEST_STOP = 90.0
"""Seconds that what is left of a unit may take to end at most (systemd's DefaultTimeoutStopSec=)."""

_ABORTED = ("signal", "core-dump")
_ABNORMAL = (*_ABORTED, "timeout", "watchdog", "oom-kill")

_CAUSES = {
    "oom-kill": "out of memory: killed by the kernel",
    "watchdog": "systemd's watchdog had no sign of life within WatchdogSec=",
    "timeout": "a time limit of systemd had passed: TimeoutStartSec=, TimeoutStopSec= or RuntimeMaxSec=",
    "start-limit-hit": "systemd had started it too often: StartLimitBurst=",
    "protocol": "it ended before it said that it was ready, as its Type= demands",
    "exec-condition": "its ExecCondition= was not met",
    "core-dump": "it dumped core",
    "resources": "systemd lacked what it needs to start it",
}
"""What `Result=` says beyond the status (org.freedesktop.systemd1(5))."""

SETTINGS = {
    200: "WorkingDirectory=",
    203: "ExecStart=",
    205: "its Limit…= settings",
    208: "StandardInput=",
    209: "StandardOutput=",
    210: "RootDirectory=",
    216: "Group=",
    217: "User=",
    218: "AmbientCapabilities=",
    222: "StandardError=",
    226: "its sandbox (ProtectSystem=, ReadWritePaths=, …)",
    228: "SystemCallFilter=",
    233: "RuntimeDirectory=",
    238: "StateDirectory=",
    239: "CacheDirectory=",
    240: "LogsDirectory=",
    241: "ConfigurationDirectory=",
}
"""Exit statuses with which systemd gives up before the program runs, and the setting that each is about
(systemd.exec(5), "Process Exit Codes")."""

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_UNITS |= {"month": 2629800.0, "y": 31557600.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|min|h|d|w|month|y)")


@dataclass(frozen=True, slots=True)
class Unit:
    """`name`: its own, where the configured one is an alias. `main_pid`: 0 when it has no main process;
    `last_pid`, `last_code`, `last_status`: of the newest one, as in waitid(2), `last_code` 0 until it has
    ended, which it did at `last_wall`. `stopped`: it was being stopped before that one ended.
    `restart_seconds`, `stop_seconds`: systemd's own times. `prevents`: some statuses forbid a restart."""

    name: str = ""
    load: str = ""
    load_error: str = ""
    type: str = ""
    active: str = ""
    sub: str = ""
    result: str = ""
    invocation: str = ""
    job: bool = False
    startable: bool = False
    main_pid: int = 0
    last_pid: int = 0
    last_code: int = 0
    last_status: int = 0
    last_wall: float = 0.0
    stopped: bool = False
    group: str = ""
    kill_signal: int = 0
    restart: str = ""
    restart_seconds: float = 0.0
    stop_seconds: float = 0.0
    restarts: int = 0
    prevents: bool = False

    @property
    def main(self) -> int:
        """The main process; with `KillMode=none` also one that systemd has left running and let go of."""
        return self.main_pid or (self.last_pid if self.at_rest and not self.last_code else 0)

    @property
    def at_rest(self) -> bool:
        """Nothing of it runs by systemd's word, and systemd does nothing about that."""
        return self.active in ("inactive", "failed")

    @property
    def waits_to_restart(self) -> bool:
        """systemd waits to start it again."""
        return self.sub.startswith("auto-restart")

    @property
    def given_up(self) -> bool:
        """systemd was to start it again, and does so no more."""
        wanted = self._restarts and not self.stopped and not self.prevents
        return self.active == "failed" and (
            self.result == "start-limit-hit" or (wanted and self.restarts > 0)
        )

    @property
    def successor(self) -> float:
        """Seconds within which systemd starts it again after its main process has ended; 0: it does not."""
        if self.waits_to_restart:
            return self.restart_seconds + SUCCESSOR_MARGIN
        if self.active == "deactivating" and self._restarts and not self.job and not self.stopped:
            return min(self.stop_seconds, LONGEST_STOP) + self.restart_seconds + SUCCESSOR_MARGIN
        return 0.0 if self.at_rest or self.active == "deactivating" else SUCCESSOR_MARGIN

    def ended(self, at: Moment, *, asked: bool) -> Exit:
        """How its newest main process ended. A stop that somebody else asked systemd for counts as the
        SIGTERM that it began with, whatever the program made of it."""
        how = exit_of(self.last_code, self.last_status, at, asked=asked)
        if self.stopped and not asked and not how.clean and self.result not in ("watchdog", "oom-kill"):
            return replace(
                how, code=None, signal=signal.SIGTERM, cause=f"systemd was told to stop it; it {how}"
            )
        return replace(how, cause=self._cause())

    def _cause(self) -> str:
        if self.given_up:
            return f"systemd gave up after {self.restarts} restarts: StartLimitBurst="
        if self.last_code == os.CLD_EXITED and self.last_status in SETTINGS and self.result == "exit-code":
            return f"systemd could not run it: see {SETTINGS[self.last_status]} of {self.name}"
        return _CAUSES.get(self.result, "")

    @property
    def _restarts(self) -> bool:
        """What `Restart=` says to this result (the table in systemd.service(5))."""
        match self.restart:
            case "always":
                return True
            case "on-success" | "on-failure":
                return (self.result == "success") == (self.restart == "on-success")
            case "on-abnormal" | "on-abort":
                return self.result in (_ABNORMAL if self.restart == "on-abnormal" else _ABORTED)
            case _:
                return self.restart == "on-watchdog" and self.result == "watchdog"


def exit_of(code: int, status: int, at: Moment, *, asked: bool) -> Exit:
    """The end of a process. `code`: as in waitid(2), what `status` is."""
    if code == os.CLD_EXITED:
        return Exit(at, code=status, asked=asked)
    if code in (os.CLD_KILLED, os.CLD_DUMPED):
        return Exit(at, signal=status, asked=asked)
    return Exit(at, asked=asked)


def parse(text: str) -> Unit:
    """Reads the lines of `systemctl show`."""
    raw = dict(line.partition("=")[::2] for line in text.splitlines())
    began = _number(raw, "ExecMainStartTimestampMonotonic")
    stopping = _number(raw, "ActiveExitTimestampMonotonic")
    return Unit(
        name=raw.get("Id", ""),
        load=raw.get("LoadState", ""),
        load_error=raw.get("LoadError", "").partition(" ")[2].strip('"'),
        type=raw.get("Type", ""),
        active=raw.get("ActiveState", ""),
        sub=raw.get("SubState", ""),
        result=raw.get("Result", ""),
        invocation=raw.get("InvocationID", ""),
        job=raw.get("Job", "0") not in ("", "0"),
        startable=raw.get("CanStart") == "yes",
        main_pid=_number(raw, "MainPID"),
        last_pid=_number(raw, "ExecMainPID"),
        last_code=_number(raw, "ExecMainCode"),
        last_status=_number(raw, "ExecMainStatus"),
        last_wall=_wall(raw.get("ExecMainExitTimestamp", "")),
        stopped=began <= stopping < _number(raw, "ExecMainExitTimestampMonotonic"),
        group=raw.get("ControlGroup", ""),
        kill_signal=_number(raw, "KillSignal"),
        restart=raw.get("Restart", ""),
        restart_seconds=max(_span(raw.get("RestartUSec", "")), _span(raw.get("RestartUSecNext", ""))),
        stop_seconds=_span(raw.get("TimeoutStopUSec", "")),
        restarts=_number(raw, "NRestarts"),
        prevents=bool(raw.get("RestartPreventExitStatus")),
    )


def _number(raw: dict[str, str], key: str) -> int:
    text = raw.get(key, "")
    return int(text) if text.isdecimal() else 0


def _span(text: str) -> float:
    """A time span in seconds as systemd writes it, such as `1min 30s` (systemd.time(7))."""
    if text == "infinity":
        return float("inf")
    return sum(float(number) * _UNITS[unit] for number, unit in _SPAN.findall(text))


def _wall(text: str) -> float:
    """Seconds since 1970 of `Sun 2026-11-29 02:52:58 UTC`, 0 when there is none."""
    try:
        return datetime.fromisoformat(" ".join(text.split()[1:3])).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
