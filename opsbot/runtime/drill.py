"""Drills: a marked test through the notifiers as they are configured, past every rule of who is told what.

The test is an incident that exists nowhere: nothing is stored of it but the audit's line. Its number and
those of its notices are random and below 0, so that they meet no real one's, nor those of the drill before.
"""

from __future__ import annotations

import asyncio
import difflib
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import structlog

from opsbot.clock import Clock
from opsbot.domain.actor import Actor
from opsbot.domain.drill import Drill, DrillLine, DrillState
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, NoticeKind, Receipt, Telling
from opsbot.engine.inputs import Input, Recorded
from opsbot.engine.own import OWN
from opsbot.errors import DeliveryError, Refused, Stopping, UsageError
from opsbot.notifiers.base import Notifier
from opsbot.runtime.waiting import put_away, within
from opsbot.text import one_line

TIMEOUT = 30.0
"""Seconds in which a receiver must have taken the test; as many again for its end."""

TITLE = "DRILL: this is a test, nothing is wrong"
OVER = "Test over: nothing was wrong"

RANDOM = 10**12
"""A number of 12 digits: a nonce made of it has 20 of Discord's 25 characters."""

ERROR = 300
"""Characters of an error that are shown."""

Drilling = AsyncGenerator[Drill, None]
"""The drill each time it changes."""

log = structlog.get_logger("opsbot.drill")


@dataclass(slots=True)
class Drills:
    """One at a time. `kinds`: each notifier's kind; `off`: those that are switched off, with theirs; `ask`:
    the pipeline, for the audit."""

    notifiers: Mapping[str, Notifier]
    clock: Clock
    ask: Callable[[Input], Awaitable[object]]
    kinds: Mapping[str, str] = field(default_factory=dict)
    off: Mapping[str, str] = field(default_factory=dict)
    _present: Drill | None = None
    _work: asyncio.Task[None] | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self, actor: Actor, name: str | None, *, ping: bool) -> Drilling:
        """The drill each time it changes, ending with the one that is over. It goes on when nobody looks.

        Raises:
            UsageError: no such notifier, or none at all.
            Refused: one is under way.
        """
        drill = self._planned(actor, name, ping)
        if self._present is not None and not self._present.over:
            raise Refused(f"A drill is in progress, asked by {self._present.actor.name}.")
        self._present = drill
        try:
            await self.ask(Recorded(actor, "drill", name or "all notifiers", "allowed", _how(drill)))
        except BaseException:
            self._present = None
            raise
        self._work = asyncio.create_task(self._run(drill), name="drill")
        told: Drill | None = None
        while told is None or not told.over:
            async with self._changed:
                while self._present is told:
                    await self._changed.wait()
                told = self._present
            if told is None:
                raise Stopping("opsbot is stopping: the drill was broken off.")
            yield told

    async def close(self) -> None:
        """Breaks off what runs."""
        if self._work is not None:
            await put_away(self._work)
        async with self._changed:
            if self._present is not None and not self._present.over:
                self._present = None
            self._changed.notify_all()

    def _planned(self, actor: Actor, name: str | None, ping: bool) -> Drill:
        known = {**{n: self.kinds.get(n, "") for n in self.notifiers}, **self.off}
        if name is not None and name not in known:
            raise UsageError(f"There is no notifier `{one_line(name, 80)}`: {_nearest(name, known)}")
        if not known:
            raise UsageError("There is no notifier to test: configure one under `notifications`.")
        wanted = [n for n in known if name in (None, n)]
        lines = [
            DrillLine(n, known[n], DrillState.OFF if n in self.off else DrillState.SENDING) for n in wanted
        ]
        return Drill(_number(), actor, self.clock.now(), tuple(lines), ping)

    async def _run(self, drill: Drill) -> None:
        sent = [line for line in drill.lines if line.state is DrillState.SENDING]
        await asyncio.gather(*(self._one(drill, line) for line in sent))
        await self._show(lambda present: replace(present, over=True))

    async def _one(self, drill: Drill, line: DrillLine) -> None:
        """The test, then its end. What failed may have arrived all the same, unless it was refused: it is
        told of the end too, so that no pager stays alarmed."""
        opening = self._telling(drill, line.notifier, NoticeKind.OPENED)
        begun = self.clock.now()
        try:
            receipt = await self._deliver(line.notifier, opening)
        except DeliveryError as error:
            await self._put(self._failed(line, error, self.clock.now().since(begun)))
            if not error.permanent:
                with suppress(DeliveryError):
                    await self._deliver(line.notifier, self._telling(drill, line.notifier))
            return
        line = replace(line, state=DrillState.ARRIVED, seconds=self.clock.now().since(begun))
        await self._put(line)
        try:
            await self._deliver(line.notifier, self._telling(drill, line.notifier, receipt=receipt))
        except DeliveryError as error:
            await self._put(replace(line, end_error=one_line(str(error), ERROR)))

    def _failed(self, line: DrillLine, error: DeliveryError, seconds: float) -> DrillLine:
        retry, text = not error.permanent, one_line(str(error), ERROR)
        return replace(line, state=DrillState.FAILED, seconds=seconds, error=text, retry=retry)

    async def _deliver(self, name: str, telling: Telling) -> Receipt | None:
        try:
            return await within(self.notifiers[name].deliver(telling), self.clock, TIMEOUT)
        except DeliveryError:
            raise
        except TimeoutError:
            raise DeliveryError(f"no answer within {TIMEOUT:g} s", permanent=False) from None
        except Exception as broken:  # one that breaks is a result, and the others go on
            log.exception("notifier broke in a drill", notifier=name)
            raise DeliveryError(f"the notifier broke: {broken!r}", permanent=True) from broken

    def _telling(
        self,
        drill: Drill,
        name: str,
        kind: NoticeKind = NoticeKind.RESOLVED,
        receipt: Receipt | None = None,
    ) -> Telling:
        now = self.clock.now()
        incident = _incident(drill) if kind is NoticeKind.OPENED else _over(drill, now)
        notice = Notice(_number(), name, drill.number, kind, now, now)
        return Telling(notice, incident, receipt, pings=drill.pings)

    async def _put(self, line: DrillLine) -> None:
        await self._show(
            lambda drill: replace(
                drill,
                lines=tuple(line if line.notifier == known.notifier else known for known in drill.lines),
            )
        )

    async def _show(self, change: Callable[[Drill], Drill]) -> None:
        """Changes the present drill, as it is when it is its turn: several notifiers answer at once."""
        async with self._changed:
            if self._present is not None:
                self._present = change(self._present)
            self._changed.notify_all()


