"""The log file that the target's output goes to."""

from __future__ import annotations

import os

from opsbot.supervisors._keeper.files import only_root_moves


class Log:
    """Appends to a file that anybody may rename away: from the next line on a fresh one is written.

    `cap`: from this size on the file is set aside (bytes; 0: never). `lost`: bytes that could not be written.
    A symbolic link is not followed: whoever may write the folder could point it anywhere. `owner`: user,
    group and further groups of a target for which opsbot is root; where others than root could exchange a
    folder on the way for a link, the file is opened with that user's rights, not with root's.
    """

    def __init__(self, path: str, cap: int, owner: tuple[int, int, list[int]] | None = None) -> None:
        self.path, self.cap, self.owner = path, cap, owner
        self.fd, self.place, self.size = -1, (0, 0), 0
        self.at_line_start = True
        self.lost = self.lost_now = 0

    def write(self, data: bytes) -> None:
        if self.fd >= 0 and self.moved():
            head = b"" if self.at_line_start else data[: data.find(b"\n") + 1]
            self.append(head)
            if head or self.at_line_start:
                self.close()
            data = data[len(head) :]
        self.append(data)

    def append(self, data: bytes) -> None:
        """Writes what can be written; the rest is dropped and counted."""
        done = 0
        try:
            if data and self.fd < 0:
                self.open()
            if data and self.lost_now:
                note = f"\n[opsbot] {self.lost_now} bytes of output could not be written here\n"
                os.write(self.fd, note.encode())
                self.lost_now = 0
            while done < len(data):
                done += os.write(self.fd, data[done:])
        except OSError:
            self.lost += len(data) - done
            self.lost_now += len(data) - done
        if done:
            self.size += done
            self.at_line_start = data[done - 1 : done] == b"\n"

    def open(self) -> None:
        if self.cap and self.size > self.cap:
            self.set_aside()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        if self.owner is None or only_root_moves(self.path):
            self.fd = os.open(self.path, flags, 0o640)
        else:
            self.fd = open_as(self.owner, self.path, flags)
        stat = os.fstat(self.fd)
        self.place, self.size = (stat.st_dev, stat.st_ino), stat.st_size
        self.at_line_start = True

    def set_aside(self) -> None:
        """The default log has nobody who rotates it: one older file is kept."""
        self.size = 0
        try:
            os.rename(self.path, self.path + ".1")
        except FileNotFoundError:
            pass

    def moved(self) -> bool:
        if self.cap and self.size > self.cap:
            return True
        try:
            stat = os.stat(self.path)
        except OSError:
            return True
        return (stat.st_dev, stat.st_ino) != self.place

    def close(self) -> None:
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            try:
                os.close(fd)
            except OSError:  # a network's file system or a quota tells here that it lost what was written
                pass

    def reopen(self) -> None:
        """SIGHUP: whoever renamed the file wants the old one finished now, even if the target is silent."""
        if self.fd >= 0 and self.at_line_start and self.moved():
            self.close()
            self.try_open()

    def try_open(self) -> None:
        """What cannot be opened now is tried again with the next output."""
        try:
            self.open()
        except OSError:
            pass


def open_as(owner: tuple[int, int, list[int]], path: str, flags: int) -> int:
    """Opens with the rights of another user, for that moment (the keeper has one thread)."""
    uid, gid, groups = owner
    before = os.getgroups()
    try:
        os.setgroups(groups)
        os.setegid(gid)
        os.seteuid(uid)
        return os.open(path, flags, 0o640)
    finally:
        os.seteuid(os.getuid())
        os.setegid(os.getgid())
        os.setgroups(before)
