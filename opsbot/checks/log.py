"""The target's log: its size, its lines per level, and people's own patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field, field_validator, model_validator

from opsbot.checks._logfile import LogFileOptions, covered, feed_of, unreadable
from opsbot.checks.base import METRIC_NAME, CheckContext
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Finding, Observation
from opsbot.logs.patterns import check_pattern

SECTION = "Log Management"

MEGABYTE = 1_048_576

_RESERVED = frozenset({"lines", "errors", "warnings"})
_SIZE_LABEL = "Log Size"


class Options(LogFileOptions):
    """`patterns`: names and regular expressions (RE2's kind) of lines to count. Megabytes from which the
    size is a warning or critical (alert-config.yml, `thresholds.log_size`)."""

    patterns: dict[str, str] = Field(default_factory=dict)
    warning_mb: float = Field(default=100.0, gt=0)
    critical_mb: float = Field(default=500.0, gt=0)

    @field_validator("patterns")
    @classmethod
    def _usable(cls, patterns: dict[str, str]) -> dict[str, str]:
        for name, pattern in patterns.items():
            if not re.match(METRIC_NAME, name) or name in _RESERVED:
                raise ValueError(
                    f"`{name}` cannot name a pattern: use small letters, digits and _, "
                    f"and not {', '.join(sorted(_RESERVED))}"
                )
            check_pattern(pattern)
        return patterns

    @model_validator(mode="after")
    def _in_order(self) -> Options:
        if self.critical_mb < self.warning_mb:
            raise ValueError("`critical_mb` is less than `warning_mb`: the bigger, the worse")
        return self


def metrics(options: Options) -> Mapping[str, str]:
    """Sizes, counts per level, counts per pattern."""
    own = {
        "log_size_bytes": "size of the log, bytes",
        "log_lines_total": "lines since the check began",
        "log_errors_total": "lines of level ERROR or CRITICAL since the check began",
        "log_warnings_total": "lines of level WARNING since the check began",
        "log_lost_bytes_total": "bytes of a backlog that was too big to be read since the check began",
    }
    patterns = {f"log_{name}_total": f"lines that match `{p}`" for name, p in options.patterns.items()}
    return own | patterns


def build(options: Options, context: CheckContext) -> LogCheck:
    """Makes the check."""
    return LogCheck(options, context)


class LogCheck:
    """Counts what is new in the log."""

    def __init__(self, options: Options, context: CheckContext) -> None:
        self._options = options
        self._feed = feed_of(options, context)
        self._subscription = self._feed.subscribe(options.patterns)

    async def look(self) -> Observation:
        """Reads what is new."""
        await self._feed.refresh()
        values = self._metrics()
        state = self._feed.state
        if (problem := unreadable(state, _SIZE_LABEL)) is not None:
            return Observation(problem.outcome, problem.detail, values, problem.findings)
        size = self._size(state.size or 0)
        counts, span = self._feed.counts, covered(self._feed.coverage)
        findings = [
            size,
            Finding(Outcome.OK, "Log Errors", f"{counts.errors} {span}"),
            Finding(Outcome.OK, "Log Warnings", f"{counts.warnings} {span}"),
        ]
        if counts.lost_bytes:
            lost = f"{counts.lost_bytes} bytes came too fast to be read and are not counted"
            findings.append(Finding(Outcome.DEGRADED, "Log Reading", lost))
        outcome = max((finding.outcome for finding in findings), key=lambda o: o.rank)
        detail = f"{size.text}, {counts.errors} errors and {counts.warnings} warnings {span}"
        return Observation(outcome, detail, values, tuple(findings))

    async def close(self) -> None:
        """Ends the subscription."""
        self._subscription.close()

    def _metrics(self) -> dict[str, float]:
        counts, size = self._feed.counts, self._feed.state.size
        values = {
            "log_lines_total": float(counts.lines),
            "log_errors_total": float(counts.errors),
            "log_warnings_total": float(counts.warnings),
            "log_lost_bytes_total": float(counts.lost_bytes),
        }
        values |= {f"log_{name}_total": float(n) for name, n in self._subscription.counts.items()}
        if size is not None:
            values["log_size_bytes"] = float(size)
        return values

    def _size(self, size: int) -> Finding:
        megabytes = size / MEGABYTE
        outcome = Outcome.OK
        if megabytes >= self._options.critical_mb:
            outcome = Outcome.FAIL
        elif megabytes >= self._options.warning_mb:
            outcome = Outcome.DEGRADED
        return Finding(outcome, _SIZE_LABEL, f"{megabytes:.0f}MB" if megabytes >= 1 else f"{size // 1024}KB")
