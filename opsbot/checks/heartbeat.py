"""A sign of life that the target, or a job, sends to opsbot's web endpoint: its absence is what is seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema

from opsbot.checks.base import METRIC_NAME, CheckContext, CheckOptions, Heard
from opsbot.clock import Clock
from opsbot.domain.heartbeat import Heartbeat
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Finding, Observation
from opsbot.domain.typed_time import seconds_of
from opsbot.text import ago, one_line, seconds_text

SECTION = "Heartbeats"

SECRET = re.compile(r"[A-Za-z0-9._~-]{16,128}", re.ASCII)
"""What stands in an address as it is (https://www.rfc-editor.org/rfc/rfc3986#section-2.3); shorter ones can
be guessed."""

LEAST_GRACE, PART = 30.0, 0.1
"""Seconds, and the part of the period, that a heartbeat may be late where nothing else is said."""

SHOWN = 200
"""Characters of a failure's words."""


def _secret(value: SecretStr) -> SecretStr:
    if not SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("must be 16 to 128 letters, digits or `._~-`, such as `openssl rand -hex 24` makes")
    return value


Span = Annotated[
    float,
    BeforeValidator(seconds_of),
    Field(allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}),
]


class Options(CheckOptions):
    """`secret`: the end of the address that is called. `every`: the expected period, `grace`: how much later
    it may come, in seconds or as `24h`. `prefix` begins the names of its metrics."""

    secret: Annotated[SecretStr, AfterValidator(_secret)]
    every: Annotated[Span, Field(ge=5, le=366 * 86_400)]
    grace: Annotated[Span, Field(ge=0, le=31 * 86_400)] | None = None
    title: str = Field(default="Heartbeat", min_length=1, max_length=100)
    prefix: str = Field(default="heartbeat", pattern=METRIC_NAME)

    @property
    def late(self) -> float:
        """Seconds after the last one from which it is missing."""
        grace = max(LEAST_GRACE, self.every * PART) if self.grace is None else self.grace
        return self.every + grace


def metrics(options: Options) -> Mapping[str, str]:
    """How long ago the last one was, and how long the last run took."""
    return {
        f"{options.prefix}_age_seconds": "seconds since the last heartbeat (absent before the first)",
        f"{options.prefix}_run_seconds": "seconds that the last run took, from `/start` to its end "
        "(absent before one that said when it began)",
    }


def build(options: Options, context: CheckContext) -> HeartbeatCheck:
    """Makes the check."""
    return HeartbeatCheck(options, context.heard, context.clock)


class HeartbeatCheck:
    """Looks at what was heard."""

    def __init__(self, options: Options, heard: Heard | None, clock: Clock) -> None:
        self._options, self._heard, self._clock = options, heard, clock

    async def look(self) -> Observation:
        """Looks once."""
        return self.glance()

    def glance(self) -> Observation:
        """It never has to wait."""
        heard = self._heard.of(self._options.secret.get_secret_value()) if self._heard else None
        if heard is None:
            return self._told(Outcome.UNKNOWN, "nothing was heard; opsbot hears it while it runs", {})
        now, values = self._clock.now(), {}
        if heard.last is not None:
            values[f"{self._options.prefix}_age_seconds"] = now.since(heard.last)
        if heard.run is not None:
            values[f"{self._options.prefix}_run_seconds"] = heard.run
        return self._told(*self._judged(heard, now), values)

    async def close(self) -> None:
        """Holds nothing."""

    def _judged(self, heard: Heartbeat, now: Moment) -> tuple[Outcome, str]:
        if heard.failed is not None:
            words = f": {one_line(heard.text, SHOWN)}" if heard.text else ""
            return Outcome.FAIL, f"it failed {ago(now.since(heard.failed))}{words}"
        expected = f"expected each {seconds_text(self._options.every)}"
        age = now.since(heard.last or heard.since)
        if age < self._options.late:
            if heard.last is None:
                return Outcome.UNKNOWN, f"none yet, {expected}"
            return Outcome.OK, f"the last one {ago(age)}, {expected}"
        text = f"no heartbeat for {seconds_text(age)}, {expected}"
        if self._excused(heard.last or heard.since, now):
            return Outcome.UNKNOWN, f"{text}; opsbot did not hear when it was due"
        return Outcome.FAIL, text

    def _excused(self, last: Moment, now: Moment) -> bool:
        """Whether it may have come while opsbot did not hear: then the next one is waited for."""
        deaf = self._heard.deaf if self._heard is not None else None
        if deaf is None or now.since(deaf.end) >= self._options.late:
            return False
        latest = last.mono + self._options.late
        earliest = last.mono + self._options.every - (self._options.late - self._options.every)
        return deaf.begin.mono < latest and earliest < deaf.end.mono

    def _told(self, outcome: Outcome, text: str, values: Mapping[str, float]) -> Observation:
        title = self._options.title
        return Observation(outcome, f"{title}: {text}", values, (Finding(outcome, title, text),))
