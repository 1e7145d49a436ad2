"""A service that the target calls (OpenRouter): last success, failures, success rate, from the log, and
optionally a request of opsbot's own."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field, field_validator

from opsbot.checks import _request
from opsbot.checks._fetch import Failure, Fetcher
from opsbot.checks._logfile import LogFileOptions, covered, feed_of, unreadable
from opsbot.checks.base import METRIC_NAME, CheckContext, bounded
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Finding, Observation
from opsbot.logs.feed import Hit
from opsbot.logs.patterns import check_pattern

SECTION = "External APIs"

RATE_WINDOW = 3600.0
"""Seconds over which the success rate is taken."""

CALLS_KEPT = 1000
"""Calls that are remembered for the rate."""

_SUCCESS, _FAILURE = "success", "failure"


class Options(LogFileOptions):
    """`name` begins its metrics. `host` as it stands in the log; `success` and `failure`: patterns of the
    lines of a call (made from `host` unless given). `failing_after`: so many failures in a row are a
    failure. `probe`: a request of opsbot's own."""

    name: str = Field(default="openrouter", pattern=METRIC_NAME)
    title: str | None = None
    host: str = Field(default="openrouter.ai", min_length=3, max_length=200)
    success: str | None = None
    failure: str | None = None
    failing_after: int = Field(default=3, ge=1)
    probe: _request.RequestOptions | None = None

    @field_validator("success", "failure")
    @classmethod
    def _usable(cls, pattern: str | None) -> str | None:
        return pattern if pattern is None else check_pattern(pattern)

    @property
    def label(self) -> str:
        """How people call it."""
        if self.title:
            return self.title
        return "OpenRouter API" if self.name == "openrouter" else f"{self.name.replace('_', ' ').title()} API"


def metrics(options: Options) -> Mapping[str, str]:
    """Its own under the name, and the probe's."""
    n = options.name
    own = {
        f"{n}_successes_total": "calls that succeeded since the check began",
        f"{n}_errors_total": "calls that failed since the check began",
        f"{n}_last_success_age_seconds": "seconds since the last call that succeeded",
    }
    if options.probe is not None:
        own[f"{n}_probe_up"] = "1 when opsbot's own request was answered as expected, else 0"
        own[f"{n}_probe_seconds"] = "seconds that it took (absent without an answer)"
    return own


def build(options: Options, context: CheckContext) -> UpstreamCheck:
    """Makes the check."""
    fetch = _request.fetcher(context) if options.probe is not None else None
    return UpstreamCheck(options, context, fetch)


@dataclass(slots=True)
class _Calls:
    """`recent`: when, and whether it succeeded; `in_a_row`: failures at the end."""

    recent: deque[tuple[Moment | None, bool]] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))
    last_success: Hit | None = None
    in_a_row: int = 0
    last_failure: str = ""

    def take(self, hit: Hit) -> None:
        succeeded = hit.pattern == _SUCCESS
        self.recent.append((hit.at, succeeded))
        self.in_a_row = 0 if succeeded else self.in_a_row + 1
        if succeeded:
            self.last_success = hit
        else:
            self.last_failure = hit.record.message

    def within(self, now: Moment, seconds: float) -> tuple[int, int]:
        """(successes, calls) of the last `seconds`."""
        fresh = [ok for at, ok in self.recent if at is not None and now.since(at) <= seconds]
        return sum(fresh), len(fresh)


class UpstreamCheck:
    """Reads the calls in the log, and asks the service itself where that is wanted."""

    def __init__(self, options: Options, context: CheckContext, fetch: Fetcher | None) -> None:
        self._options = options
        self._context = context
        self._fetcher = fetch
        self._calls = _Calls()
        self._feed = feed_of(options, context)
        self._subscription = self._feed.subscribe(_patterns(options), self._calls.take)

    async def look(self) -> Observation:
        """Reads what is new, and probes."""
        await self._feed.refresh()
        outcome, text = self._words()
        if self._calls.last_success is None and not self._calls.in_a_row:
            problem = unreadable(self._feed.state, self._options.label)
            outcome, text = (problem.outcome, problem.detail) if problem else (outcome, text)
        values, findings = self._metrics(), [Finding(outcome, self._options.label, bounded(text))]
        probed = await self._probe(values)
        if probed is not None:
            findings.append(probed)
            outcome = probed.outcome if outcome is Outcome.UNKNOWN else _worse(outcome, probed.outcome)
        detail = f"{self._options.label}: {text}"
        if self._calls.in_a_row:
            detail += f"; last failure: {self._calls.last_failure}"
        return Observation(outcome, bounded(detail), values, tuple(findings))

    async def close(self) -> None:
        """Ends the subscription and closes kept connections."""
        self._subscription.close()
        if self._fetcher is not None:
            await self._fetcher.close()

    def _metrics(self) -> dict[str, float]:
        counts, name = self._subscription.counts, self._options.name
        values = {
            f"{name}_successes_total": float(counts[_SUCCESS]),
            f"{name}_errors_total": float(counts[_FAILURE]),
        }
        last = self._calls.last_success
        if last is not None and last.at is not None:
            values[f"{name}_last_success_age_seconds"] = self._context.clock.now().since(last.at)
        return values

    def _words(self) -> tuple[Outcome, str]:
        calls = self._calls
        if calls.last_success is None and not calls.in_a_row:
            return Outcome.UNKNOWN, f"no call in the log {covered(self._feed.coverage)}"
        parts = ["Last success: " + (_when(calls.last_success) if calls.last_success else "none seen")]
        good, total = calls.within(self._context.clock.now(), RATE_WINDOW)
        if good < total:
            parts.append(f"success rate {good / total * 100:.1f}% ({good} of {total} in the last hour)")
        if calls.in_a_row >= self._options.failing_after:
            parts.append(f"the last {calls.in_a_row} calls failed")
            return Outcome.FAIL, ", ".join(parts)
        return (Outcome.DEGRADED if calls.in_a_row else Outcome.OK), ", ".join(parts)

    async def _probe(self, values: dict[str, float]) -> Finding | None:
        probe, name = self._options.probe, self._options.name
        if self._fetcher is None or probe is None:
            return None
        answer = await self._fetcher.fetch(probe.request())
        wrong = _request.verdict(answer, probe.expect)
        values[f"{name}_probe_up"] = float(not wrong)
        if not isinstance(answer, Failure):
            values[f"{name}_probe_seconds"] = answer.seconds
            text = f"HTTP {answer.status}, asked by opsbot"
        label = f"{self._options.label} Probe"
        return Finding(Outcome.FAIL, label, bounded(wrong)) if wrong else Finding(Outcome.OK, label, text)


def _patterns(options: Options) -> dict[str, str]:
    """A call leaves one line with its status line (httpx at INFO), or the name of an exception when there
    was no answer at all; the guide greps for `200 OK`."""
    host = re.escape(options.host)
    name = re.escape(options.host.split(".")[-2] if "." in options.host else options.host)
    no_answer = r"\w*(?:Timeout(?:Error)?|(?:Connect|Connection|Connector|Read|Write|Protocol|SSL)Error)"
    return {
        _SUCCESS: options.success or rf'{host}.*(?:"HTTP/[\d.]+ 2\d\d\b|\b200 OK\b)',
        _FAILURE: options.failure or rf'{host}.*"HTTP/[\d.]+ [45]\d\d\b|(?i:{name}).*\b{no_answer}\b',
    }


def _when(hit: Hit) -> str:
    return hit.record.stamp or "time not logged"


def _worse(one: Outcome, other: Outcome) -> Outcome:
    return max(one, other, key=lambda o: o.rank)
