"""What became of a day, a week or a month, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.levels import Priority
from opsbot.domain.moment import Moment

DAY = 86_400.0


class Period(StrEnum):
    """How much of the past a report is about: up to now, or up to its time."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"  # 30 days

    @property
    def seconds(self) -> float:
        """Its length."""
        return {Period.DAY: DAY, Period.WEEK: 7 * DAY, Period.MONTH: 30 * DAY}[self]

    @property
    def slot(self) -> float:
        """Seconds that a bar of its picture stands for."""
        return {Period.DAY: 3_600.0, Period.WEEK: 6 * 3_600.0, Period.MONTH: DAY}[self]

    @property
    def looks(self) -> int:
        """Spans in which its metrics are read: of 1, 5 and 30 minutes."""
        return {Period.DAY: 1440, Period.WEEK: 2016, Period.MONTH: 1440}[self]


@dataclass(frozen=True, slots=True)
class ReportTime:
    """When a report is told by itself: a cron expression in the machine's time."""

    period: Period
    cron: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of a period: its start (seconds since 1970 UTC), and in which share of it a target was up."""

    wall: float
    part: float


@dataclass(frozen=True, slots=True)
class Uptime:
    """How long a target was down, of the seconds in which it was `watched`; what opsbot did not see counts
    neither way. `slots`: over time, only those in which it was watched."""

    target: str
    title: str
    watched: float = 0.0
    down: float = 0.0
    slots: tuple[Slot, ...] = ()

    @property
    def part(self) -> float | None:
        """The share of the time in which it was up, from 0 to 1; None when it was never watched."""
        return 1.0 - self.down / self.watched if self.watched > 0 else None


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some times in seconds: how many they are (at least one), the median and the worst, which was that of
    the incident `worst_of`."""

    count: int
    median: float
    worst: float
    worst_of: int


@dataclass(frozen=True, slots=True)
class Noise:
    """How often a rule fired on a target."""

    target: str
    rule: str
    times: int


@dataclass(frozen=True, slots=True)
class Figures:
    """From `since` to `until` (seconds since 1970 UTC).

    `opened`: incidents that opened then, by priority. `told`: from the alert until a message first arrived
    where people read it, `acknowledge`, `unacknowledged`: of those. `restore`: how long those were open, in
    all, that ended then. `open_now`: numbers of those that were not over at its end. `automatic`,
    `by_people`: restarts that began; `failed`: restarts that did not end well. `noisiest`: most times first.
    `bars`: the start of each slot and how many incidents opened in it.
    """

    since: float
    until: float
    uptimes: tuple[Uptime, ...] = ()
    opened: tuple[tuple[Priority, int], ...] = ()
    acknowledge: Spread | None = None
    unacknowledged: int = 0
    restore: Spread | None = None
    open_now: tuple[int, ...] = ()
    automatic: int = 0
    by_people: int = 0
    failed: int = 0
    noisiest: tuple[Noise, ...] = ()
    bars: tuple[tuple[float, int], ...] = ()
    told: Spread | None = None

    @property
    def incidents(self) -> int:
        """How many opened."""
        return sum(count for _, count in self.opened)

    @property
    def restarts(self) -> int:
        """Of people and by itself."""
        return self.automatic + self.by_people

    @property
    def quiet(self) -> bool:
        """Nothing happened."""
        down = any(one.down > 0 for one in self.uptimes)
        return not (self.incidents or self.open_now or self.restarts or down)

    @property
    def watched(self) -> bool:
        """Whether anything was looked at."""
        return any(one.watched > 0 for one in self.uptimes)


@dataclass(frozen=True, slots=True)
class Report:
    """A period, and the one of the same length before it. `at`: when it was asked for."""

    period: Period
    at: Moment
    now: Figures
    before: Figures
