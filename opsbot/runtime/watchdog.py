"""A thread that sees when the event loop makes no progress, and ends opsbot when it does not come back.

Everything of opsbot's runs on one loop: whatever blocks it (a disk that hangs, a pattern that never ends)
stops all watching. From inside nothing can help then but to say where it hangs and to be started anew; what
opsbot supervises lives on under its keepers.
"""

from __future__ import annotations

import faulthandler
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, Token
from pathlib import Path
from types import TracebackType
from typing import Self

from opsbot.runtime.lifeline import ALIVE, READY, STOPPING, Lifeline
from opsbot.text import one_line

BLOCKED_AFTER = 30.0
"""Seconds without progress after which all stacks are written, once."""

END_AFTER = 60.0
"""Seconds more after which the process ends."""

BEAT = 5.0
"""Seconds between two beats at most."""

LOOK_EVERY = 1.0
"""Seconds between two looks of the thread. It counts its own looks, not a clock: while the machine sleeps or
the whole process is stopped the thread stands too, and that is nobody's fault."""

EXIT_BLOCKED = 70
"""Exit code when the loop does not come back (`EX_SOFTWARE` of sysexits.h)."""

LAST_WORDS = 1.0
"""Seconds in which the end is still said: whatever hangs may be what is written to."""

NOTE = "ended"
"""Name of the note in the state directory."""

NOTED = 300
"""Characters of a note that are read."""

ENDED = (
    "opsbot stood still for {still:g} s and ended itself, to be started anew: something blocked its event "
    "loop; the log of that run says where"
)

STDERR = 2


WATCHDOG: ContextVar[Watchdog | None] = ContextVar("watchdog", default=None)
"""The one that watches this process' loop: every runtime on it, one after the other, beats for it."""


class Watchdog:
    """Watches from the first `beat` to the end of the context. `end` ends the process; tests put another.
    `note`: a file in which it leaves word for the next opsbot, which tells people."""

    def __init__(
        self,
        line: Lifeline | None = None,
        note: Path | None = None,
        *,
        blocked_after: float = BLOCKED_AFTER,
        end_after: float = END_AFTER,
        look_every: float = LOOK_EVERY,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._line = line or Lifeline()
        self._note = note
        self._blocked_after = blocked_after
        self._end_after = end_after
        self._look_every = look_every
        self._end = end
        self._beats = 0
        self._still = 0.0
        self._stood = 0.0
        self._token: Token[Watchdog | None]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    @property
    def beat_every(self) -> float:
        """Seconds between two beats: often enough for the service manager, which wants one well within its
        own span, and for this watch."""
        spans = [BEAT, self._blocked_after / 6]
        return min([*spans, self._line.watchdog / 3] if self._line.watchdog else spans)

    def beat(self) -> None:
        """The loop makes progress. The first one says that opsbot works."""
        self._came_back()
        self._beats += 1
        if self._beats == 1:
            self._line.say(READY)

    def stood(self) -> float:
        """Seconds for which the loop, on which this is called, stood still; 0 when it did not, or that was
        told."""
        self._came_back()
        seconds, self._stood = self._stood, 0.0
        return seconds

    def note(self) -> str:
        """What the one before left when it ended opsbot; empty as a rule. Blocks."""
        try:
            return one_line(self._note.read_text(errors="replace"), NOTED) if self._note else ""
        except OSError:
            return ""

    def drop_note(self) -> None:
        """It is told. Blocks."""
        if self._note is not None:
            with suppress(OSError):
                self._note.unlink()

    def _came_back(self) -> None:
        still, self._still = self._still, 0.0
        if still >= self._blocked_after:
            self._stood = still

    def __enter__(self) -> Self:
        self._token = WATCHDOG.set(self)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        WATCHDOG.reset(self._token)
        self._over.set()
        self._line.say(STOPPING)
        self._thread.join(LAST_WORDS)

    def _watch(self) -> None:
        seen = 0
        while not self._over.wait(self._look_every):
            beats = self._beats
            if beats != seen:
                seen = beats
                self._line.say(ALIVE)
            elif seen:
                before = self._still
                self._still = before + self._look_every
                self._look_at(before, self._still)

    def _look_at(self, before: float, still: float) -> None:
        if before < self._blocked_after <= still:
            self._say(f"the event loop has stood still for {still:g} s; this is where:", stacks=True)
        if still >= self._blocked_after + self._end_after:
            text = f"the event loop has stood still for {still:g} s: opsbot ends, to be started anew."
            said, noted = self._say(text), _beside(lambda: self._leave_note(still))
            said.join(LAST_WORDS)
            noted.join(LAST_WORDS)
            self._end(EXIT_BLOCKED)

    def _say(self, text: str, *, stacks: bool = False) -> threading.Thread:
        """Writes past the log, whose lock may be what the loop waits for."""

        def write() -> None:
            os.write(STDERR, f"opsbot: {text}\n".encode())
            if stacks:  # files, lines and functions; no values, so no secret
                faulthandler.dump_traceback(STDERR, all_threads=True)

        return _beside(write)

    def _leave_note(self, still: float) -> None:
        if self._note is None:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with suppress(OSError):
            file = os.open(self._note, flags, 0o600)
            os.write(file, ENDED.format(still=still).encode())
            os.close(file)


def _beside(work: Callable[[], None]) -> threading.Thread:
    """Does something that may hang itself, in a thread of its own."""
    worker = threading.Thread(target=work, name="watchdog's words", daemon=True)
    worker.start()
    return worker
