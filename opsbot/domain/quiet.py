"""Hours of the day in which only what is urgent may be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opsbot.domain.levels import Priority
from opsbot.domain.moment import Moment

DAY = timedelta(days=1)

SPAN = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"
"""How people write them: from–to, such as "22:00-07:00"."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end`, minutes after midnight in the machine's time zone; over midnight when `end` is
    not later. `through`: the least urgent priority that is told all the same."""

    start: int
    end: int
    through: Priority = Priority.P1

    @classmethod
    def of(cls, span: str, through: Priority) -> QuietHours:
        """From a text that fits `SPAN`."""
        start, _, end = span.partition("-")
        return cls(_minutes(start), _minutes(end), through)

    def over(self, priority: Priority, now: Moment) -> Moment:
        """When such an incident may be told: `now`, or the end of the quiet hours."""
        if priority.rank <= self.through.rank:
            return now
        local = datetime.fromtimestamp(now.wall, UTC).astimezone()
        minute = local.hour * 60 + local.minute
        quiet = self.start <= minute < self.end
        if self.end <= self.start:
            quiet = minute >= self.start or minute < self.end
        if not quiet:
            return now
        end = local.replace(hour=self.end // 60, minute=self.end % 60, second=0, microsecond=0, tzinfo=None)
        if end <= local.replace(tzinfo=None):
            end += DAY
        return now.after(max(0.0, end.astimezone().timestamp() - now.wall))  # the zone's rules of that day


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
