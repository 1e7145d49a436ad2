"""The target's connection to Discord, from the library's own log lines."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator

from opsbot.checks._gateway_lines import Event, patterns
from opsbot.checks._gateway_state import GatewayState, Link
from opsbot.checks._logfile import LogFileOptions, covered, feed_of, unreadable
from opsbot.checks.base import CheckContext, bounded
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Finding, Observation
from opsbot.logs.feed import Availability
from opsbot.logs.patterns import GroupPattern, check_pattern

SECTION = "Discord Gateway"

BLIND_SPOT = "an ordinary close is logged at DEBUG only, so silence proves nothing"
"""What the log cannot show; the check `sockets` looks from outside."""

_LABEL = "Gateway Connection"


class Options(LogFileOptions):
    """`ready`: the bot's own line when it is ready. `blocked_seconds`: a warning of a blocked heartbeat
    (discord.py repeats it every 10 s) counts so long. `login_seconds`: a login may take so long."""

    ready: str = "Bot is ready"
    blocked_seconds: float = Field(default=60.0, gt=0)
    login_seconds: float = Field(default=60.0, gt=0)

    @field_validator("ready")
    @classmethod
    def _usable(cls, pattern: str) -> str:
        return check_pattern(pattern)


def metrics(options: Options) -> Mapping[str, str]:  # noqa: ARG001 - the same whatever the options
    """What the log tells of the connection."""
    return {
        "gateway_connected": "1 when the log's last word is a connection, 0 when a loss (absent: no word)",
        "gateway_disconnects_total": "connections lost since the check began, known by a RESUMED at least",
        "gateway_resumes_total": "sessions resumed since the check began",
        "gateway_last_event_age_seconds": "seconds since the last line about the gateway",
    }


def build(options: Options, context: CheckContext) -> GatewayCheck:
    """Makes the check."""
    return GatewayCheck(options, context)


class GatewayCheck:
    """Reads the lines and keeps the state that they tell."""

    def __init__(self, options: Options, context: CheckContext) -> None:
        self._options = options
        self._context = context
        self._state = GatewayState(GroupPattern(options.ready))
        self._feed = feed_of(options, context)
        self._subscription = self._feed.subscribe(patterns(options.ready), self._state.take)

    async def look(self) -> Observation:
        """Reads what is new."""
        await self._feed.refresh()
        self._state.settle(self._context.clock.now(), self._options.blocked_seconds)
        outcome, text = self._words()
        if (problem := self._problem()) is not None:
            return Observation(problem.outcome, problem.detail, self._metrics(), problem.findings)
        detail = text if outcome.bad else f"{text} ({BLIND_SPOT})"
        if self._state.synced:
            detail += f"; {self._state.synced}"
        return Observation(
            outcome, bounded(detail), self._metrics(), (Finding(outcome, _LABEL, bounded(text)),)
        )

    async def close(self) -> None:
        """Ends the subscription."""
        self._subscription.close()

    def _problem(self) -> Observation | None:
        """A log that is only missing for a moment (while it is rotated) takes nothing from what is known."""
        state = self._feed.state
        if self._state.known and state.availability is Availability.MISSING:
            return None
        return unreadable(state, _LABEL)

    def _metrics(self) -> dict[str, float]:
        state = self._state
        values = {
            "gateway_disconnects_total": float(state.disconnects),
            "gateway_resumes_total": float(state.resumes),
        }
        worst = state.worst()
        if worst is not None:
            values["gateway_connected"] = float(worst[0] is Link.UP)
        if state.last_event is not None and state.last_event.at is not None:
            values["gateway_last_event_age_seconds"] = self._context.clock.now().since(state.last_event.at)
        return values

    def _words(self) -> tuple[Outcome, str]:
        worst = self._state.worst()
        if worst is None:
            return Outcome.UNKNOWN, f"the log says nothing about the gateway {covered(self._feed.coverage)}"
        link, mark, shard = worst
        when = mark.stamp or "(time not logged)"
        who = f"shard {shard}: " if len(self._state.links) > 1 and shard else ""
        if link is Link.UP:
            return Outcome.OK, self._up()
        if link is Link.LOST:
            return Outcome.FAIL, f"{who}lost since {when}, no ready or resume since"
        if link is Link.BLOCKED:
            return Outcome.FAIL, f"{who}heartbeat blocked at {when}: the bot's event loop is stuck"
        late = mark.at is None or self._context.clock.now().since(mark.at) > self._options.login_seconds
        return (Outcome.FAIL if late else Outcome.DEGRADED), f"logging in since {when}"

    def _up(self) -> str:
        ready = self._state.last.get(Event.READY) or self._state.last.get(Event.CONNECTED)
        resumed = self._state.last.get(Event.RESUMED)
        parts = []
        if ready is not None:
            parts.append(f"Last ready: {ready.stamp or 'time not logged'}")
        if resumed is not None and (ready is None or resumed.stamp > ready.stamp):
            parts.append(f"Last resumed: {resumed.stamp or 'time not logged'}")
        return ", ".join(parts) or "connected"
