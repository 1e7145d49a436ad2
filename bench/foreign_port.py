"""A foreign program holds the target's port: each restart asked for names it and leaves it alone."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.discord import Discord
from bench.kill_stage import BOUND, stage, until
from bench.stats import Row

ATTEMPTS = 20

HOLDER = """\
import os, socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    print("held", flush=True)
    while True:
        with server.accept()[0] as caller:
            caller.sendall(b"%d" % os.getpid())
"""
"""It tells each caller its pid."""


@dataclass(slots=True)
class Answers:
    """`named`: answers with the holder's pid, executable and user; `untouched`: attempts after which the same
    process still accepted; `copies`: targets that were started beside it."""

    named: int = 0
    untouched: int = 0
    copies: int = 0


@contextmanager
def held(port: int) -> Iterator[int]:
    """Another program listens on a port; its pid."""
    argv = [sys.executable, "-c", HOLDER, str(port)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        try:
            yield holder.pid
        finally:
            holder.kill()


def who_accepts(port: int) -> int:
    """The pid that the holder of a port tells; 0 when nobody accepts."""
    try:
        with socket.create_connection(("127.0.0.1", port), BOUND) as link:
            return int(link.recv(32) or 0)
    except OSError:
        return 0


def names(text: str, holder: int) -> bool:
    """Whether a text says the holder's pid, executable and user."""
    program = os.path.realpath(sys.executable)
    return f"pid {holder} ({program}) of user {getpass.getuser()}" in text


def measure(folder: Path, attempts: int = ATTEMPTS) -> Answers:
    """Asks again and again, over the control socket."""
    answers = Answers()
    with stage(folder, automatic=False) as here, held(here.port) as holder:
        here.opsbot()
        until(lambda: here.answer({"verb": "targets"}), "opsbot answers")
        for _ in range(attempts):
            answer = here.answer({"verb": "restart", "reason": "try again"})
            answers.named += answer.get("exit") == 1 and names(answer.get("text", ""), holder)
            answers.untouched += who_accepts(here.port) == holder
            answers.copies += len(here.targets())
    return answers


def rows(_: Discord, folder: Path) -> list[Row]:
    """For the table."""
    answers = measure(folder)
    good = answers.named == answers.untouched == ATTEMPTS and not answers.copies
    return [
        Row(
            f"A foreign program on the port, {ATTEMPTS} restarts asked for: it is named; it is untouched",
            f"{answers.named}; {answers.untouched}",
            "each time (pid, executable, user)",
            good,
        )
    ]
