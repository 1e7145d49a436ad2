"""The pulse of the event loop: feeds the watchdog, and notices what nobody else can, that time is missing.

What happened while nothing ran (the machine slept, somebody stopped the process, the loop was blocked) is
not known. Rules begin their holds anew by themselves after such a gap (`engine.windows.GAP_INTERVALS`); here
it is said to people, once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.draw.incident import utc_text
from opsbot.engine.inputs import Gap, Input, OwnTrouble
from opsbot.errors import Stopping
from opsbot.runtime.descriptors import exhausted
from opsbot.runtime.pulse import Pulse
from opsbot.runtime.watchdog import WATCHDOG, Watchdog
from opsbot.text import seconds_text

LOOK_EVERY = 5.0
"""Seconds between two looks."""

GAP = 60.0
"""Seconds missing between two looks that are worth a word."""

LAGS = 12
"""Looks of which the worst lag is kept: a minute of them."""

TOLD_FOR = 86_400.0
"""Seconds for which reports name the last gap."""

SHOWN_FOR = 60.0
"""Seconds after which the incident of a blocked loop is over: it works again."""

BLOCKED_RULE = "loop_blocked"
"""The event loop stood still and came back (P2)."""

DESCRIPTORS_RULE = "no_descriptors"
"""opsbot has no file descriptors left (P2)."""

BLOCKED = "opsbot stood still for {span}: something blocked its event loop; its log says where"

log = structlog.get_logger("opsbot.heart")


@dataclass(slots=True)
class Heart:
    """`watchdog`: None where nobody watches the loop, as in a command. `starved`: see `descriptors`."""

    clock: Clock
    post: Callable[[Input], Awaitable[object]]
    watchdog: Watchdog | None = field(default_factory=WATCHDOG.get)
    starved: Callable[[], str] = exhausted
    pulse: Pulse = field(default_factory=Pulse)
    _last_gap: Gap | None = None
    _said: dict[str, tuple[str, Moment]] = field(default_factory=dict)
    _lags: deque[float] = field(default_factory=lambda: deque(maxlen=LAGS))

    @property
    def lag(self) -> float:
        """Seconds that the event loop was late at most, of late."""
        return max(self._lags, default=0.0)

    async def run(self) -> None:
        """Beats and looks until cancelled. Who is told waits for nobody's beat: a queue that is full is no
        loop that stands."""
        async with asyncio.TaskGroup() as group:
            if self.watchdog is not None:
                group.create_task(self._beating(self.watchdog))
            group.create_task(self._looking())

    async def _beating(self, watchdog: Watchdog) -> None:
        while True:
            watchdog.beat()
            await self.clock.sleep(watchdog.beat_every)

    async def _looking(self) -> None:
        if self.watchdog is not None and (text := await asyncio.to_thread(self.watchdog.note)):
            await self._tell(BLOCKED_RULE, text)
            await asyncio.to_thread(self.watchdog.drop_note)
        while True:
            last = self.clock.now()
            self.pulse.next("heart", last.mono + LOOK_EVERY)
            await self.clock.sleep(LOOK_EVERY)
            await self._look(last, self.clock.now())

    def remarks(self) -> tuple[str, ...]:
        """What reports say of the last gap."""
        gap = self._last_gap
        if gap is None or self.clock.now().since(gap.until) > TOLD_FOR:
            return ()
        return (gap.text,)

    async def _look(self, last: Moment, now: Moment) -> None:
        missing = now.since(last) - LOOK_EVERY
        self._lags.append(max(0.0, missing))
        stood = self.watchdog.stood() if self.watchdog is not None else 0.0
        try:
            if stood:
                log.error("the event loop stood still", seconds=round(stood))
                await self._tell(BLOCKED_RULE, BLOCKED.format(span=seconds_text(stood)))
            elif missing >= GAP:
                await self._missed(Gap(last, now, _words(last, now, missing)))
            await self._tell(DESCRIPTORS_RULE, self.starved())
            told, at = self._said.get(BLOCKED_RULE, ("", now))
            if told and not stood and now.since(at) >= SHOWN_FOR:
                await self._tell(BLOCKED_RULE, "")
        except Stopping:
            return

    async def _missed(self, gap: Gap) -> None:
        self._last_gap = gap
        log.warning("time is missing", text=gap.text)
        await self.post(gap)

    async def _tell(self, rule: str, text: str) -> None:
        if self._said.get(rule, ("",))[0] == text:
            return
        self._said[rule] = (text, self.clock.now())
        if text:
            log.error("opsbot itself", problem=text)
        else:
            log.info("opsbot itself is well again", rule=rule)
        await self.post(OwnTrouble(rule, text))


def _words(last: Moment, now: Moment, missing: float) -> str:
    """By the clock on the wall as it was and as it is; how long, by the one that nobody sets."""
    span = f"from {utc_text(now.wall - now.since(last))} to {utc_text(now.wall)}"
    return f"nothing was looked at {span} ({seconds_text(missing)}): the machine slept, or opsbot was held"
