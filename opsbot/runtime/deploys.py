"""Watches a target for a while after each deploy, and tells once how it is: where the deploy was said, else
in the ops channel.

Nothing of it is a timer that could be lost: when the watch is over follows from the deploy, which is durable;
that it was told stands in the audit. Killed between telling and that, the same message is edited once more,
or the channel is asked whether it stands there already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from opsbot.clock import Clock
from opsbot.domain.actor import AUTO
from opsbot.domain.audit import ActFilter
from opsbot.domain.change import Change
from opsbot.domain.deploy_watch import DeployOutcome, Measured
from opsbot.domain.moment import Moment
from opsbot.domain.performance import LOG_ERRORS
from opsbot.domain.silence import Deploy
from opsbot.draw.deploy import marker_of, watched
from opsbot.draw.payload import Payload
from opsbot.engine.deploys import LONGEST_LOOK, end_of, outcome, unwatched
from opsbot.engine.inputs import Input, Recorded
from opsbot.engine.state import State
from opsbot.errors import DeliveryError, OpsbotError, Stopping
from opsbot.runtime.memory import Recall
from opsbot.runtime.waiting import wait_until

GRACE = 30.0
"""Seconds after opsbot's own start before which nothing is said: every check looks first."""

LATE = 12 * 3600.0
"""Seconds after its time in which it is still worth telling."""

AGAIN_FIRST, AGAIN_MOST = 60.0, 900.0
"""Seconds after which a message that did not arrive is tried again: doubling."""

VERB = "deploy watch"
"""Its word in the audit, by which it is known that it was told."""

MARKS, SPANS = 20_000, 720

log = structlog.get_logger("opsbot.deploys")


class Channel(Protocol):
    """Where it is told. All raise `DeliveryError`."""

    async def send(self, payload: Payload) -> None:
        """Posts it in the ops channel."""

    async def edit(self, place: str, payload: Payload) -> None:
        """Makes the message at a place ("channel/message") show it."""

    async def stands(self, marker: str, since: float) -> bool:
        """Whether a message of opsbot's own whose footer begins so was posted since then (seconds since 1970
        UTC)."""


@dataclass(slots=True)
class DeployWatch:
    """`channel`: None where there is none: then the audit and the log alone say it."""

    state: State
    recall: Recall
    clock: Clock
    ask: Callable[[Input], Awaitable[object]]
    channel: Channel | None = None
    _began: Moment | None = None
    _kick: asyncio.Event = field(default_factory=asyncio.Event)
    _done: set[str] = field(default_factory=set)
    _found: dict[str, DeployOutcome] = field(default_factory=dict)
    _tries: dict[str, tuple[float, float]] = field(default_factory=dict)

    def note(self, changes: Sequence[Change], _: object) -> None:
        """Looks anew when there is another deploy."""
        if any(isinstance(change, Deploy) for change in changes):
            self._kick.set()

    async def run(self) -> None:
        """Works until cancelled."""
        self._began = self.clock.now()
        while True:
            self._kick.clear()
            for deploy in self._pending():
                if self._due(deploy) <= self.clock.now().mono:
                    await self._take(deploy)
            now = self.clock.now().mono
            pause = min((self._due(deploy) - now for deploy in self._pending()), default=None)
            await wait_until(self._kick, self.clock, None if pause is None else max(0.01, pause))

    def _pending(self) -> list[Deploy]:
        given = list(self.state.deploys.values())
        return [d for d in given if marker_of(d) not in self._done and d.target in self.state.known]

    def _due(self, deploy: Deploy) -> float:
        began = self._began or self.clock.now()
        end = max(end_of(deploy, self.state.policy.deploy_watch).mono, began.mono + GRACE)
        return max(end, self._tries.get(marker_of(deploy), (0.0, end))[1])

    async def _take(self, deploy: Deploy) -> None:
        marker, now = marker_of(deploy), self.clock.now()
        if now.since(end_of(deploy, self.state.policy.deploy_watch)) > LATE:
            self._done.add(marker)
            return
        pause = self._tries.get(marker, (AGAIN_FIRST, 0.0))[0]
        self._tries[marker] = min(AGAIN_MOST, pause * 2), now.mono + pause
        try:
            if not await self._told(deploy):
                await self._tell(deploy)
            self._done.add(marker)
        except Stopping:
            return
        except DeliveryError as error:
            log.warning("what became of a deploy does not arrive", deploy=marker, reason=str(error))
            if error.permanent and not error.place:
                await self._mark(deploy, "not told", str(error))
        except OpsbotError as error:
            log.warning("what became of a deploy waits", deploy=marker, reason=str(error))
        except Exception:  # a mistake in one must not keep the next from being told
            log.exception("the watch of a deploy broke", deploy=marker)

    async def _told(self, deploy: Deploy) -> bool:
        marks = await self.recall.audit(MARKS, ActFilter(who=AUTO.id, since=deploy.at.wall - 1.0))
        return any(act.verb == VERB and act.reason.startswith(marker_of(deploy)) for act in marks)

    async def _tell(self, deploy: Deploy) -> None:
        marker = marker_of(deploy)
        found = self._found.get(marker)
        if found is None:
            found = self._found[marker] = await self._outcome(deploy)
        if self.channel is not None:
            await self._deliver(self.channel, deploy, watched(found))
        log.info("what became of a deploy is told", deploy=marker, verdict=found.verdict.value)
        await self._mark(deploy, found.verdict.value, found.headline)

    async def _deliver(self, channel: Channel, deploy: Deploy, payload: Payload) -> None:
        """Its own message is edited; where there is none (any more), the ops channel is told silently."""
        if deploy.place:
            try:
                await channel.edit(deploy.place, payload)
            except DeliveryError as error:
                if not error.permanent:
                    raise
            else:
                return
        if not await channel.stands(marker_of(deploy), deploy.at.wall - 1.0):
            nonce = f"deploy-{int(deploy.at.wall * 1000)}"
            await channel.send(replace(payload, silent=True, nonce=nonce))

    async def _outcome(self, deploy: Deploy) -> DeployOutcome:
        watch = self.state.policy.deploy_watch
        begin, end = deploy.until.wall, end_of(deploy, watch).wall
        errors = await self._errors(deploy.target, begin, end)
        before = await self._errors(deploy.target, deploy.at.wall - watch, deploy.at.wall)
        looks = await self.recall.looks(deploy.target, begin - LONGEST_LOOK, end, SPANS)
        measured = Measured(errors, before, unwatched(looks, begin, end))
        return outcome(self.state, deploy, watch, measured, self.clock.now())

    async def _errors(self, target: str, since: float, until: float) -> float | None:
        """Errors in the log; None where nothing was counted."""
        counted = await self.recall.history.buckets(target, LOG_ERRORS, since, until, SPANS)
        return sum(bucket.total for bucket in counted.buckets) if counted.buckets else None

    async def _mark(self, deploy: Deploy, result: str, why: str) -> None:
        self._done.add(marker_of(deploy))
        reason = f"{marker_of(deploy)}, {deploy.version}: {why}"
        await self.ask(Recorded(AUTO, VERB, deploy.target, result, reason))