def _incident(drill: Drill) -> Incident:
    """The test as an incident of opsbot's own: as mild as one can be, or with pings as urgent."""
    who = one_line(drill.actor.name, 80)
    return Incident(
        id=drill.number,
        target=OWN,
        title=TITLE,
        state=IncidentState.OPEN,
        priority=Priority.P1 if drill.pings else Priority.P4,
        severity=Severity.CRITICAL if drill.pings else Severity.INFO,
        opened=drill.at,
        doing=f"a test that {who} asked for; there is nothing to do",
        timeline=(Entry(drill.at, EntryKind.SAID, "asked for this test", drill.actor),),
    )


def _over(drill: Drill, now: Moment) -> Incident:
    begun = _incident(drill)
    timeline = (*begun.timeline, Entry(now, EntryKind.DONE, OVER))
    return replace(
        begun, state=IncidentState.RESOLVED, resolved_at=now, doing="", version=2, timeline=timeline
    )


def _number() -> int:
    """One that nothing else has, or will have."""
    return -1 - secrets.randbelow(RANDOM)


def _how(drill: Drill) -> str:
    names = ", ".join(line.notifier for line in drill.lines if line.state is not DrillState.OFF)
    return f"through {names or 'none'}{', pinging' if drill.pings else ''}"


def _nearest(name: str, known: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    if near:
        return f"did you mean {' or '.join(f'`{n}`' for n in near)}?"
    return f"known are {', '.join(known)}." if known else "none is configured."
