"""What a runbook has opsbot look at: each question of the closed set, and what is right about its answer."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from opsbot import __version__
from opsbot.analysis.analyst import Analyst, subject_of
from opsbot.clock import Clock
from opsbot.domain.levels import Outcome
from opsbot.domain.logs import Lines, LogLook, Question, Topic
from opsbot.domain.metrics import UPTIME, MetricKind, Window, kind_of
from opsbot.domain.reach import Discord
from opsbot.domain.runbook import (
    Ask,
    AskCheck,
    AskDisk,
    AskLog,
    AskMetric,
    AskPort,
    AskReach,
    AskRestarts,
    AskVersions,
    Expect,
)
from opsbot.domain.sample import Finding, Sample
from opsbot.domain.walk import Mark
from opsbot.draw.values import metric_label, metric_text
from opsbot.engine import outage
from opsbot.engine.state import Known, State
from opsbot.errors import OpsbotError, Stopping
from opsbot.runtime.figures import Figures, newest_of
from opsbot.runtime.processes import Processes
from opsbot.runtime.scheduler import Scheduler
from opsbot.runtime.waiting import within
from opsbot.text import bytes_text, one_line, seconds_text

PATIENCE = 60.0
"""Seconds that one question may take; reading a log is cut off before."""

EVIDENCE = 300
"""Characters of an answer."""

Said = tuple[Mark, str]

_MARK = {
    Outcome.OK: Mark.FINE,
    Outcome.DEGRADED: Mark.UNSURE,
    Outcome.UNKNOWN: Mark.UNSURE,
    Outcome.FAIL: Mark.WRONG,
    Outcome.TIMEOUT: Mark.WRONG,
    Outcome.ERROR: Mark.UNSURE,
}
_WORST = (Mark.WRONG, Mark.UNSURE, Mark.FINE)
_VERSION = re.compile(r"\bv?(\d+(?:\.\d+)+[\w.+-]{0,40})")

log = structlog.get_logger("opsbot.runbooks")


@dataclass(frozen=True, slots=True)
class Asker:
    """Answers questions about one target at a time."""

    state: State
    scheduler: Scheduler
    processes: Processes
    figures: Figures
    clock: Clock
    analyst: Analyst = field(default_factory=Analyst)

    async def ask(self, known: Known, ask: Ask) -> Said:
        """The answer, its evidence in one line without secrets. Whatever goes wrong is one too.

        Raises:
            Stopping: opsbot ends, or its settings are replaced, meanwhile.
        """
        try:
            mark, text = await within(self._asked(known, ask), self.clock, PATIENCE)
        except Stopping:
            raise
        except TimeoutError:
            mark, text = Mark.UNSURE, f"no answer within {seconds_text(PATIENCE)}"
        except OpsbotError as error:
            mark, text = Mark.UNSURE, str(error)
        except Exception as broken:
            log.warning("a step of a runbook broke", target=known.target.name, exc_info=True)
            mark, text = Mark.UNSURE, f"opsbot could not look: {type(broken).__name__}: {broken}"
        return mark, one_line(text, EVIDENCE)

    async def _asked(self, known: Known, ask: Ask) -> Said:
        match ask:
            case AskCheck():
                return await self._check(known, ask)
            case AskLog():
                return await self._log(known, ask)
            case AskMetric():
                return await self._metric(known, ask)
            case AskPort():
                return await self._port(known, ask)
            case AskRestarts():
                return await self._restarts(known, ask)
            case AskDisk():
                return await self._disk(known, ask)
            case AskVersions():
                return await self._versions(known)
            case AskReach():
                return self._reach()

    async def _look(self, known: Known, wanted: str) -> list[Sample]:
        """What the check of that name, or those of that kind, see now."""
        kinds = {spec.name: spec.kind for spec in known.target.checks}
        kind = kinds.get(wanted, wanted)
        samples = await self.scheduler.look(known.target.name, (kind,))
        return [sample for sample in samples if wanted in (kind, sample.check)]

    async def _check(self, known: Known, ask: AskCheck) -> Said:
        samples = await self._look(known, ask.check)
        if not samples:
            have = ", ".join(spec.name for spec in known.target.checks) or "none"
            return Mark.UNSURE, f"{known.target.name} has no check {ask.check} (it has {have})"
        local = {spec.name for spec in known.target.checks if spec.kind in outage.LOCAL}
        cut_off = self.state.reach.cut_off is not None and known.target.networked
        if cut_off and any(s.outcome.bad and s.check not in local for s in samples):
            return Mark.UNSURE, outage.CUT_OFF
        marks = {_MARK[sample.outcome] for sample in samples}
        return next(mark for mark in _WORST if mark in marks), _told(samples)

    async def _log(self, known: Known, ask: AskLog) -> Said:
        started = self._started(known) if ask.since_start else None
        since, when = None, "in all that is kept"
        if ask.since is not None:
            since, when = self.clock.now().wall - ask.since, f"in the last {seconds_text(ask.since)}"
        elif started is not None:
            since, when = started, "since it was started"
        question = Question(Topic.SEARCH, since, 1, ask.pattern, ignore_case=ask.any_case)
        look = await self._logged(known, question)
        lines = look.result.lines if isinstance(look.result, Lines) else ()
        total = look.result.total if isinstance(look.result, Lines) else 0
        if not total:
            fine = ask.expect is Expect.NONE
            if look.notes:
                return Mark.UNSURE, f"no line {when}, but {look.notes[0]}"
            return (Mark.FINE if fine else Mark.WRONG), f"no line {when}"
        text = f"{total:,} {'line' if total == 1 else 'lines'} {when}, the newest: {' '.join(lines)}"
        return (Mark.FINE if ask.expect is Expect.SOME else Mark.WRONG), text

    def _started(self, known: Known) -> float | None:
        """When the target's process was started (seconds since 1970 UTC), by whoever knows it."""
        running, uptime = self.processes.running(known.target.name), newest_of(known).get(UPTIME)
        if running is not None:
            return running.since.wall
        return None if uptime is None else self.clock.now().wall - uptime

    async def _logged(self, known: Known, question: Question) -> LogLook:
        async with aclosing(self.analyst.ask(subject_of(known.target), question)) as states:
            async for state in states:
                if isinstance(state, LogLook):
                    return state
        raise OpsbotError("the log was not read to its end")

    async def _metric(self, known: Known, ask: AskMetric) -> Said:
        label = metric_label(ask.metric)
        if ask.over is not None:
            value, when = await self._over(known, ask.metric, ask.over)
        else:
            value, when = await self._now(known, ask.metric)
        if value is None:
            return Mark.UNSURE, f"{label} was not measured{when}"
        fine = (ask.below is None or value < ask.below) and (ask.above is None or value > ask.above)
        limits = [f"below {metric_text(ask.metric, ask.below)}"] if ask.below is not None else []
        limits += [f"above {metric_text(ask.metric, ask.above)}"] if ask.above is not None else []
        text = f"{label} {metric_text(ask.metric, value)}{when}, should be {' and '.join(limits)}"
        return (Mark.FINE if fine else Mark.WRONG), text

    async def _now(self, known: Known, metric: str) -> tuple[float | None, str]:
        """The value; without one, what may be the reason."""
        kinds = [
            spec.kind
            for spec in known.target.checks
            if (newest := known.view.newest.get(spec.name)) is None or metric in newest.metrics
        ]
        samples = await self.scheduler.look(known.target.name, kinds)
        found = {name: value for sample in samples for name, value in sample.metrics.items()}
        bad = [sample for sample in samples if sample.outcome.bad]
        if metric not in found and bad:
            return None, f" ({_told(bad)})"
        if metric not in found and metric not in newest_of(known):
            await self.figures.report(known, Window(3600.0), (metric,))  # says which are known
        return found.get(metric), ""

    async def _over(self, known: Known, metric: str, seconds: float) -> tuple[float | None, str]:
        """A counter's increase, else the average."""
        report = await self.figures.report(known, Window(seconds), (metric,))
        counter = kind_of(metric) is MetricKind.COUNTER
        when = f" in the last {seconds_text(seconds)}" + ("" if counter else " on average")
        if not report.metrics:
            return None, f" in the last {seconds_text(seconds)}"
        return (report.metrics[0].total if counter else report.metrics[0].mean), when

    async def _port(self, known: Known, ask: AskPort) -> Said:
        name = known.target.name
        port = ask.port or next((s.options.port for s in known.target.checks if s.kind == "port"), None)
        supervisor = self.processes.supervisors.get(name)
        if port is None:
            return Mark.UNSURE, f"{name} has no check of the kind port that names its port"
        if supervisor is None:
            return await self._check(known, AskCheck("port"))
        holder = await supervisor.port_holder(port)
        if holder is None:
            runs = self.processes.current(name) is not None
            return (Mark.WRONG if runs else Mark.FINE), f"nobody listens on port {port}"
        whose = "the target's own" if holder.ours else "not the target's"
        return (Mark.FINE if holder.ours else Mark.WRONG), f"port {port}: {holder}, {whose}"

    async def _restarts(self, known: Known, ask: AskRestarts) -> Said:
        """By opsbot's own book, and by an uptime that fell, whoever did it: whichever counts more."""
        now = self.clock.now()
        marks = self.state.restarts.get(known.target.name, ())
        own = sum(now.since(mark.at) <= ask.within for mark in marks)
        report = await self.figures.report(known, Window(ask.within))
        count = max(own, len(report.restarts))
        often = {0: "not started anew", 1: "started anew once"}.get(count, f"started anew {count} times")
        text = f"{often} in the last {seconds_text(ask.within)} (at most {ask.most})"
        return (Mark.FINE if count <= ask.most else Mark.WRONG), text

    async def _disk(self, known: Known, ask: AskDisk) -> Said:
        if ask.free is None:
            return await self._check(known, AskCheck("disk"))
        free, why = await self._now(known, "disk_free_bytes")
        if free is None:
            return Mark.UNSURE, f"free space was not measured{why}"
        text = f"{bytes_text(free)} free, should be at least {bytes_text(ask.free)}"
        return (Mark.FINE if free >= ask.free else Mark.WRONG), text

    async def _versions(self, known: Known) -> Said:
        samples = await self._look(known, "http")
        texts = [finding.text for sample in samples for finding in sample.findings]
        said = next((found[1] for text in texts if (found := _VERSION.search(text))), None)
        own = f"opsbot {__version__} on Python {platform.python_version()}"
        if said is None:
            return Mark.UNSURE, f"{known.target.name} does not say which version it is; {own}"
        return Mark.FINE, f"{known.target.name} {said}; {own}"

    def _reach(self) -> Said:
        reach = self.state.reach
        if reach.cut_off is not None:
            return Mark.WRONG, outage.CUT_OFF
        if not reach.guarded:
            return Mark.UNSURE, "this opsbot does not ask how Discord is (see `outages`)"
        discord, text = outage.discord_now(reach, self.clock.now())
        mark = {Discord.UP: Mark.FINE, Discord.DOWN: Mark.WRONG}.get(discord, Mark.UNSURE)
        return mark, f"Discord is {discord.value}: {text}" if text else f"Discord is {discord.value}"


def _told(samples: Sequence[Sample]) -> str:
    """What is not right, or all of it when everything is."""
    found: list[Finding] = []
    for sample in samples:
        found += sample.findings or (Finding(sample.outcome, sample.check, sample.detail),)
    bad = sorted((f for f in found if f.outcome is not Outcome.OK), key=lambda f: -f.outcome.rank)
    return " · ".join(f"{f.label}: {f.text}" if f.text else f.label for f in bad or found)
