"""Who listens on a TCP port. Only looks: a foreign holder is never touched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil

from opsbot.domain.process import Holder
from opsbot.supervisors import _proc
from opsbot.supervisors._match import user_name

_LISTEN = b"0A"  # TCP_LISTEN in /proc/net/tcp (include/net/tcp_states.h)


def holder(port: int, ours: Callable[[int], bool]) -> Holder | None:
    """Who listens on a port, None when nobody does. Several may share it (SO_REUSEPORT, one address each):
    then a foreign one is named, for that one is in the way.

    `ours`: whether a pid belongs to the target.
    """
    holders = [_describe(pid, uid, ours) for pid, uid in _listeners(port)]
    return max(holders, key=lambda h: (not h.ours, h.pid > 0), default=None)


def listeners(port: int) -> frozenset[int]:
    """The pids that listen on a port, as far as they can be read."""
    return frozenset(pid for pid, _ in _listeners(port) if pid)


def _describe(pid: int, uid: int | None, ours: Callable[[int], bool]) -> Holder:
    if not pid:
        return Holder(0, "", user_name(uid))
    program = _proc.executable(pid) or " ".join(_proc.argv(pid)[:1])
    owner = _proc.owner(pid)
    return Holder(pid, program, user_name(uid if owner is None else owner), ours=ours(pid))


def _listeners(port: int) -> list[tuple[int, int | None]]:
    """Pairs of pid and user id; a socket whose process cannot be read stands with pid 0."""
    if not _proc.LINUX:
        return _listeners_elsewhere(port)
    sockets = dict(_sockets(port))
    if not sockets:
        return []
    links = {f"socket:[{inode}]": uid for inode, uid in sockets.items()}
    found = [(pid, link) for pid in _proc.pids() for link in _links(pid) & links.keys()]
    seen = {link for _, link in found}
    known: list[tuple[int, int | None]] = [(pid, links[link]) for pid, link in found]
    return known + [(0, uid) for link, uid in links.items() if link not in seen]


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
            with suppress(FileNotFoundError):  # closed meanwhile; the others are still to be seen
                links.add(os.readlink(f"{folder}/{name}"))
    except OSError as error:  # another user's, or gone
        if unseeing := _proc.blind(error):
            raise unseeing from error
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
