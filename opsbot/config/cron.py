"""Cron expressions (crontab(5), five fields): which are right, and the times they stand for in a zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from opsbot.config.document import Path
from opsbot.config.workshop import Workshop

FIELDS = 5
"""Minute, hour, day, month, weekday; CronSim would take a sixth for seconds."""

_COUNTED_FROM = datetime(2024, 1, 1, tzinfo=UTC)  # with a leap day near
_COUNTED, _UNTIL = 1000, 2064


def checked(shop: Workshop, text: str, path: Path, example: str = "0 2 * * *") -> str:
    """`text`, or nothing when it is no cron expression, or one that never comes; that is told then."""
    if not text:
        return ""
    try:
        if len(text.split()) != FIELDS:
            raise CronSimError("Wrong number of fields")
        next(CronSim(text, datetime.now(UTC)))
    except CronSimError as error:
        shop.wrong(path, f"`{text}` is no cron expression ({error}): write five fields, such as `{example}`.")
        return ""
    except StopIteration:
        shop.wrong(path, f"`{text}` never comes: no such day is in the calendar.")
        return ""
    return text


def least_gap(text: str) -> float:
    """Seconds between the two of its times that are nearest to each other, clock changes aside."""
    times = CronSim(text, _COUNTED_FROM)
    last, least = next(times), float("inf")
    for _, following in zip(range(_COUNTED), times, strict=False):
        least = min(least, (following - last).total_seconds())
        last = following
        if last.year > _UNTIL:  # a day that comes once in decades
            break
    return least


@dataclass(frozen=True, slots=True)
class CronTimes:
    """The times of an expression in a time zone, `""`: the machine's.

    As Debian's cron has it: a time of the day that is skipped in spring comes right after the gap, one that
    comes twice in autumn comes once; what is due every hour or minute comes in each.
    """

    text: str
    zone: str = ""
    _known: list[tuple[float, float | None]] = field(default_factory=list, compare=False, repr=False)

    def after(self, wall: float) -> float | None:
        """The first time that is later than `wall`; None when there is none any more."""
        for asked, answer in self._known:
            if asked <= wall and (answer is None or wall < answer):
                return answer
        found = self._after(wall)
        self._known[:] = [*self._known[-1:], (wall, found)]  # two: of what goes on, and of what comes
        return found

    def _after(self, wall: float) -> float | None:
        zone: tzinfo = ZoneInfo(self.zone) if self.zone else MachineZone()
        start = datetime.fromtimestamp(wall, UTC).astimezone(zone)
        found = (each.timestamp() for each in CronSim(self.text, start))
        return next((time for time in found if time > wall), None)  # the first of two equal hours may be over


class MachineZone(tzinfo):
    """The machine's time zone, with its rules of every day."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """How far it is ahead of UTC at that local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        """Not known: that of the offset is all that is needed."""
        return None if dt is None else timedelta(0)

    def tzname(self, dt: datetime | None) -> str | None:
        """Its abbreviation at that local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        """The local time of a moment; of two equal ones it says which."""
        wall = dt.replace(tzinfo=UTC).timestamp()
        return datetime.fromtimestamp(wall).replace(tzinfo=self)  # noqa: DTZ006 - the zone is put on here
