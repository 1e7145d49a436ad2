"""A port of the target: does somebody listen, and is it the target."""

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

SECTION = "Network Ports"

TABLE_EVERY = 10.0
"""Seconds between two readings of the kernel's table (2 ms of CPU on a machine with a big one) as long as
the target holds the very socket that was listening at the last: an open one goes on listening."""

CONNECT_SECONDS = 2.0
"""How long a connection is tried where the kernel's table cannot be read."""


class Options(CheckOptions):
    """`title`: what listens there, as people call it. `host`: where a connection is tried when the
    kernel's table of sockets cannot be read."""

    port: int = Field(ge=1, le=65535)
    title: str = Field(default="Webhook API", min_length=1, max_length=100)
    host: str = "127.0.0.1"


def metrics(options: Options) -> Mapping[str, str]:
    """One: whether it listens."""
    return {"port_listening": f"1 while port {options.port} listens and no foreign process holds it, else 0"}


def build(options: Options, context: CheckContext) -> PortCheck:
    """Makes the check."""
    return PortCheck(options, context)


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who holds a listening socket. `own`: the target or one of its descendants; None: not known, since
    the target's process is not."""

    own: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class _Listening:
    """The target's own listening socket: `link` is its descriptor under /proc, `until`: seconds since boot
    up to which the table need not be read again."""

    process: ProcessId
    link: str
    inode: int
    until: float
    seen: Observation


class PortCheck:
    """Asks the kernel; who holds a socket is found out once per socket."""

    def __init__(self, options: Options, context: CheckContext) -> None:
        self._options = options
        self._context = context
        self._holders: dict[tuple[int, ProcessId | None], _Holder] = {}
        self._listening: _Listening | None = None

    async def look(self) -> Observation:
        """Looks at the kernel's table of listening sockets, or whether the known socket is still there."""
        process, now = self._context.process(), self._context.clock.now().mono
        known = self._listening
        if (
            known
            and known.process == process
            and now < known.until
            and _tcp.is_socket(known.link, known.inode)
        ):
            return known.seen
        seen = await self._looked(process)
        self._listening = self._own_socket(process, now, seen)
        return seen

    def _own_socket(self, process: ProcessId | None, now: float, seen: Observation) -> _Listening | None:
        if process is None or len(self._holders) != 1 or seen.outcome is not Outcome.OK:
            return None
        (inode, _), holder = next(iter(self._holders.items()))
        link = _tcp.link_of(process.pid, inode) if holder.own else ""
        return _Listening(process, link, inode, now + TABLE_EVERY, seen) if link else None

    async def _looked(self, process: ProcessId | None) -> Observation:
        try:
            found = _tcp.listeners(self._options.port, process.pid if process else None)
        except _tcp.Unreadable as reason:
            return await self._tried(str(reason))
        if not found:
            self._holders.clear()
            return self._told(Outcome.FAIL, "nothing listens")
        holders = {(s.inode, process): await self._holder(s, process) for s in found}
        self._holders = holders
        return self._judged(list(holders.values()))

    async def close(self) -> None:
        """Holds nothing."""

    def _judged(self, holders: list[_Holder]) -> Observation:
        foreign = [holder for holder in holders if holder.own is False]
        if foreign and not any(holder.own for holder in holders):
            return self._told(Outcome.FAIL, f"held by {foreign[0].text}, which is not the target")
        others = "; also held by " + foreign[0].text if foreign else ""
        by = holders[0].text if holders[0].own is None else "the target"
        detail = f"port {self._options.port}: {self._options.title} listening, held by {by}{others}"
        return self._told(Outcome.OK, f"{self._options.title} listening", detail)

    async def _holder(self, listener: _tcp.Socket, process: ProcessId | None) -> _Holder:
        key = (listener.inode, process)
        if key in self._holders:
            return self._holders[key]
        if self._context.one_shot:
            return _identify(listener, process)
        return await asyncio.to_thread(_identify, listener, process)  # may look at every process

    async def _tried(self, reason: str) -> Observation:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(self._options.host, self._options.port)
        except OSError:  # a TimeoutError is one
            return self._told(Outcome.FAIL, "nothing listens", f"no connection to the port ({reason})")
        writer.close()
        text = f"{self._options.title} listening"
        return self._told(Outcome.OK, text, f"{text}; by whom is not known: {reason}")

    def _told(self, outcome: Outcome, text: str, detail: str = "") -> Observation:
        label = f"Port {self._options.port}"
        values = {"port_listening": float(outcome is Outcome.OK)}
        return Observation(outcome, detail or f"{label}: {text}", values, (Finding(outcome, label, text),))


def _identify(listener: _tcp.Socket, process: ProcessId | None) -> _Holder:
    if process is None:
        return _Holder(None, _tcp.describe(_tcp.holder(listener.inode), listener.uid))
    try:
        if listener.inode in _tcp.socket_inodes(process.pid):
            return _Holder(True, "the target")
        unseen = False
    except PermissionError:
        unseen = True
    family = _proc.family(process.pid)
    pid = _tcp.holder(listener.inode, family)
    own = pid in family if pid is not None else None if unseen else False
    return _Holder(own, "the target" if own else _tcp.describe(pid, listener.uid))
