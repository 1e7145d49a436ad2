"""Finds out, now and then and when something fails, whether opsbot itself is cut off and how Discord is.

Bad news is confirmed by a second round before anybody hears of it. That something is reached at all is told
as soon as the first probe says so: a rule that is about to fire waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.domain.reach import Answer, Discord, Round, Via
from opsbot.engine.inputs import Input, ReachSeen
from opsbot.engine.reach import connected, judge, worse
from opsbot.probes.base import SHOWN, Probe
from opsbot.runtime.waiting import put_away, wait_until, within

TIMEOUT = 5.0
"""Seconds in which a probe must have answered."""

CONFIRM = 3.0
"""Seconds between a round that says something bad and the one that confirms it."""

GAP = 2.0
"""Seconds from one round to the next at least, whoever asks for it."""

RETRY = 5.0
"""Seconds between two rounds while opsbot is cut off or does not know how Discord is; doubling, as long as
that lasts, to the interval."""

log = structlog.get_logger("opsbot.reach")

Post = Callable[[Input], Awaitable[None]]


class Prober:
    """Asks all `probes` every `interval` seconds, and at once when woken."""

    def __init__(self, probes: Sequence[Probe], clock: Clock, post: Post, interval: float) -> None:
        self.probes = probes
        self._clock = clock
        self._post = post
        self._interval = interval
        self._kick = asyncio.Event()
        self._told: Round | None = None
        self._broke: dict[str, str] = {}

    def wake(self) -> None:
        """Makes a round due now."""
        self._kick.set()

    async def run(self) -> None:
        """Works until cancelled."""
        patience = RETRY
        while True:
            self._kick.clear()
            restless = self._restless(await self.look())
            pause = min(patience, self._interval) if restless else self._interval
            patience = min(patience * 2, self._interval) if restless else RETRY
            await self._clock.sleep(GAP)
            await wait_until(self._kick, self._clock, max(0.0, pause - GAP))

    async def look(self) -> Round:
        """Looks once, twice where the first look says something bad; hands over what it comes to."""
        found = await self._round()
        if worse(found, self._told):
            await self._clock.sleep(CONFIRM)
            found = await self._round()
        await self._tell(found)
        return found

    def _restless(self, found: Round) -> bool:
        own = any(probe.via is Via.GATEWAY for probe in self.probes)
        return found.connected is False or (own and found.discord is Discord.UNKNOWN)

    async def _tell(self, found: Round) -> None:
        if self._told is None or self._told.connected is not found.connected:
            log.info("reach", connected=found.connected, failed=found.tried)
        if self._told is None or self._told.discord is not found.discord:
            log.info("discord", discord=str(found.discord), reason=found.discord_text)
        self._told = found
        await self._post(ReachSeen(found))

    async def _round(self) -> Round:
        """Asks all probes at once."""
        started, answers = self._clock.now(), list[Answer]()
        asking = [asyncio.ensure_future(self._ask(probe)) for probe in self.probes]
        told = False
        try:
            for answer in asyncio.as_completed(asking):
                answers.append(await answer)
                if not told and connected(answers, started):
                    told = True
                    await self._post(ReachSeen(Round(started, connected=True)))
        finally:
            await put_away(*asking)
        return self._judged(answers, started)

    def _judged(self, answers: list[Answer], started: Moment) -> Round:
        order = [probe.name for probe in self.probes]
        return judge(sorted(answers, key=lambda answer: order.index(answer.name)), started)

    async def _ask(self, probe: Probe) -> Answer:
        """An answer whatever happens: a probe that breaks says nothing."""
        try:
            return await within(probe.ask(), self._clock, TIMEOUT)
        except TimeoutError:
            return Answer(probe.via, probe.name, False, f"no answer within {TIMEOUT:g} s")
        except Exception as broken:
            if self._broke.get(probe.name) != repr(broken):  # one that breaks each time is said once
                log.warning("probe broke", probe=probe.name, exc_info=True)
            self._broke[probe.name] = repr(broken)
            return Answer(probe.via, probe.name, None, f"{type(broken).__name__}"[:SHOWN])
