"""What the checks that read a log have in common."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import Field

from opsbot.checks.base import CheckContext, CheckOptions, bounded
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Finding, Observation
from opsbot.logs.feed import Availability, Coverage, LogFeed, LogState
from opsbot.logs.formats import LogFormat, PythonFormat


class LogFileOptions(CheckOptions):
    """`path` of the log; `format`: `python`, `json`, or a mapping (docs/checks.md, "Log formats")."""

    path: Path
    format: LogFormat = Field(default_factory=PythonFormat)


def feed_of(options: LogFileOptions, context: CheckContext) -> LogFeed:
    """The feed that all checks of this file share."""
    return context.feeds.open(options.path, options.format)


def unreadable(state: LogState, label: str) -> Observation | None:
    """What there is to say when the log cannot be read, None when it can.

    A missing log is a warning: a target that was just started writes its first line later. A refused one
    is a broken sensor.
    """
    if state.availability is Availability.READABLE:
        return None
    outcome = Outcome.DEGRADED if state.availability is Availability.MISSING else Outcome.ERROR
    text = bounded(state.reason)
    return Observation(outcome, text, findings=(Finding(outcome, label, text),))


def covered(coverage: Coverage) -> str:
    """What the counts are of, in words."""
    if coverage.tail_bytes is None:
        begun = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(coverage.since.wall))
        return f"since {begun}"
    if coverage.whole:
        return "in the whole log"
    return f"in its last {coverage.tail_bytes // 1024}KB"
