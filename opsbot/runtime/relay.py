"""`Operations` that outlives the runtime behind it: while one runtime follows another, questions wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import Any, TypeVar, cast

from opsbot.domain.action import Action, Pause, Rotate
from opsbot.domain.actor import Actor
from opsbot.domain.drill import Drill
from opsbot.domain.health import HealthReport
from opsbot.domain.incident import Incident
from opsbot.domain.logs import LogLook, LogProgress, Question
from opsbot.domain.metrics import MetricsReport, Window
from opsbot.domain.performance import Performance
from opsbot.domain.process import Running
from opsbot.domain.reload import Reloaded
from opsbot.domain.rule import ActionKind
from opsbot.errors import Stopping
from opsbot.rotation.base import Plan
from opsbot.runtime.asked.bundles import Bundles
from opsbot.runtime.asked.memory import Memory
from opsbot.runtime.asked.mutes import Mutes
from opsbot.runtime.asked.people import People
from opsbot.runtime.asked.walks import Walks
from opsbot.runtime.port import LoopInfo, Operations, TargetInfo

T = TypeVar("T")

Reload = Callable[[Actor, bool], Awaitable[Reloaded]]


class Relay:
    """Implements `runtime.port.Operations`. `present`: who answers now; `reloads`: what reads the
    configuration anew, told by whom and whether only to say what would change."""

    def __init__(self, present: Operations, reloads: Reload | None = None) -> None:
        self.present = present
        self.reloads = reloads
        self._open = asyncio.Event()
        self._open.set()
        self.people = cast(People, _Part(self._asked, "people"))
        self.mutes = cast(Mutes, _Part(self._asked, "mutes"))
        self.memory = cast(Memory, _Part(self._asked, "memory"))
        self.walks = cast(Walks, _Part(self._asked, "walks"))
        self.bundles = cast(Bundles, _Part(self._asked, "bundles"))

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Meanwhile questions wait, also those that the present one does not answer any more."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    async def _asked(self, ask: Callable[[Operations], Awaitable[T]]) -> T:
        """The answer. A runtime that is replaced has decided nothing of what it refuses as `Stopping`."""
        while True:
            await self._open.wait()
            present = self.present
            try:
                return await ask(present)
            except Stopping:
                if self._open.is_set() and present is self.present:
                    raise

    def targets(self) -> tuple[TargetInfo, ...]:
        """See `Operations`; and so for all that follows."""
        return self.present.targets()

    async def health(self, target: str, *, fresh: bool = False) -> HealthReport:
        return await self._asked(lambda to: to.health(target, fresh=fresh))

    async def metrics(
        self, target: str, window: Window, wanted: Sequence[str] = (), *, every: bool = False
    ) -> MetricsReport:
        return await self._asked(lambda to: to.metrics(target, window, wanted, every=every))

    async def metric_names(self, target: str) -> tuple[str, ...]:
        return await self._asked(lambda to: to.metric_names(target))

    async def performance(self, target: str) -> Performance:
        return await self._asked(lambda to: to.performance(target))

    async def performances(self, target: str, window: Window) -> tuple[Performance, ...]:
        return await self._asked(lambda to: to.performances(target, window))

    def logs(self, target: str, question: Question) -> AsyncGenerator[LogProgress | LogLook, None]:
        return self.present.logs(target, question)

    def incident(self, number: int) -> Incident | None:
        return self.present.incident(number)

    def incidents(self) -> tuple[Incident, ...]:
        return self.present.incidents()

    async def acknowledge(self, number: int, actor: Actor, reason: str = "") -> Incident:
        return await self._asked(lambda to: to.acknowledge(number, actor, reason))

    async def pause(self, target: str, seconds: float, reason: str, actor: Actor) -> Pause:
        return await self._asked(lambda to: to.pause(target, seconds, reason, actor))

    async def resume(self, target: str, actor: Actor) -> bool:
        return await self._asked(lambda to: to.resume(target, actor))

    async def act(
        self, target: str, kind: ActionKind, reason: str, actor: Actor, incident: int | None = None
    ) -> Action:
        return await self._asked(lambda to: to.act(target, kind, reason, actor, incident))

    async def plan_rotation(self, target: str) -> Plan:
        return await self._asked(lambda to: to.plan_rotation(target))

    async def rotate(self, target: str, reason: str, actor: Actor, wanted: Rotate) -> Action:
        return await self._asked(lambda to: to.rotate(target, reason, actor, wanted))

    async def adopt(self, target: str, pid: int, actor: Actor) -> Running:
        return await self._asked(lambda to: to.adopt(target, pid, actor))

    async def candidates(self, target: str) -> tuple[tuple[int, str], ...]:
        return await self._asked(lambda to: to.candidates(target))

    async def follow(self, action: int) -> AsyncGenerator[Action, None]:
        """Goes on with the successor where an action is finished by that."""
        while True:
            await self._open.wait()
            present = self.present
            try:
                async with aclosing(present.follow(action)) as progress:
                    async for shown in progress:
                        yield shown
                return
            except Stopping:
                if self._open.is_set() and present is self.present:
                    raise

    def notifiers(self) -> tuple[str, ...]:
        return self.present.notifiers()

    def drill(
        self, actor: Actor, notifier: str | None = None, *, ping: bool = False
    ) -> AsyncGenerator[Drill, None]:
        return self.present.drill(actor, notifier, ping=ping)

    async def refused(self, actor: Actor, verb: str, target: str, reason: str) -> None:
        await self._asked(lambda to: to.refused(actor, verb, target, reason))

    def loops(self) -> tuple[LoopInfo, ...]:
        return self.present.loops()

    async def pause_loop(self, name: str, actor: Actor) -> LoopInfo:
        return await self._asked(lambda to: to.pause_loop(name, actor))

    async def resume_loop(self, name: str, actor: Actor) -> LoopInfo:
        return await self._asked(lambda to: to.resume_loop(name, actor))

    async def run_loop(self, name: str) -> LoopInfo:
        return await self._asked(lambda to: to.run_loop(name))

    async def reload(self, actor: Actor, *, dry: bool = False) -> Reloaded:
        if self.reloads is None:
            return await self.present.reload(actor, dry=dry)
        return await self.reloads(actor, dry)


class _Part:
    """A part of `Operations` (see `runtime.asked`) whose every coroutine is asked of whoever is present."""

    def __init__(self, asked: Callable[[Callable[[Operations], Awaitable[Any]]], Awaitable[Any]], part: str):
        self._asked = asked
        self._name = part

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        def ask(*args: Any, **named: Any) -> Awaitable[Any]:
            return self._asked(lambda to: getattr(getattr(to, self._name), method)(*args, **named))

        return ask
