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


class PortCheck:
    """Asks the kernel; who holds a socket is found out once per socket."""

    def __init__(self, options: Options, context: CheckContext) -> None:
        self._options = options
        self._context = context
        self._holders: dict[tuple[int, ProcessId | None], _Holder] = {}

    async def look(self) -> Observation:
        """Looks at the kernel's table of listening sockets."""
        process = self._context.process()
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
