"""Where the parts of a bundle come from: the machine, the target's log, and what opsbot knows."""

from __future__ import annotations

import platform
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from opsbot import __version__
from opsbot.diagnostics import spy as py_spy
from opsbot.diagnostics.base import HEALTH, REPORT, NotCollected, Source
from opsbot.diagnostics.environment import environment_of, environment_text
from opsbot.diagnostics.equipment import Equipment
from opsbot.diagnostics.network import network_text
from opsbot.diagnostics.past import Past, latest, past_text
from opsbot.diagnostics.process import GONE, processes_text
from opsbot.diagnostics.report import About, report_text
from opsbot.diagnostics.threads import Threads
from opsbot.domain.audit import AuditEntry
from opsbot.domain.chart import Chart
from opsbot.domain.health import HealthReport
from opsbot.domain.incident import Incident
from opsbot.domain.logs import Lines, LogLook, Question, Topic
from opsbot.domain.metrics import PID, Window
from opsbot.domain.process import ProcessId
from opsbot.draw.chart import chart_of_report
from opsbot.draw.health import health_text
from opsbot.draw.metrics import metrics_text
from opsbot.draw.performance import NO_SAMPLES, csv_text
from opsbot.errors import StoreError
from opsbot.runtime.bundle_own import own_text, versions_here
from opsbot.runtime.figures import newest_of
from opsbot.runtime.known import known_target
from opsbot.runtime.ops import Ops
from opsbot.runtime.tally import Tally
from opsbot.text import one_line

LOG_LINES = 500
"""The guide's `tail -500`."""

HOUR, DAY = Window(3600.0), Window(86_400.0)

INCIDENTS, TIMELINES, ACTS = 20, 10, 50
"""Incidents of the target that are told, how many of them with their whole timeline, and acts."""

LOOKED_THROUGH = 2000
"""Incidents and acts among which the target's are looked for."""

_LABEL = 60

Look = Callable[[], Awaitable[str | bytes]]


