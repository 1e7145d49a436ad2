"""The target's connections, from outside: a living process whose gateway connection is dead."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from opsbot.checks import _proc, _tcp
from opsbot.checks.base import CheckContext, CheckOptions
from opsbot.domain.levels import Outcome
from opsbot.domain.process import ProcessId
from opsbot.domain.sample import Finding, Observation

SECTION = "Discord Gateway"

_LABEL = "Gateway Sockets"


class Options(CheckOptions):
    """`remote_port`: of Discord's gateway. `samples`: looks in a row without a living connection, but with
    one that the other side has closed, until it counts as dead."""

    remote_port: int = Field(default=443, ge=1, le=65535)
    samples: int = Field(default=3, ge=1, le=1000)


def metrics(options: Options) -> Mapping[str, str]:
    """Counts of connections."""
    port = options.remote_port
    return {
        "sockets_established": f"open connections of the target to port {port}",
        "sockets_close_wait": f"connections to port {port} that the other side closed and the target did not",
    }


def build(options: Options, context: CheckContext) -> SocketsCheck:
    """Makes the check."""
    return SocketsCheck(options, context)


@dataclass(frozen=True, slots=True)
class _Seen:
    established: int
    close_wait: int


class SocketsCheck:
    """Counts the connections of the target's process and its descendants."""

    def __init__(self, options: Options, context: CheckContext) -> None:
        self._options = options
        self._context = context
        self._of: ProcessId | None = None
        self._ever = False
        self._dead_looks = 0
        self._family: list[int] = []

    async def look(self) -> Observation:
        """Counts once."""
        process = self._context.process()
        if process != self._of:
            self._of, self._ever, self._dead_looks, self._family = process, False, 0, []
        if process is None:
            return _unknown("the target's process is not known")
        try:
            if self._context.one_shot:
                seen = self._count(process.pid)
            else:
                seen = await asyncio.to_thread(self._count, process.pid)
        except PermissionError:
            return _unknown(f"the sockets of PID {process.pid} may not be read by opsbot's user")
        except _tcp.Unreadable as reason:
            return _unknown(str(reason))
        return self._judged(seen)

    async def close(self) -> None:
        """Holds nothing."""

    def _count(self, pid: int) -> _Seen:
        """Its descendants are looked for (which costs a look at every process) only when none of those
        known so far has an open connection."""
        seen = self._counted([pid, *(p for p in self._family if p != pid)])
        if seen.established:
            return seen
        self._family = _proc.family(pid)
        return self._counted(self._family) if len(self._family) > 1 else seen

    def _counted(self, family: list[int]) -> _Seen:
        inodes = _tcp.socket_inodes(family[0])
        for child in family[1:]:
            inodes |= _tcp.socket_inodes(child)
        found = [c.state for c in _tcp.connections(family[0], self._options.remote_port, inodes)]
        return _Seen(found.count(_tcp.TcpState.ESTABLISHED), found.count(_tcp.TcpState.CLOSE_WAIT))

    def _judged(self, seen: _Seen) -> Observation:
        dead = seen.established == 0 and seen.close_wait > 0
        self._dead_looks = self._dead_looks + 1 if dead else 0
        self._ever = self._ever or seen.established > 0 or seen.close_wait > 0
        outcome, text = self._words(seen)
        values = {
            "sockets_established": float(seen.established),
            "sockets_close_wait": float(seen.close_wait),
        }
        return Observation(outcome, f"{_LABEL}: {text}", values, (Finding(outcome, _LABEL, text),))

    def _words(self, seen: _Seen) -> tuple[Outcome, str]:
        port, needed = self._options.remote_port, self._options.samples
        if not self._ever:
            return Outcome.UNKNOWN, f"no connection to port {port} seen yet"
        if seen.established:
            return Outcome.OK, f"{seen.established} open to port {port}"
        closed = (
            f"{seen.close_wait} closed by the other side and not by the target" if seen.close_wait else ""
        )
        if self._dead_looks >= needed:
            return Outcome.FAIL, f"none open to port {port}, {closed}, {self._dead_looks} looks in a row"
        if self._dead_looks:
            return (
                Outcome.DEGRADED,
                f"none open to port {port}, {closed} ({self._dead_looks} of {needed} looks)",
            )
        return Outcome.DEGRADED, f"none open to port {port}"


def _unknown(text: str) -> Observation:
    return Observation(
        Outcome.UNKNOWN, f"{_LABEL}: {text}", findings=(Finding(Outcome.UNKNOWN, _LABEL, text),)
    )
