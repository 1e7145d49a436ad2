"""Log feeds over real files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.logs._engine import Ends, Probe
from opsbot.logs._follower import Follower
from opsbot.logs._stillness import Gate, Still
from opsbot.logs.feed import Counts, Coverage, Format, Hit, LogFeed, LogState, Position, Subscription
from opsbot.logs.formats import ERRORS, WARNINGS, Record
from opsbot.logs.patterns import Found, Matcher

LOOK_BACK = 256 * 1024
"""Bytes of before that a daemon's first look reads, to know the state (last ready, last success)."""

ONE_LOOK = 1 << 20
"""Bytes that are counted by whoever looks once: the cost must not grow with the file."""

INLINE = 16 * 1024
"""Bytes that are read in the event loop at most: well under 5 ms; more goes to a thread."""

_LEVELS = 2  # the matcher's first two probes are the format's


@dataclass(eq=False, slots=True)
class _Share:
    """One subscriber."""

    feed: FileLogFeed
    patterns: Mapping[str, str]
    on_hit: Callable[[Hit], None] | None
    counts: dict[str, int] = field(default_factory=dict)
    informed: bool = False

    def close(self) -> None:
        self.feed.unsubscribe(self)


class FileLogFeed:
    """Follows one file; all subscribers' patterns and the levels are matched in one pass per chunk."""

    def __init__(
        self, path: Path, line_format: Format, clock: Clock, one_shot: bool, idle: Callable[[], None]
    ) -> None:
        self._format = line_format
        self._clock = clock
        self._one_shot = one_shot
        self._idle = idle
        self.gate = Gate()
        self._since = clock.now()
        self._follower = Follower(path, ONE_LOOK if one_shot else None)
        self._shares: list[_Share] = []
        self._sorter: _Sorter | None = None
        self._job: asyncio.Future[None] | None = None
        self._lines = self._errors = self._warnings = 0

    @property
    def counts(self) -> Counts:
        return Counts(self._lines, self._errors, self._warnings, self._follower.lost)

    @property
    def state(self) -> LogState:
        return self._follower.state

    @property
    def coverage(self) -> Coverage:
        if not self._one_shot:
            return Coverage(self._since)
        tail = self._follower.tail_bytes
        return Coverage(self._since, tail, whole=tail < ONE_LOOK)

    def subscribe(
        self, patterns: Mapping[str, str], on_hit: Callable[[Hit], None] | None = None
    ) -> Subscription:
        share = _Share(self, dict(patterns), on_hit, dict.fromkeys(patterns, 0))
        self._shares = [*self._shares, share]  # a new list: a running job goes on with the old one
        self._sorter = None
        return share

    def unsubscribe(self, share: _Share) -> None:
        """Ends a subscription; the last one closes the file."""
        self._shares = [other for other in self._shares if other is not share]
        self._sorter = None
        if not self._shares:
            self._idle()
            self._close_file()

    def position(self) -> Position | None:
        return self._follower.position()

    def resume_from(self, position: Position) -> None:
        self._follower.resume_from(position)

    async def refresh(self) -> None:
        if self.gate.held:
            await self.gate.opened()
        await self._look()

    async def catch_up(self) -> None:
        """Reads up to the end as it is now, also while it is held: for whoever holds it."""
        if self._job is not None:
            await asyncio.wait([self._job])  # it may have begun before what is at the end was written
        if self._shares:
            await self._look()

    def cut(self, bytes_: int, copy: int) -> None:
        """The head of the file was cut off; only while it is held. See `opsbot.rotation.base.Stillness`."""
        self._follower.cut(bytes_, copy)

    async def _look(self) -> None:
        if self._job is None:
            if self._informed() and self._follower.unchanged():
                return
            if self._waiting() <= INLINE:
                self._work()
                return
            # The executor's thread cannot be stopped: a cancelled caller leaves it, and whoever comes next
            # waits for the same job.
            self._job = asyncio.get_running_loop().run_in_executor(None, self._work)
            self._job.add_done_callback(self._done)
        await asyncio.shield(self._job)

    async def close(self) -> None:
        """Waits for a running look and lets go of the file."""
        if self._job is not None:
            await asyncio.wait([self._job])
        self._follower.close()

    def _informed(self) -> bool:
        return all(share.informed for share in self._shares)

    def _waiting(self) -> int:
        """Bytes that a refresh will look at."""
        try:
            self._follower.attach()
            return self._follower.pending() + (0 if self._informed() else self._follower.to_show(LOOK_BACK))
        except OSError as error:
            self._follower.broken(error)
            return 0

    def _done(self, job: asyncio.Future[None]) -> None:
        self._job = None
        if not self._shares:
            self._follower.close()
        if not job.cancelled() and job.exception() is not None:
            return  # whoever awaited the refresh has it

    def _close_file(self) -> None:
        if self._job is None:
            self._follower.close()

    def _work(self) -> None:
        now = self._clock.now()
        try:
            self._follower.attach()
            self._inform(now)
            sorter = self._current_sorter()
            for chunk in self._follower.chunks():
                self._lines += sorter.matcher.lines(chunk)
                self._count(sorter, sorter.matcher.find(chunk), now)
        except OSError as error:
            self._follower.broken(error)

    def _inform(self, now: Moment) -> None:
        """Shows new subscribers what was there before; who looks once counts that instead."""
        fresh = [share for share in self._shares if not share.informed]
        for share in fresh:
            share.informed = True
        listeners = [share for share in fresh if share.on_hit and share.patterns]
        if self._one_shot or not listeners:
            return
        before = self._follower.before(LOOK_BACK)
        sorter = _Sorter((), listeners)
        for line, numbers in sorter.matcher.scan(before):
            record = self._format.parse(line)
            sorter.tell(numbers, record, _written(record, now, None), counted=False)

    def _current_sorter(self) -> _Sorter:
        sorter = self._sorter
        if sorter is None:
            sorter = self._sorter = _Sorter(self._format.probes(), self._shares)
        return sorter

    def _count(self, sorter: _Sorter, found: Found, now: Moment) -> None:
        """Only lines that somebody is told of, or whose level is not certain, are looked at one by one."""
        sorter.count(found.ends)
        if self._format.exact:
            errors, warnings = (found.ends[number] for number in range(_LEVELS))
            both = len({*errors}.intersection(warnings)) if errors and warnings else 0
            self._errors += len(errors)
            self._warnings += len(warnings) - both
        for line, numbers in found.lines(sorter.told if self._format.exact else sorter.told_and_levels):
            record = self._format.parse(line)
            if numbers[0] < _LEVELS:
                self._errors += record.level in ERRORS
                self._warnings += record.level in WARNINGS
            sorter.tell(numbers, record, _written(record, now, now), counted=True)