@dataclass(slots=True)
class Sources:
    """Of one bundle; what two parts need is looked up once."""

    target: str
    ops: Ops
    tally: Tally
    equipment: Equipment
    threads: Threads
    _health: HealthReport | None = None
    _past: Past = field(default_factory=Past)

    def all(self) -> list[Source]:
        """In the order of `diagnostics.base.TITLES`."""
        return [
            Source("stacks.txt", self._stacks, py_spy.DUMP_SECONDS * py_spy.TRIES),
            Source("processes.txt", self._processes),
            Source("network.txt", self._network),
            Source("env.txt", self._environment),
            Source(HEALTH, self._looked_at, 30.0),
            Source("logs.txt", self._log, 20.0, tail=True),
            Source("metrics.csv", self._performance),
            Source("metrics.txt", self._metrics),
            Source("metrics.png", self._chart, 20.0),
            Source("history.txt", self._history),
            Source("config.yml", self._configuration),
            Source("opsbot.txt", self._own),
            Source(REPORT, self._report),
        ]

    def process(self) -> tuple[int | None, ProcessId | None]:
        """Its pid, and who that must be. Of a target that is only watched, the pid that its check saw."""
        process = self.ops.processes.current(self.target)
        if process is not None:
            return process.pid, process
        seen = newest_of(known_target(self.ops.pipeline.state, self.target)).get(PID)
        return (int(seen) if seen else None), None

    # -- of the machine

    async def _stacks(self) -> str:
        if not self.equipment.policy.profile:
            raise NotCollected(py_spy.NOT_ALLOWED)
        pid, _ = self.process()
        if pid is None:
            raise NotCollected(GONE)
        return await self.equipment.spy.stacks(pid)

    async def _processes(self) -> str:
        pid, known = self.process()
        return await self.threads.run(lambda: processes_text(pid, known))

    async def _network(self) -> str:
        pid, known = self.process()
        return await self.threads.run(lambda: network_text(pid, known))

    async def _environment(self) -> str:
        pid, known = self.process()
        found = await self.threads.run(lambda: environment_of(pid, known))
        return environment_text(found, self.equipment.policy.environment)

    async def _configuration(self) -> str:
        if self.equipment.configuration is None:
            raise NotCollected("this opsbot has no configuration file")
        return await self.threads.run(self.equipment.configuration)

    # -- of the target

    async def _looked_at(self) -> str:
        self._health = await self.ops.health(self.target, fresh=True)
        return health_text(self._health) + "\n"

    async def _log(self) -> str:
        question = Question(Topic.TAIL, lines=LOG_LINES, seconds=15.0)
        async with aclosing(self.ops.logs(self.target, question)) as states:
            async for state in states:
                if isinstance(state, LogLook) and isinstance(state.result, Lines):
                    return "\n".join([*(f"# {note}" for note in state.notes), *state.result.lines, ""])
        raise NotCollected("the log was not read to its end")

    async def _performance(self) -> str:
        looks = await self.ops.performances(self.target, HOUR)
        if not any(look.measured for look in looks):
            raise NotCollected(NO_SAMPLES)
        return csv_text(looks)

    async def _metrics(self) -> str:
        return metrics_text(await self.ops.metrics(self.target, HOUR, every=True)) + "\n"

    async def _chart(self) -> bytes:
        painter = self.equipment.painter
        if painter is None:
            raise NotCollected("this opsbot draws no charts")
        report = await self.ops.metrics(self.target, HOUR)
        if not report.series:
            raise NotCollected("nothing was measured within the last hour")
        return await painter.paint(hidden(chart_of_report(report)))

    # -- of what opsbot knows

    async def _history(self) -> str:
        state, name = self.ops.pipeline.state, self.target
        known = known_target(state, name)
        incidents, acts, silent = await self._stored()
        self._past = Past(
            alerts=tuple(alert for alert in state.alerts.values() if alert.target == name),
            incidents=tuple(incidents),
            restarts=tuple(state.restarts.get(name, ())),
            starts=(await self.ops.metrics(name, DAY)).restarts,
            acts=acts,
            actions=tuple(action for action in state.actions.values() if action.target == name),
            desired=state.desired.get(name),
            pause=state.pauses.get(name),
            running=self.ops.processes.running(name),
            exit=known.exit,
            silent=silent,
        )
        return past_text(self._past)

    async def _stored(self) -> tuple[list[Incident], tuple[AuditEntry, ...], tuple[str, ...]]:
        """Incidents and acts, from the store as far as it answers; else what is in memory."""
        state, store, name = self.ops.pipeline.state, self.ops.figures.store, self.target
        found: dict[int, Incident] = {}
        try:
            found |= {incident.id: incident for incident in await store.incidents(LOOKED_THROUGH)}
            found |= state.incidents
            newest = latest((i for i in found.values() if i.target == name), INCIDENTS)
            whole = [replace(i, timeline=tuple(await store.timeline(i.id))) for i in newest[:TIMELINES]]
            acts = [act for act in await store.audit(LOOKED_THROUGH) if act.target == name]
        except StoreError as error:
            newest = latest((i for i in state.incidents.values() if i.target == name), INCIDENTS)
            return newest, (), (f"opsbot's own state: {error}",)
        return [*whole, *newest[TIMELINES:]], tuple(acts[-ACTS:]), ()

    async def _own(self) -> str:
        return own_text(self.ops, self.tally, await self.threads.run(versions_here))

    async def _report(self) -> str:
        title = known_target(self.ops.pipeline.state, self.target).target.title
        system = f"{platform.system()} {platform.release()}"
        about = About(
            self.target, title, self.ops.clock.now().wall, __version__, system, self._past, self._health
        )
        return report_text(about)


def hidden(chart: Chart) -> Chart:
    """What is written in a picture cannot be taken out of it afterwards."""
    panels = tuple(
        replace(p, title=one_line(p.title, _LABEL), unit=one_line(p.unit, _LABEL)) for p in chart.panels
    )
    return replace(chart, title=one_line(chart.title, _LABEL), panels=panels)
