"""The heartbeats that opsbot is sent: the web endpoint, where they are called, and the checks meet here.

What was heard outlives opsbot: it is in the state directory before it is answered, as a rule. A secret is
kept as its digest; whoever guesses is compared with all of them, in a time that says nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import structlog

from opsbot.clock import Clock
from opsbot.domain.heartbeat import Deaf, Heartbeat, Signal
from opsbot.domain.moment import Moment
from opsbot.runtime import beat_file
from opsbot.runtime.beat_file import Noted
from opsbot.runtime.waiting import wait_until
from opsbot.text import many_lines

WRITE_EVERY = 1.0
"""Seconds between two writes at least."""

NOTE_EVERY = 60.0
"""Seconds between two notes that everything was heard until now."""

GAP = 60.0
"""Seconds missing beside that: the machine slept, or opsbot was held."""

HANDOVER = 1.0
"""Seconds from one runtime to the next, at a reload, that are not worth a word."""

KEPT_WITHIN = 2.0
"""Seconds that an answer waits for the disk."""

BURST, RATE = 10, 1.0
"""Signals of one secret at once, and each second from then on; the same for all guesses together."""

TEXT = 2000
"""Characters of a failure's words that are kept."""

log = structlog.get_logger("opsbot.beats")


class Answer(StrEnum):
    """What becomes of a signal."""

    HEARD = "heard"
    NOBODY = "nobody"  # listens for that secret
    TOO_OFTEN = "too often"


def digest(secret: str) -> str:
    """What a secret is known by."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


class Beats:
    """`path`: of the file. `wake` of each secret is called when something of it was heard."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._beats: dict[str, Heartbeat] = {}
        self._wakes: Mapping[str, Callable[[], None]] = {}
        self._limits: dict[str, _Limit] = {}
        self._guesses = _Limit()
        self._changed, self._written = asyncio.Event(), asyncio.Event()
        self._one_writes = threading.Lock()
        self._until: Moment | None = None
        self._broken, self._filed = "", False
        self.deaf: Deaf | None = None

    def load(self) -> None:
        """What was heard before. A file that is damaged is begun anew. Blocks."""
        try:
            noted = beat_file.read(self._path, self._clock.boot_id, self._clock.now())
        except (OSError, ValueError) as error:
            log.warning("the heartbeats of before are not known", reason=str(error))
            return
        if noted is not None:
            self._beats, self._until, self._filed = dict(noted.beats), noted.at, True

    @classmethod
    def noted(cls, path: Path, clock: Clock) -> Beats:
        """What was heard up to when opsbot ended. Blocks."""
        found = cls(path, clock)
        found.load()
        if found._until is not None:
            found.deaf = Deaf(found._until, clock.now())
        return found

    def follow(self, wakes: Mapping[str, Callable[[], None]]) -> None:
        """By digest, what is listened for from now on; the rest is forgotten."""
        now = self._clock.now()
        self._beats = {name: self._beats.get(name, Heartbeat(now)) for name in wakes}
        self._limits = {name: self._limits.get(name) or _Limit() for name in wakes}
        self._wakes = wakes
        self._changed.set()

    def of(self, secret: str) -> Heartbeat | None:
        """What is known of the one with that secret."""
        return self._beats.get(digest(secret))

    def signal(self, secret: str, what: Signal, text: str = "") -> Answer:
        """Somebody says so. `text`: untrusted words."""
        given, name, now = digest(secret), "", self._clock.now()
        for known in self._beats:  # all of them, so that the time tells nothing
            if hmac.compare_digest(known, given):
                name = known
        limit = self._limits.get(name, self._guesses)
        if not limit.allows(now):
            return Answer.TOO_OFTEN
        if name not in self._wakes:
            return Answer.NOBODY
        self._beats[name] = _after(self._beats[name], what, many_lines(text, TEXT), now)
        self._written.clear()
        self._changed.set()
        self._wakes[name]()
        return Answer.HEARD

    @property
    def saved(self) -> bool:
        """Whether all that was heard is on disk, or cannot be."""
        return self._written.is_set()

    async def kept(self) -> None:
        """Returns when what was heard is on disk, after `KEPT_WITHIN` at the latest."""
        await wait_until(self._written, self._clock, KEPT_WITHIN)

    async def run(self) -> None:
        """Writes what is heard until cancelled. A disk that hangs makes nothing unheard."""
        self._listen(HANDOVER)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listening())
                group.create_task(self._writing())
        finally:
            self._until = self._clock.now()

    async def close(self) -> None:
        """What was heard last is written."""
        if self._until is not None:
            await self._write()

    async def _listening(self) -> None:
        while True:
            await self._clock.sleep(NOTE_EVERY)
            self._listen(NOTE_EVERY + GAP)
            self._changed.set()

    async def _writing(self) -> None:
        while True:
            await self._changed.wait()
            await self._write()
            await self._clock.sleep(WRITE_EVERY)

    def _listen(self, usual: float) -> None:
        """Everything is heard now; nothing was since `_until`, if that is longer ago than usual."""
        now, heard = self._clock.now(), self._until
        if heard is not None and now.since(heard) > usual:
            self.deaf = Deaf(heard, now)
        self._until = now

    async def _write(self) -> None:
        self._changed.clear()
        now = self._clock.now()
        if not self._beats and not self._filed:
            return
        noted = Noted(self._clock.boot_id, now, dict(self._beats))
        try:
            await asyncio.to_thread(self._put, noted)
        except OSError as error:
            self._tell(str(error.strerror or error))
        else:
            self._tell("")
            self._filed = True
        if not self._changed.is_set():
            self._written.set()

    def _put(self, noted: Noted) -> None:
        with self._one_writes:  # a write that was cut off goes on in its thread
            beat_file.write(self._path, noted)

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._broken:
            log.error("heartbeats are kept in memory alone", reason=trouble)
        self._broken = trouble


def _after(beat: Heartbeat, what: Signal, text: str, now: Moment) -> Heartbeat:
    if what is Signal.START:
        return replace(beat, began=now)
    run = beat.run if beat.began is None else now.since(beat.began)
    if what is Signal.FAIL:
        return replace(beat, failed=now, text=text, began=None, run=run)
    return replace(beat, last=now, began=None, run=run, failed=None, text="")


class _Limit:
    """`BURST` at once, then `RATE` a second."""

    def __init__(self) -> None:
        self._left, self._at = float(BURST), Moment(0.0, 0.0)

    def allows(self, now: Moment) -> bool:
        """Whether one more may come."""
        self._left = min(float(BURST), self._left + now.since(self._at) * RATE)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
