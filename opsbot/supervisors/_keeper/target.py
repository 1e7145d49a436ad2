"""The forked child on its way to be the target."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # see signals.py
import errno
import os

from opsbot.supervisors._keeper.channel import Orders
from opsbot.supervisors._keeper.signals import HEARD, IGNORED

COOKIE = "OPSBOT_COOKIE"
"""`TOKEN.GENERATION.PID` of the target: in the environment of it and of all that it starts."""

RESET = (*HEARD, *IGNORED, "SIGPIPE", "SIGXFSZ", "SIGXFZ")
"""What the keeper, or Python for it, hears or ignores: a program inherits what is ignored (execve(2))."""


def become_target(orders: Orders, output: int, gate: int, failed: int) -> None:
    """In the forked child: never returns. A session of its own, so that its group can be told from others;
    every signal as a fresh program expects it; the mark by which it is found again."""
    stage = "session"
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for fd in (1, 2):
            os.dup2(output, fd)
        reset_signals()
        if orders["umask"] >= 0:
            os.umask(orders["umask"])
        stage = "limits"
        set_limits(orders["limits"])
        stage = "user"
        become_user(orders)
        stage = "cwd"
        os.chdir(orders["cwd"])
        if not os.read(gate, 1):  # the keeper died before it could record us: we were never there
            os._exit(0)
        stage = "exec"
        mark = f"{orders['token']}.{orders['generation']}.{os.getpid()}"
        os.execve(orders["executable"], orders["argv"], {**orders["env"], COOKIE: mark})
    except OSError as error:
        os.write(failed, f"{stage} {error.errno}".encode())
    except BaseException:
        os.write(failed, f"{stage} {errno.EINVAL}".encode())
    finally:
        os._exit(127)  # whatever happens, there is no second keeper


def reset_signals() -> None:
    for name in RESET:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def become_user(orders: Orders) -> None:
    if orders["uid"] >= 0:
        os.setgroups(orders["groups"])
        os.setgid(orders["gid"])
        os.setuid(orders["uid"])


def set_limits(limits: dict[str, int]) -> None:
    if limits:
        import resource

        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, value))