class _Sorter:
    """The probes of all subscribers in one matcher, and whose each is."""

    def __init__(self, levels: tuple[Probe, ...], shares: list[_Share]) -> None:
        self._owners: list[tuple[_Share, str] | None] = [None] * len(levels)
        self._owners += [(share, name) for share in shares for name in share.patterns]
        own = [Probe(regex) for share in shares for regex in share.patterns.values()]
        self.matcher = Matcher([*levels, *own])
        self.told = [n for n, owner in enumerate(self._owners) if owner and owner[0].on_hit is not None]
        self.told_and_levels = [*range(len(levels)), *self.told]

    def count(self, ends: Ends) -> None:
        for owner, lines in zip(self._owners, ends, strict=True):
            if owner:
                owner[0].counts[owner[1]] += len(lines)

    def tell(self, numbers: list[int], record: Record, at: Moment | None, *, counted: bool) -> None:
        for number in numbers:
            owner = self._owners[number]
            if owner and owner[0].on_hit:
                owner[0].on_hit(Hit(owner[1], record, at, counted))


def _written(record: Record, now: Moment, otherwise: Moment | None) -> Moment | None:
    """When a line was written, on both clocks; never in the future."""
    if record.wall is None:
        return otherwise
    age = max(0.0, now.wall - record.wall)
    return Moment(now.mono - age, now.wall - age)


class FileLogFeeds:
    """All followed files. `one_shot`: for whoever looks once and exits."""

    def __init__(self, clock: Clock, *, one_shot: bool = False) -> None:
        self._clock = clock
        self._one_shot = one_shot
        self._feeds: dict[tuple[Path, str], FileLogFeed] = {}
        self._still: list[Still] = []

    def open(self, path: Path, format: Format) -> LogFeed:  # noqa: A002 - the configuration's word
        key = (path.absolute(), format.model_dump_json())
        if key not in self._feeds:
            self._feeds[key] = FileLogFeed(
                key[0], format, self._clock, self._one_shot, lambda: self._forget(key)
            )
            for still in self._still:
                if still.covers(key[0]):
                    still.add(self._feeds[key])
        return self._feeds[key]

    @asynccontextmanager
    async def still(self, path: Path) -> AsyncIterator[Still]:
        """For whoever rotates the log at `path`, see `opsbot.rotation.base.Follows`."""
        still = Still(path)
        for (other, _), feed in self._feeds.items():
            if still.covers(other):
                still.add(feed)
        self._still.append(still)
        try:
            await still.catch_up()
            yield still
        finally:
            self._still.remove(still)
            still.end()

    async def close(self) -> None:
        feeds, self._feeds = list(self._feeds.values()), {}
        for feed in feeds:
            await feed.close()

    def _forget(self, key: tuple[Path, str]) -> None:
        self._feeds.pop(key, None)
