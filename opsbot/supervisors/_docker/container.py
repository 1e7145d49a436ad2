"""A container as its engine tells of it, and what follows from that. Only reads; decides nothing.

Podman speaks Docker's API. Where the two differ, both are read:

- while a restart policy waits, Docker says Running and Restarting, with Pid 0; podman starts anew at once;
- while it stops, podman says `stopping`, not Running, and still has a Pid;
- podman's `initialized` container has a Pid, but what runs there is not the target yet;
- a stop signal is a name with Docker, a number with podman.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NEVER = "0001-01-01"
"""How both write a time that has not come yet (Go's zero time)."""

_ALIVE = frozenset({"running", "paused", "stopping"})
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(Z|[+-]\d\d:\d\d)")
_NANOS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Container:
    """What `GET /containers/NAME/json` says. `started_at` tells one run of a container from the next.

    `pid`: of its main process as the engine's host counts, 0 when it has none; `published`: TCP ports of the
    host that lead into it now; `policy`, `most_restarts`: its restart policy.
    """

    id: str
    name: str
    status: str
    pid: int
    restarting: bool
    paused: bool
    exit_code: int
    oom_killed: bool
    started_at: str
    finished_at: str
    restarts: int
    policy: str
    most_restarts: int
    stop_signal: int
    tty: bool
    published: frozenset[int]

    @property
    def runs(self) -> bool:
        """Whether its main process is there (a paused one is)."""
        return self.pid > 0 and self.status in _ALIVE and not self.restarting and self.started

    @property
    def started(self) -> bool:
        """Whether it was ever started."""
        return bool(self.started_at) and not self.started_at.startswith(NEVER)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Container:
        """
        Raises:
            KeyError, TypeError, ValueError: that is no container.
        """
        state, config, host = raw["State"], raw.get("Config") or {}, raw.get("HostConfig") or {}
        policy = host.get("RestartPolicy") or {}
        return cls(
            id=str(raw["Id"]),
            name=str(raw.get("Name") or "").lstrip("/"),
            status=str(state["Status"]),
            pid=int(state.get("Pid") or 0),
            restarting=bool(state.get("Restarting")),
            paused=bool(state.get("Paused")),
            exit_code=int(state.get("ExitCode") or 0),
            oom_killed=bool(state.get("OOMKilled")),
            started_at=str(state.get("StartedAt") or ""),
            finished_at=str(state.get("FinishedAt") or ""),
            restarts=int(raw.get("RestartCount") or 0),
            policy=str(policy.get("Name") or ""),
            most_restarts=int(policy.get("MaximumRetryCount") or 0),
            stop_signal=signal_number(str(config.get("StopSignal") or "")),
            tty=bool(config.get("Tty")),
            published=frozenset(_published((raw.get("NetworkSettings") or {}).get("Ports") or {})),
        )


def _published(ports: Mapping[str, Any]) -> Iterable[int]:
    for inside, outside in ports.items():
        if inside.endswith("/tcp"):
            yield from (int(one["HostPort"]) for one in outside or () if one.get("HostPort"))


def signal_number(text: str) -> int:
    """Of a stop signal, SIGTERM where none is given (Docker's default)."""
    name = text.upper()
    if name.isdecimal():
        return int(name)
    found = signal.Signals.__members__.get(name if name.startswith("SIG") else f"SIG{name}")
    return int(found or signal.SIGTERM)


def nanoseconds(text: str) -> int:
    """A time of the engine since 1970 UTC; 0 where it says none."""
    found = _TIME.fullmatch(text)
    if not found or text.startswith(NEVER):
        return 0
    whole = datetime.fromisoformat(found[1] + found[3])
    return round(whole.timestamp()) * _NANOS + int((found[2] or "").ljust(9, "0"))


def seconds(text: str) -> float:
    """As `nanoseconds`, in seconds."""
    return nanoseconds(text) / _NANOS
