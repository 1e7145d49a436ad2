"""The target's health endpoint, or any other request with the answer that is expected (a synthetic
transaction)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field, field_validator

from opsbot.checks import _json, _request
from opsbot.checks._fetch import Failure, Fetcher, Response
from opsbot.checks._health_body import DEFAULT_LABELS, DEFAULT_WEIGHTS, Weight, judge
from opsbot.checks.base import METRIC_NAME, CheckContext, bounded
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Finding, Observation

SECTION = "Webhook API"

_DEFAULT_PREFIX = "health"


class Options(_request.RequestOptions):
    """`prefix` begins the names of its metrics. `answer`: what the answer is: the guide's `/health` object,
    any JSON, or anything. `metrics`: more metrics, by name, from paths of the JSON answer.
    `degraded_after`, `fail_after`: seconds of response time from which it is slow, or too slow."""

    prefix: str = Field(default=_DEFAULT_PREFIX, pattern=METRIC_NAME)
    title: str = Field(default="Health Endpoint", min_length=1, max_length=100)
    answer: Literal["health", "json", "any"] | None = None
    services: dict[str, Weight] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, str] = Field(default_factory=dict)
    degraded_after: float | None = Field(default=None, gt=0)
    fail_after: float | None = Field(default=None, gt=0)

    @field_validator("metrics")
    @classmethod
    def _paths(cls, metrics: dict[str, str]) -> dict[str, str]:
        for name, path in metrics.items():
            if not re.match(METRIC_NAME, name):
                raise ValueError(f"`{name}` is no name of a metric: use small letters, digits and _")
            _json.check_path(path)
        return metrics

    @property
    def expects(self) -> str:
        """`health` for the health check, `json` where paths are asked for, else `any`."""
        if self.answer is not None:
            return self.answer
        if self.prefix == _DEFAULT_PREFIX and not self.expect.json_:
            return "health"
        return "json" if self.expect.json_ or self.metrics else "any"


def metrics(options: Options) -> Mapping[str, str]:
    """Its own under the prefix, and the configured ones."""
    p = options.prefix
    own = {
        f"{p}_response_seconds": "seconds from the request to the end of the answer (absent without one)",
        f"{p}_up": "1 when the answer was as expected (also when degraded), else 0",
        f"{p}_status": "HTTP status (absent without an answer)",
    }
    if options.expects == "health":
        own[f"{p}_failed_services"] = "sub-services in the answer that are not healthy"
    return own | {name: f"`{path}` of the answer" for name, path in options.metrics.items()}


def build(options: Options, context: CheckContext) -> HttpCheck:
    """Makes the check."""
    return HttpCheck(options, _request.fetcher(context))


@dataclass(slots=True)
class _Verdict:
    outcome: Outcome = Outcome.OK
    findings: list[Finding] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def worsen(self, outcome: Outcome) -> None:
        self.outcome = max(self.outcome, outcome, key=lambda o: o.rank)


class HttpCheck:
    """Makes the request and judges the answer."""

    def __init__(self, options: Options, fetch: Fetcher) -> None:
        self._options = options
        self._fetcher = fetch
        self._request = options.request()

    async def look(self) -> Observation:
        """One request."""
        answer = await self._fetcher.fetch(self._request)
        verdict = self._judged(answer)
        up = not verdict.outcome.bad
        verdict.metrics[f"{self._options.prefix}_up"] = float(up)
        lines = [f"{f.label}: {f.text}" for f in verdict.findings if f.outcome is not Outcome.OK]
        detail = "; ".join([*(lines or [self._summary(verdict)]), *verdict.notes])
        return Observation(verdict.outcome, bounded(detail), verdict.metrics, tuple(verdict.findings))

    async def close(self) -> None:
        """Closes kept connections."""
        await self._fetcher.close()

    def _summary(self, verdict: _Verdict) -> str:
        seconds = verdict.metrics.get(f"{self._options.prefix}_response_seconds", 0.0)
        return f"{verdict.findings[0].text} in {seconds * 1000:.0f} ms"

    def _judged(self, answer: Response | Failure) -> _Verdict:
        title = self._options.title
        if isinstance(answer, Failure):
            outcome = Outcome.TIMEOUT if answer.timeout else Outcome.FAIL
            return _Verdict(outcome, [Finding(outcome, title, bounded(answer.reason))])
        verdict = _Verdict()
        verdict.metrics[f"{self._options.prefix}_response_seconds"] = answer.seconds
        verdict.metrics[f"{self._options.prefix}_status"] = float(answer.status)
        wrong = _request.complaint(answer, self._options.expect)
        speed, slow = self._speed(answer.seconds)
        outcome = Outcome.FAIL if wrong else speed
        text = bounded(wrong or f"HTTP {answer.status}") + slow
        verdict.findings.append(Finding(outcome, title, text))
        verdict.worsen(outcome)
        self._judge_body(answer, verdict, readable_only=bool(wrong))
        return verdict

    def _speed(self, seconds: float) -> tuple[Outcome, str]:
        o = self._options
        if o.fail_after is not None and seconds > o.fail_after:
            return Outcome.FAIL, f", took {seconds:.1f} s (limit {o.fail_after:g} s)"
        if o.degraded_after is not None and seconds > o.degraded_after:
            return Outcome.DEGRADED, f", slow: {seconds:.1f} s (limit {o.degraded_after:g} s)"
        return Outcome.OK, ""

    def _judge_body(self, answer: Response, verdict: _Verdict, *, readable_only: bool) -> None:
        """`readable_only`: the status was wrong already; what the body says is told, its flaws are not."""
        expects = self._options.expects
        if expects == "any" or self._request.method == "HEAD":
            return
        try:
            body = _request.body_of(answer)
        except _json.BadJson as bad:
            if not readable_only:
                self._add(verdict, Finding(Outcome.FAIL, "API Status", f"body not usable: {bad}"))
            return
        if expects == "health" and not (readable_only and not isinstance(body, dict)):
            outcome, findings = judge(body, self._weights(), {**DEFAULT_LABELS, **self._options.labels})
            verdict.findings += findings
            verdict.worsen(outcome)
            failed = sum(finding.outcome is not Outcome.OK for finding in findings[1:])
            verdict.metrics[f"{self._options.prefix}_failed_services"] = float(failed)
        if unlike := _request.mismatch(body, self._options.expect):
            self._add(verdict, Finding(Outcome.FAIL, f"{self._options.title} Answer", bounded(unlike)))
        self._measure(body, verdict)

    def _weights(self) -> dict[str, Weight]:
        return {**DEFAULT_WEIGHTS, **self._options.services}

    def _measure(self, body: _json.Json, verdict: _Verdict) -> None:
        for name, path in self._options.metrics.items():
            value = _json.number(_json.at(body, path))
            if value is None:
                verdict.notes.append(f"no number at `{path}` for {name}")
            else:
                verdict.metrics[name] = value

    @staticmethod
    def _add(verdict: _Verdict, finding: Finding) -> None:
        verdict.findings.append(finding)
        verdict.worsen(finding.outcome)
