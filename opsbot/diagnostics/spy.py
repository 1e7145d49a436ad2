"""py-spy: what the threads of a Python process do, and where it spends its time.

It is a child process with a timeout, given an argument list, and only reads the target's memory
(`--nonblocking`: the target is not even paused). It needs the same user, and the system's leave (ptrace).
"""

from __future__ import annotations

import asyncio
import sysconfig
from collections import Counter
from contextlib import suppress
from pathlib import Path

from opsbot.diagnostics.base import NotCollected
from opsbot.domain.diagnostics import HotFunction, Profile
from opsbot.text import one_line

INSTALL = "pip install 'opsbot[profile]'"
NOT_INSTALLED = f"py-spy is not installed: {INSTALL}"
NOT_ALLOWED = "looking into targets is off: `diagnostics.profile: true` allows it"
NO_LEAVE = (
    "the system does not let opsbot look into pid {pid}: run opsbot as the target's user, and allow ptrace "
    "(`sysctl kernel.yama.ptrace_scope=0`, in a container the capability SYS_PTRACE)"
)
NO_PYTHON = "pid {pid} is no Python program, or one that py-spy does not know"
GONE = "pid {pid} ended meanwhile"

DUMP_SECONDS = 10.0
"""Seconds that a look at the threads may take; tenths of one are usual."""

LATE = 10.0
"""Seconds beyond the asked ones that a profile may take."""

RATE = 100  # looks a second
TRIES = 3  # a target that is not paused may change while it is looked at
HOTTEST = 15
MOST = 8 * 1_048_576
"""Bytes of py-spy's output that are read."""

_REASON = 200
_OWN_WORDS = "py-spy> "


class Spy:
    """`program`: py-spy; None: the one that is installed beside opsbot, and no other on the PATH."""

    def __init__(self, program: Path | None = None, patience: float = DUMP_SECONDS) -> None:
        self._program = program or Path(sysconfig.get_path("scripts")) / "py-spy"
        self._patience = patience

    @property
    def missing(self) -> bool:
        """Whether it is not installed."""
        return not self._program.is_file()

    async def stacks(self, pid: int) -> str:
        """What each thread does now, without any values of variables.

        Raises:
            NotCollected: not installed, not permitted, no Python program, or too slow.
        """
        for number in range(1, TRIES + 1):
            try:
                return await self._run(pid, self._patience, "dump", "--nonblocking", "--pid", str(pid))
            except _Misread as misread:
                if number == TRIES:
                    raise NotCollected(str(misread)) from None
        raise AssertionError

    async def profile(self, target: str, pid: int, seconds: int) -> Profile:
        """Where it spends the next `seconds`.

        Raises:
            NotCollected: as for `stacks`.
        """
        command = ["record", "--nonblocking", "--function", "--pid", str(pid), "--duration", str(seconds)]
        command += ["--rate", str(RATE), "--format", "raw", "--output", "/dev/stdout"]
        try:
            raw = await self._run(pid, seconds + LATE, *command)
        except _Misread as misread:
            raise NotCollected(str(misread)) from None
        return profile_of(target, pid, seconds, raw)

    async def _run(self, pid: int, patience: float, *words: str) -> str:
        if self.missing:
            raise NotCollected(NOT_INSTALLED)
        pipe = asyncio.subprocess.PIPE
        try:
            child = await asyncio.create_subprocess_exec(
                str(self._program),
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                env={"PATH": "", "LANG": "C.UTF-8"},
                start_new_session=True,  # Ctrl-C in opsbot's terminal is opsbot's to answer
            )
        except OSError as error:
            raise NotCollected(f"py-spy could not be started: {error.strerror}") from None
        try:
            async with asyncio.timeout(patience):
                said, complaint = await asyncio.gather(_read(child.stdout), _read(child.stderr))
                code = await child.wait()
        except TimeoutError:
            raise NotCollected(f"py-spy was not ready within {patience:g} s") from None
        finally:  # also when nobody waits any more
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        if code:
            raise _why(pid, complaint)
        return said


class _Misread(Exception):
    """What it read made no sense; the next time it may."""


async def _read(stream: asyncio.StreamReader | None) -> str:
    """To the end, so that nobody waits for room in a pipe, but not all of it is kept."""
    assert stream is not None
    kept = bytearray()
    while chunk := await stream.read(65_536):
        kept += chunk[: MOST - len(kept)]
    return kept.decode(errors="replace")


def _why(pid: int, complaint: str) -> Exception:
    small = complaint.lower()
    if "permission denied" in small or "operation not permitted" in small:
        return NotCollected(NO_LEAVE.format(pid=pid))
    if "failed to find python version" in small:
        return NotCollected(NO_PYTHON.format(pid=pid))
    if "no such process" in small or "check that the process is running" in small:
        return NotCollected(GONE.format(pid=pid))
    first = next((line for line in complaint.splitlines() if line.startswith("Error")), "it said nothing")
    return _Misread(f"py-spy failed: {one_line(first.removeprefix('Error: '), _REASON)}")


def profile_of(target: str, pid: int, seconds: float, raw: str) -> Profile:
    """From lines like `main (bot.py:7);work (bot.py:3) 58`: outermost call first, then how often."""
    own, total, samples, stacks = Counter[str](), Counter[str](), 0, 0
    for line in raw.splitlines():
        stack, _, number = line.rpartition(" ")
        if not stack or not number.isdigit() or line.startswith(_OWN_WORDS):
            continue
        calls, count = stack.split(";"), int(number)
        samples, stacks = samples + count, stacks + 1
        own[calls[-1]] += count
        total.update(dict.fromkeys(calls, count))
    hottest = sorted(total, key=lambda call: (-own[call], -total[call], call))[:HOTTEST]
    functions = tuple(HotFunction(*_named(call), own[call], total[call]) for call in hottest)
    return Profile(target, pid, seconds, samples, functions, stacks)


def _named(call: str) -> tuple[str, str]:
    name, _, place = call.partition(" (")
    return name, place.removesuffix(")")
