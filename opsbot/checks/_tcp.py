"""The kernel's table of TCP sockets, and who holds one. Linux only."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from opsbot.checks import _proc


class TcpState(IntEnum):
    """States of /proc/net/tcp (include/net/tcp_states.h)."""

    ESTABLISHED = 1
    CLOSE_WAIT = 8
    LISTEN = 10


@dataclass(frozen=True, slots=True)
class Socket:
    """One row. `uid` owns it, `inode` names it among a process's descriptors."""

    state: int
    local_port: int
    remote_port: int
    uid: int
    inode: int


class Unreadable(OSError):
    """The table is not there (no Linux), or may not be read."""


_LISTEN = f"{TcpState.LISTEN:02X}"


def listeners(port: int, pid: int | None = None) -> list[Socket]:
    """Who listens on a port, in the network namespace of `pid` (or opsbot's own).

    The kernel lists listening sockets first (`tcp_seq_start`), so reading ends at the first other one,
    however many connections there are.
    """
    wanted = f":{port:04X}"
    return [
        _socket(row) for table in _tables(pid) for row in _while_listening(table) if row[1].endswith(wanted)
    ]


def connections(pid: int, remote_port: int, inodes: frozenset[int]) -> list[Socket]:
    """The connections to a remote port among the sockets with those inodes, in `pid`'s namespace."""
    wanted = f":{remote_port:04X}"
    rows = (row for table in _tables(pid) for row in _rows(table) if row[2].endswith(wanted))
    return [found for row in rows if (found := _socket(row)).inode in inodes]


def socket_inodes(pid: int) -> frozenset[int]:
    """The sockets that a process holds.

    Raises:
        PermissionError: its descriptors may not be read.
    """
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names only, and there may be thousands
    except PermissionError:
        raise
    except OSError:
        return frozenset()
    return frozenset(inode for name in names if (inode := _inode(f"{folder}/{name}")))


def link_of(pid: int, inode: int) -> str:
    """The path of the descriptor by which a process holds a socket, "" when it does not."""
    try:
        names = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208 - names only
    except OSError:
        return ""
    return next((link for name in names if is_socket(link := f"/proc/{pid}/fd/{name}", inode)), "")


def is_socket(link: str, inode: int) -> bool:
    """Whether a descriptor under /proc is that socket."""
    return _inode(link) == inode


def holder(inode: int, first: Iterable[int] = ()) -> int | None:
    """The pid of a process that holds the socket; `first` are looked at before all others. None when no
    readable process has it."""
    asked = list(first)
    for pid in (*asked, *(pid for pid in _proc.pids() if pid not in asked)):
        try:
            if inode in socket_inodes(pid):
                return pid
        except PermissionError:
            continue
    return None


def describe(pid: int | None, uid: int) -> str:
    """Who holds a port, for people: executable, pid and user as far as they can be read."""
    user = _user(uid)
    if pid is None:
        return f"a process of {user} (its pid may not be read by opsbot's user)"
    try:
        executable = str(Path(f"/proc/{pid}/exe").readlink())
    except OSError:
        executable = next(iter(_proc.command_line(pid)), "unknown program")
    return f"{executable} (PID {pid}, user {user})"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _tables(pid: int | None) -> Iterator[Path]:
    net = Path(f"/proc/{pid}/net") if pid and Path(f"/proc/{pid}/net/tcp").exists() else Path("/proc/net")
    if not (net / "tcp").exists():
        raise Unreadable("there is no table of sockets on this system")
    yield net / "tcp"
    if (net / "tcp6").exists():
        yield net / "tcp6"


def _while_listening(table: Path) -> Iterator[list[str]]:
    for row in _rows(table):
        if row[3] != _LISTEN:
            return
        yield row


def _rows(table: Path) -> Iterator[list[str]]:
    try:
        with table.open() as lines:
            next(lines, None)
            for line in lines:
                row = line.split()
                if len(row) > 9:
                    yield row
    except PermissionError as error:
        raise Unreadable(f"{table} may not be read") from error
    except (FileNotFoundError, ProcessLookupError):
        return  # the process has ended meanwhile, and its sockets with it


def _socket(row: list[str]) -> Socket:
    local, remote = row[1].rpartition(":")[2], row[2].rpartition(":")[2]
    return Socket(int(row[3], 16), int(local, 16), int(remote, 16), int(row[7]), int(row[9]))


def _inode(link: str) -> int | None:
    try:
        text = os.readlink(link)  # noqa: PTH115 - read for each descriptor of a process: a Path is 3 times dearer
    except OSError:
        return None
    return int(text[8:-1]) if text.startswith("socket:[") else None
