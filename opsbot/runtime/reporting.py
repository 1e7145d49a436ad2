"""Reports that are told by themselves: each time once, over restarts, clock changes and lost answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import structlog
from cronsim import CronSim

from opsbot.charts.base import NoChart, Painter
from opsbot.clock import Clock
from opsbot.domain.actor import AUTO
from opsbot.domain.audit import ActFilter
from opsbot.domain.moment import Moment
from opsbot.domain.report import Period, Report, ReportTime
from opsbot.draw.payload import Payload
from opsbot.draw.report import NAMES, report_chart, report_payload
from opsbot.engine.inputs import Input, Recorded
from opsbot.errors import DeliveryError, OpsbotError, Stopping
from opsbot.runtime.memory import Recall

LATE = {Period.DAY: 12 * 3_600.0, Period.WEEK: 2 * 86_400.0, Period.MONTH: 3 * 86_400.0}
"""Seconds after its time in which a report is still worth telling."""

LOOK_EVERY = 60.0
"""Seconds after which the wall clock is looked at again, which may have been set."""

AGAIN_FIRST, AGAIN_MOST = 60.0, 900.0
"""Seconds after which a report that did not arrive is tried again: doubling."""

VERB = "report"
"""Its word in the audit, by which it is known that one was told."""

MARKS = 20_000
"""Acts that are looked through for it."""

log = structlog.get_logger("opsbot.reports")


class Channel(Protocol):
    """Where reports are told. Both raise `DeliveryError`."""

    async def send(self, payload: Payload) -> None:
        """Posts it."""

    async def stands(self, marker: str, since: float) -> bool:
        """Whether a message of opsbot's own whose footer begins so was posted since then (seconds since 1970
        UTC)."""


@dataclass(frozen=True, slots=True)
class Due:
    """A time that has come: `key` names it for ever, `wall` is when it was."""

    period: Period
    key: str
    wall: float


def latest(time: ReportTime, wall: float) -> Due | None:
    """The last time of a schedule that has come. It is named by the local clock alone, so an hour that comes
    twice in autumn has one of it; one that is skipped in spring comes right after the gap."""
    try:
        now = datetime.fromtimestamp(wall).replace(microsecond=0)  # noqa: DTZ006 - local, without its zone
        last = next(CronSim(time.cron, _just_after(now), reverse=True), None)
        if last is None:
            return None
        key = f"{NAMES[time.period]} {last:%Y-%m-%d %H:%M}"
        return Due(time.period, key, min(wall, last.timestamp()))
    except (ValueError, OverflowError, OSError):
        return None


def _just_after(now: datetime) -> datetime:
    return now.replace(second=max(1, now.second))  # what is due at this very second has come


@dataclass(slots=True)
class Reports:
    """`times`: when; `painter`: None paints nothing.

    That one was told stands in the audit. Killed between telling and that, opsbot asks the channel itself at
    its next start; within minutes the nonce would be enough.
    """

    times: tuple[ReportTime, ...]
    recall: Recall
    channel: Channel
    clock: Clock
    ask: Callable[[Input], Awaitable[object]]
    painter: Painter | None = None
    _done: set[str] = field(default_factory=set)
    _tries: dict[str, tuple[float, float]] = field(default_factory=dict)
    _began: Moment | None = None

    async def run(self) -> None:
        """Works until cancelled."""
        self._began = self.clock.now()
        while True:
            for time in self.times:
                due = latest(time, self.clock.now().wall)
                if due is not None and due.key not in self._done:
                    await self._take(due)
            await self.clock.sleep(LOOK_EVERY)

    async def _take(self, due: Due) -> None:
        now = self.clock.now()
        pause, after = self._tries.get(due.key, (AGAIN_FIRST, float("-inf")))
        if now.wall - due.wall > LATE[due.period]:
            self._done.add(due.key)
            return
        if now.mono < after:
            return
        self._tries[due.key] = min(AGAIN_MOST, pause * 2), now.mono + pause
        try:
            if await self._told(due) or await self._tell(due):
                self._done.add(due.key)
        except Stopping:
            return
        except DeliveryError as error:
            log.warning("a report does not arrive", report=due.key, reason=str(error))
            if error.permanent and not error.place:
                await self._mark(due, "failed", str(error))
        except OpsbotError as error:
            log.warning("a report waits", report=due.key, reason=str(error))
        except Exception:  # a mistake in one report must not keep the next from being told
            log.exception("a report broke", report=due.key)

    async def _told(self, due: Due) -> bool:
        """Whether it was told by an opsbot before this one; known by the audit, else by the channel."""
        marks = await self.recall.audit(MARKS, ActFilter(who=AUTO.id, since=due.wall - 1.0))
        if any(act.verb == VERB and act.reason.startswith(due.key) for act in marks):
            return True
        if self._came_before(due) and await self.channel.stands(due.key, due.wall - 1.0):
            await self._mark(due, "sent")
            return True
        return False

    def _came_before(self, due: Due) -> bool:
        """Whether its time came before this opsbot began, so that another may have told it."""
        return self._began is not None and due.wall <= self._began.wall

    async def _tell(self, due: Due) -> bool:
        report = await self.recall.report(due.period, due.wall)
        if self._came_before(due) and not report.now.watched and report.now.quiet:
            return True  # opsbot was not even there: nobody waits for a report of nothing
        payload = replace(
            await drawn(report, self.painter, due.key),
            silent=True,
            nonce=f"report-{due.period.value}-{int(due.wall)}",
        )
        await self.channel.send(payload)
        await self._mark(due, "sent")
        log.info("a report is told", report=due.key)
        return True

    async def _mark(self, due: Due, outcome: str, why: str = "") -> None:
        self._done.add(due.key)
        await self.ask(Recorded(AUTO, VERB, "", outcome, f"{due.key}: {why}" if why else due.key))


async def drawn(report: Report, painter: Painter | None, marker: str = "") -> Payload:
    """A report with its picture, or with the reason why there is none."""
    if painter is None or painter.missing:
        return report_payload(report, marker=marker)
    try:
        picture = await painter.paint(report_chart(report))
    except NoChart as why:
        return report_payload(report, note=str(why), marker=marker)
    return report_payload(report, picture=picture, marker=marker)
