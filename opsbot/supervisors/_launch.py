"""From options to what a keeper is told: everything resolved and checked before anything is started."""

from __future__ import annotations

import errno
import os
import pwd
import re
import shlex
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opsbot.errors import SupervisorError
from opsbot.supervisors._argv import core
from opsbot.supervisors._match import Pattern, interpreter
from opsbot.supervisors._options import Adopt, Options

ENV_FILE_BYTES = 256 * 1024
"""Largest `env_file`: execve(2) takes hardly more."""

_ENV_LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=(.*)")


@dataclass(frozen=True, slots=True)
class User:
    """Who the target runs as. `change`: opsbot runs as somebody else."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    name: str
    home: str
    change: bool


@dataclass(frozen=True, slots=True)
class Launch:
    """A start, resolved. `executable` is a path, `argv` what the program sees."""

    executable: str
    argv: tuple[str, ...]
    folder: str
    env: Mapping[str, str]
    user: User
    umask: int | None
    limits: Mapping[str, int]


def launch(options: Options, hidden_env: frozenset[str]) -> Launch:
    """Resolves a start anew each time, for files come and go.

    Raises:
        SupervisorError: permanent, one sentence with the remedy.
    """
    user = resolve_user(options.user)
    folder = str((options.cwd or Path.cwd()).absolute())
    if not Path(folder).is_dir():
        raise SupervisorError(
            f"The target's folder {folder} does not exist: make it, or correct `cwd`.", permanent=True
        )
    env = environment(options, user, hidden_env)
    return Launch(
        executable=find_executable(options.command[0], folder, env),
        argv=options.command,
        folder=folder,
        env=env,
        user=user,
        umask=options.umask,
        limits=_limits(options),
    )


def pattern(options: Options) -> Pattern | None:
    """How to recognise a copy started by hand; None when none is ever taken."""
    if options.adopt is Adopt.NEVER:
        return None
    command = core(options.match.command or options.command)
    cwd = (options.match.cwd or options.cwd or Path.cwd()).resolve()
    try:
        uid = resolve_user(options.match.user or options.user).uid
        executable: str | None = os.path.realpath(find_executable(command[0], str(cwd), os.environ))
    except SupervisorError:  # a start will say so; until then nothing is recognised by it
        uid, executable = os.geteuid(), None
    return Pattern(
        command=command,
        executable=executable,
        interpreter=interpreter(executable, os.environ.get("PATH", os.defpath)) if executable else None,
        folder=None if options.match.any_cwd else str(cwd),
        uid=uid,
        wrapped=command != options.command,
    )


def resolve_user(name: str | None) -> User:
    """
    Raises:
        SupervisorError: there is no such user, or opsbot may not start programs as that one.
    """
    try:
        entry = pwd.getpwnam(name) if name else pwd.getpwuid(os.geteuid())
    except KeyError:
        if name:
            raise SupervisorError(
                f"There is no user `{name}` on this host: make it, or correct `user`.", permanent=True
            ) from None
        return User(os.geteuid(), os.getegid(), (), "", "", change=False)
    change = entry.pw_uid != os.geteuid()
    if change and os.geteuid() != 0:
        raise SupervisorError(
            f"opsbot runs as uid {os.geteuid()} and may not start the target as `{name}`: "
            f"run opsbot as root or as that user, or leave `user` out.",
            permanent=True,
        )
    groups = tuple(os.getgrouplist(entry.pw_name, entry.pw_gid)) if change else ()
    return User(entry.pw_uid, entry.pw_gid, groups, entry.pw_name, entry.pw_dir, change)


def environment(options: Options, user: User, hidden: frozenset[str]) -> dict[str, str]:
    """What the target sees: inherited without opsbot's own secrets, then `env_file`, then `env`."""
    env = {k: v for k, v in os.environ.items() if k not in hidden} if options.inherit_env else {}
    env.setdefault("PATH", os.defpath)
    if user.change:
        env |= {"HOME": user.home, "USER": user.name, "LOGNAME": user.name}
    if options.env_file:
        env |= read_env_file(options.env_file)
    return env | options.env


def read_env_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines, `export` and quotes allowed, `#` comments; nothing is expanded.

    Raises:
        SupervisorError: permanent; it cannot be read, or a line is not of that form.
    """
    try:
        lines = _whole(path).decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SupervisorError(
            f"The target's `env_file` {path} cannot be read ({_why(error)}): correct the path or its rights.",
            permanent=True,
        ) from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _ENV_LINE.fullmatch(line.strip())
        if not match:
            raise SupervisorError(
                f"{path}:{number}: this line is not `NAME=value`: correct it.", permanent=True
            )
        found[match[1]] = _unquote(match[2].strip())
    return found


def _whole(path: Path) -> bytes:
    """A regular file of bearable size. It may lie where others write: a pipe or a device in its place must
    not hold opsbot up. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        content = file.read(ENV_FILE_BYTES + 1)
    if len(content) > ENV_FILE_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {ENV_FILE_BYTES // 1024} KiB")
    return content


def find_executable(program: str, folder: str, env: Mapping[str, str]) -> str:
    """
    Raises:
        SupervisorError: permanent; there is none, or it may not be executed.
    """
    if "/" in program:
        path = os.path.join(folder, program)  # noqa: PTH118  # pathlib would fold `..`, the kernel does not
    else:
        path = shutil.which(program, path=env.get("PATH", os.defpath)) or ""
    if not path or not Path(path).exists():
        where = path or f"{program} (looked for on PATH)"
        raise SupervisorError(
            f"The target's executable {where} does not exist: install it, or correct `command`.",
            permanent=True,
        )
    if Path(path).is_dir() or not os.access(path, os.X_OK):
        raise SupervisorError(
            f"The target's executable {path} may not be executed: `chmod +x` it, or correct `command`.",
            permanent=True,
        )
    return path


def _limits(options: Options) -> dict[str, int]:
    names = {"memory": "RLIMIT_AS"}
    chosen = options.limits.model_dump(exclude_none=True)
    return {names.get(key, f"RLIMIT_{key.upper()}"): value for key, value in chosen.items()}


def _unquote(value: str) -> str:
    if value[:1] in ("'", '"'):
        try:
            return "".join(shlex.split(value, comments=True))
        except ValueError:
            return value
    return value


def _why(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8"


def log_file(options: Options) -> Path | None:
    """The configured log; a relative path is in the target's folder, as the target would have it."""
    return (options.cwd or Path.cwd()).absolute() / options.log if options.log else None
