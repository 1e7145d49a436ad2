"""Whether a process that somebody else started is the target: executable, folder, user, arguments."""

from __future__ import annotations

import os.path
import pwd
import re
import shutil
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

from opsbot.supervisors import _proc
from opsbot.supervisors._argv import SAME, Argv, core, difference, is_python, name_of

_SHEBANG_BYTES = 256
_PLAIN = re.compile(r"[A-Za-z0-9_]+", re.ASCII)


class Fit(Enum):
    """How well a process fits. `WRAPPER`: it runs the target as its child (`poetry run`, `sh -c`). `ALTERED`:
    it is the target but for its arguments. `ALMOST`: it runs as another user, elsewhere, or from another
    file."""

    NO = "no"
    WRAPPER = "wrapper"
    ALMOST = "almost"
    ALTERED = "altered"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason`: why it is not quite the target. `wraps`: it only runs it as its child."""

    fit: Fit
    reason: str = ""
    wraps: bool = False

    @property
    def alike(self) -> bool:
        """Whether it may be the target, or a worker that it forked."""
        return self.fit in (Fit.YES, Fit.WRAPPER, Fit.ALTERED)


NO = Verdict(Fit.NO)


@dataclass(frozen=True)
class Pattern:
    """What the target looks like. `command`: its core; `executable`: resolved, or None when it cannot be;
    `interpreter`: of a script, resolved; `folder`: None for any; `wrapped`: it is configured through a
    wrapper."""

    command: Argv
    executable: str | None
    interpreter: str | None
    folder: str | None
    uid: int
    wrapped: bool = False

    @cached_property
    def needle(self) -> bytes:
        """Stands in every command line that can match, however it is quoted: the longest plain word of the
        program's name."""
        words = [os.path.basename(word) for word in name_of(self.command)]  # noqa: PTH119
        found = [word for text in words for word in _PLAIN.findall(text)]
        name = max(found, key=len, default="")
        return b"" if len(self.command) == 1 and is_python(name) else name.encode()

    def look(self, pid: int) -> Verdict:
        """Compares what runs under a pid."""
        command = _proc.command_line(pid)
        return self.judge(pid, _proc.words(command)) if command and self.needle in command else NO

    def judge(self, pid: int, argv: Argv) -> Verdict:
        """Compares; only a process that runs the same program costs more than a look at its command line."""
        inner = core(argv)
        other = difference(self.command, inner, self._path, script=self.interpreter is not None)
        if other is None:
            return NO
        wraps = inner != argv
        reason = self._user(pid) or self._folder(pid) or ("" if wraps else self._executable(pid))
        if reason:
            return NO if wraps or other != SAME else Verdict(Fit.ALMOST, reason)
        if other != SAME:
            return Verdict(Fit.ALTERED, str(other), wraps)
        return Verdict(Fit.WRAPPER if wraps else Fit.YES, wraps=wraps)

    def _path(self, program: str) -> str:
        if program == self.command[0] and self.executable:
            return self.executable
        return os.path.realpath(os.path.join(self.folder or "/", program))  # noqa: PTH118

    def _user(self, pid: int) -> str:
        owner = _proc.owner(pid)
        if owner == self.uid:
            return ""
        return f"it runs as {user_name(owner)}, not as {user_name(self.uid)}"

    def _folder(self, pid: int) -> str:
        found = _proc.folder(pid)
        if self.folder is None or found == self.folder:
            return ""
        return f"it runs in {found}, not in {self.folder}" if found else "its folder cannot be read"

    def _executable(self, pid: int) -> str:
        found = _proc.executable(pid)
        if not found:
            return "its executable cannot be read"
        wanted = self.interpreter or self.executable
        if wanted is None or found == wanted:
            return ""
        name, right = os.path.basename(found), os.path.basename(wanted)  # noqa: PTH119
        if name == right or (is_python(name) and (is_python(right) or is_python(self.executable or ""))):
            return ""  # (a script named `python3`, such as pyenv's, becomes some Python)
        return f"it is {found}, not {wanted}"


def user_name(uid: int | None) -> str:
    """The name of a user id, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name if uid is not None else "an unknown user"
    except KeyError:
        return str(uid)


def interpreter(path: str, search: str) -> str | None:
    """What the kernel runs for a script (execve(2)), None for other programs. `search`: a PATH, for
    `#!/usr/bin/env`."""
    try:
        with Path(path).open("rb") as file:
            first = file.read(_SHEBANG_BYTES).split(b"\n")[0]
    except OSError:
        return None
    if not first.startswith(b"#!"):
        return None
    words = [word for word in first[2:].decode(errors="replace").split() if not word.startswith("-")]
    if len(words) > 1 and os.path.basename(words[0]) == "env":  # noqa: PTH119
        words[0] = shutil.which(words[1], path=search) or words[1]
    return os.path.realpath(words[0]) if words else None
