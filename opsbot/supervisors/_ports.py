"""Who listens on a TCP port. Only looks: a foreign holder is never touched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import psutil

from opsbot.domain.process import Holder
from opsbot.supervisors import _proc
from opsbot.supervisors._match import user_name

_LISTEN = b"0A"  # TCP_LISTEN in /proc/net/tcp (include/net/tcp_states.h)


def holder(port: int, ours: Callable[[int], bool]) -> Holder | None:
    """Who listens on a port, our own processes first when several share it; None when nobody does.

    `ours`: whether a pid belongs to the target.
    """
    found = _listeners(port) if _proc.LINUX else _listeners_elsewhere(port)
    holders = [_describe(pid, uid, ours) for pid, uid in found]
    return max(holders, key=lambda h: (h.ours, h.pid > 0), default=None)


def _describe(pid: int, uid: int | None, ours: Callable[[int], bool]) -> Holder:
    if not pid:
        return Holder(0, "", user_name(uid))
    program = _proc.executable(pid) or " ".join(_proc.argv(pid)[:1])
    return Holder(pid, program, user_name(_proc.owner(pid)), ours=ours(pid))


def _listeners(port: int) -> list[tuple[int, int | None]]:
    """Pairs of pid (0: not readable) and user id."""
    sockets = dict(_sockets(port))
    if not sockets:
        return []
    links = {f"socket:[{inode}]": uid for inode, uid in sockets.items()}
    found: list[tuple[int, int | None]] = [
        (pid, links[link]) for pid in _proc.pids() for link in _links(pid) & links.keys()
    ]
    return found or [(0, uid) for uid in sockets.values()]


def _sockets(port: int) -> Iterator[tuple[int, int]]:
    """Inode and user id of each listening socket (Documentation/networking/proc_net_tcp.rst)."""
    suffix = f":{port:04X}".encode()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _proc.read(table).splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN and fields[1].endswith(suffix):
                yield int(fields[9]), int(fields[7])


def _links(pid: int) -> set[str]:
    folder = f"/proc/{pid}/fd"
    links: set[str] = set()
    try:
        for name in os.listdir(folder):
            links.add(os.readlink(f"{folder}/{name}"))
    except OSError:  # another user's, or gone
        pass
    return links


def _listeners_elsewhere(port: int) -> list[tuple[int, int | None]]:
    try:
        found = psutil.net_connections(kind="tcp")
    except psutil.Error:
        return []
    return [
        (c.pid or 0, None)
        for c in found
        if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port
    ]
