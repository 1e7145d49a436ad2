"""Opens a folder in which opsbot may rename and delete, perhaps as root: nobody else may lead it elsewhere.

Every folder on the way is looked at. Others than those of `_strangers` may not write to it, unless it is
sticky, as /tmp is: they can add there, but not exchange what is there. A symbolic link is followed when root
or opsbot's user made it in a folder of theirs.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from contextlib import suppress
from pathlib import Path

from opsbot.errors import RotationError
from opsbot.rotation._strangers import strangers

MODE = 0o750
"""Mode of the folders that opsbot makes."""

NO_LOGS = (Path("/proc"), Path("/sys"), Path("/dev"))
"""What looks like a file there is the kernel's."""

_LINKS = 16  # as many as anybody needs; the kernel follows 40
_PASS = getattr(os, "O_PATH", os.O_RDONLY)  # needs no read permission on the folders on the way
_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_folder(path: Path, *, make: bool = False, alone: bool = False) -> int:
    """A descriptor of the folder, open for reading. `make`: makes what is missing of it (mode 0750; where
    opsbot is root, owner and group of the folder it is made in). `alone`: not even a sticky one is shared.

    Raises:
        FileNotFoundError: it is not there, and was not to be made.
        RotationError: others could lead opsbot elsewhere, or it cannot be opened or made; with the remedy.
    """
    path = path.absolute()
    if ".." in path.parts:
        raise RotationError(f"The path {path} goes through `..`: name the folder without it.")
    try:
        with _Walk(path) as walk:
            walk.go(make)
            walk.refuse_strangers(sticky_too=alone)
            return os.open(".", os.O_RDONLY | _FOLDER, dir_fd=walk.at)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RotationError(_why(path, error)) from None


class _Walk:
    """The way from `/` to a folder. `at`: descriptor of the folder reached so far; `place`: where it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.at, self.place = os.open("/", _PASS | _FOLDER), Path("/")

    def __enter__(self) -> _Walk:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.at)

    def go(self, make: bool) -> None:
        names, links = deque(self.path.parts[1:]), _LINKS
        while names:
            self.refuse_strangers(sticky_too=False)
            name = names.popleft()
            if name == "..":  # in a link; no link is in `place`, so the way to its parent is known
                self._restart(names, self.place.parent)
            elif (target := self._link(name)) is None:
                self._step(name, make)
            elif links := links - 1:
                self._restart(names, self.place / target)
            else:
                raise RotationError(f"{self.path} goes through too many links: name the folder itself.")
        if any(self.place.is_relative_to(root) for root in NO_LOGS):
            raise RotationError(f"{self.path} is in /{self.place.parts[1]}, where no log is: name another.")

    def refuse_strangers(self, *, sticky_too: bool) -> None:
        """
        Raises:
            RotationError: others may exchange what is in the folder reached.
        """
        stranger = next(strangers(self.at), None)
        mode = os.fstat(self.at).st_mode
        if stranger and (sticky_too or not mode & stat.S_ISVTX):
            raise RotationError(
                f"The {stranger.who} may write to the folder {self.place} and so exchange files while opsbot "
                f"moves them: run `{stranger.remedy} {self.place}`."
            )

    def _restart(self, names: deque[str], onward: Path) -> None:
        self._at(os.open("/", _PASS | _FOLDER), Path("/"))
        names.extendleft(reversed(onward.parts[1:]))

    def _step(self, name: str, make: bool) -> None:
        try:
            below = os.open(name, _PASS | _FOLDER, dir_fd=self.at)
        except FileNotFoundError:
            if not make:
                raise
            below = _make(self.at, name)
        self._at(below, self.place / name)

    def _link(self, name: str) -> str | None:
        """Where the link leads, None when it is none.

        Raises:
            RotationError: it could lead elsewhere the next moment.
        """
        try:
            found = os.stat(name, dir_fd=self.at, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISLNK(found.st_mode):
            return None
        ours = (0, os.geteuid())
        if found.st_uid not in ours or os.fstat(self.at).st_uid not in ours:
            raise RotationError(
                f"{self.path} goes through the symbolic link {self.place / name}, which others can lead "
                f"elsewhere: name the folder itself."
            )
        return os.readlink(name, dir_fd=self.at)

    def _at(self, descriptor: int, place: Path) -> None:
        os.close(self.at)
        self.at, self.place = descriptor, place


def _make(parent: int, name: str) -> int:
    """A new folder, open. It belongs to whom its parent belongs, or a target's people could not read the
    archives of their own log when opsbot is root."""
    with suppress(FileExistsError):
        os.mkdir(name, MODE, dir_fd=parent)  # the umask may make it narrower
    made = os.open(name, os.O_RDONLY | _FOLDER, dir_fd=parent)
    with suppress(OSError):  # a file system without owners and modes
        fresh = os.fstat(made).st_uid == os.geteuid() and not os.listdir(made)  # noqa: PTH208 - a descriptor
        if fresh and not os.geteuid():
            above = os.fstat(parent)
            os.fchown(made, above.st_uid, above.st_gid)
    return made


def _why(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"opsbot's user has no permission for the folder {path}: give it to that user."
    if isinstance(error, NotADirectoryError):
        return f"{path} goes through something that is not a folder: correct the path."
    return f"The folder {path} cannot be used ({error.strerror}): name another, or repair it."
