"""Small files: read whole, replaced at once."""

from __future__ import annotations

import os
import time

CHUNK = 256 * 1024


def clock() -> float:
    """Seconds since boot, counting through a suspend, as `opsbot.clock` has them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def start_ticks(pid: int) -> int:
    """Field 22 of /proc/PID/stat (proc(5)); 0 where there is no /proc."""
    try:
        return int(slurp(f"/proc/{pid}/stat").rpartition(b")")[2].split()[19])
    except (OSError, IndexError):
        return 0


def is_zombie(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return slurp(f"/proc/{pid}/stat").rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except (OSError, IndexError):
        return True


def slurp(path: str) -> bytes:
    """A whole file; those of /proc have no size to ask for."""
    fd = os.open(path, os.O_RDONLY)
    try:
        parts = []
        while part := os.read(fd, CHUNK):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(fd)


def write_file(path: str, text: str) -> None:
    """Replaces a file at once (mode 0600); a full disk costs the record, not the target."""
    try:
        fd = os.open(path + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            whole = os.write(fd, text.encode()) == len(text.encode())
        finally:
            os.close(fd)
        if whole:
            os.rename(path + ".tmp", path)
    except OSError:
        pass


def only_root_moves(path: str, links: int = 8) -> bool:
    """Whether nobody but root can exchange one of the folders and links that lead to a file: all are root's,
    and others may not write there, or (sticky, as /tmp is) not what is root's."""
    place = "/"
    words = path.split("/")
    for number, word in enumerate(words[:-1]):
        place = os.path.join(place, word) if word != ".." else os.path.dirname(place)
        try:
            mode, owner = (stat := os.lstat(place)).st_mode, stat.st_uid
            target = os.readlink(place) if mode & 0o170000 == 0o120000 else ""
        except OSError:
            return False
        if target:
            onward = os.path.join(os.path.dirname(place), target, *words[number + 1 :])
            return not owner and links > 0 and only_root_moves(onward, links - 1)
        if owner or (mode & 0o022 and not mode & 0o1000):
            return False
    return True
