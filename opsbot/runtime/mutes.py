"""What people ask so that they are told less."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from opsbot.clock import Clock
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.maintenance import Planned
from opsbot.domain.silence import LONGEST, SHORTEST, Deploy, Matcher, Muted, Silence
from opsbot.engine import muting
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import DeployAsked, SilenceAsked, UnsilenceAsked
from opsbot.errors import UsageError
from opsbot.runtime.pipeline import Pipeline
from opsbot.text import one_line, seconds_text

REASON, VERSION = 300, 80  # characters that are kept

LONGEST_DEPLOY = 4 * 3600.0
"""Seconds for which a deploy holds automation at most."""


@dataclass(frozen=True, slots=True)
class MutesDesk:
    """Implements `runtime.asked.mutes.Mutes`."""

    pipeline: Pipeline
    clock: Clock

    async def silence(
        self, matcher: Matcher, seconds: float, reason: str, actor: Actor, *, maintenance: bool = False
    ) -> Silence:
        """What fits is not told for so long."""
        self._check(matcher)
        asked = SilenceAsked(matcher, _span(seconds), actor, one_line(reason, REASON), maintenance)
        return _silence((await self.pipeline.ask(asked)).changes)

    async def silence_incident(
        self, number: int, seconds: float | None, reason: str, actor: Actor
    ) -> Silence:
        """Nothing more is told of an incident's target."""
        span = None if seconds is None else _span(seconds)
        asked = SilenceAsked(Matcher(), span, actor, one_line(reason, REASON), incident=number)
        return _silence((await self.pipeline.ask(asked)).changes)

    async def end(self, number: int, actor: Actor) -> Silence:
        """Ends a silence or a maintenance before its time."""
        return _silence((await self.pipeline.ask(UnsilenceAsked(number, actor))).changes)

    async def silences(self) -> tuple[Silence, ...]:
        """Those in force."""
        return tuple(muting.in_force(self._draft()))

    async def windows(self) -> tuple[Planned, ...]:
        """The maintenance windows of the configuration."""
        now = self.clock.now()
        return tuple(sorted((one.planned(now) for one in self.pipeline.state.windows), key=_order))

    async def muted(self) -> tuple[Muted, ...]:
        """Every firing alert that nobody is told of."""
        return tuple(self._muted())

    async def deploy(
        self, target: str, version: str, seconds: float, actor: Actor, place: str = ""
    ) -> Deploy:
        """Marks a new version."""
        if target not in self.pipeline.state.known:
            raise UsageError(f"There is no target `{one_line(target, 80)}`.")
        said = one_line(version, VERSION)
        if not said:
            raise UsageError("`version` says what is brought out, such as v1.4.2 or a commit.")
        if not 0 <= seconds <= LONGEST_DEPLOY:
            raise UsageError(f"A deploy takes from 0 s to {seconds_text(LONGEST_DEPLOY)}.")
        changes = (await self.pipeline.ask(DeployAsked(target, said, seconds, actor, place))).changes
        return next(one for one in changes if isinstance(one, Deploy))

    def _draft(self) -> Draft:
        return Draft(self.pipeline.state, self.clock.now())

    def _muted(self) -> Iterator[Muted]:
        draft = self._draft()
        for alert in draft.state.alerts.values():
            by = alert.muted or muting.muted_by(draft, alert)
            if alert.firing and by:
                yield Muted(alert, by)

    def _check(self, matcher: Matcher) -> None:
        """A silence that nothing fits is a mistyped one."""
        known = self.pipeline.state.known
        for pattern in matcher.targets:
            if not any(Matcher((pattern,)).about(name) for name in (*known, "opsbot")):
                raise UsageError(f"No target fits `{one_line(pattern, 80)}`: known are {', '.join(known)}.")


def _order(planned: Planned) -> tuple[bool, float]:
    at = planned.ends or planned.begins
    return planned.ends is None, math.inf if at is None else at.mono


def _span(seconds: float) -> float:
    if not SHORTEST <= seconds <= LONGEST:
        raise UsageError(f"A silence lasts from {seconds_text(SHORTEST)} to {seconds_text(LONGEST)}.")
    return seconds


def _silence(changes: list[Change]) -> Silence:
    return next(one for one in changes if isinstance(one, Silence))
