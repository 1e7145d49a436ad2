"""The small enumerations: what a check saw, how bad an alert is, how urgent an incident is."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What one check saw at one moment."""

    OK = "ok"
    DEGRADED = "degraded"  # works, with a warning
    FAIL = "fail"  # does not work
    ERROR = "error"  # the check itself broke: a broken sensor is data
    TIMEOUT = "timeout"  # no answer in time
    UNKNOWN = "unknown"  # nothing can be said (yet)

    @property
    def rank(self) -> int:
        """0 ok, 1 degraded or unknown, 2 bad; the worst of several is the greatest."""
        return _OUTCOME_RANK[self]

    @property
    def bad(self) -> bool:
        """The target failed to do what was asked of it."""
        return self in (Outcome.FAIL, Outcome.ERROR, Outcome.TIMEOUT)


_OUTCOME_RANK = {
    Outcome.OK: 0,
    Outcome.DEGRADED: 1,
    Outcome.UNKNOWN: 1,
    Outcome.FAIL: 2,
    Outcome.ERROR: 2,
    Outcome.TIMEOUT: 2,
}


class Severity(StrEnum):
    """How bad an alert is, in the words of the alert file (`alert_levels`)."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 info, 1 warning, 2 critical."""
        return list(Severity).index(self)


class Priority(StrEnum):
    """How urgent an incident is (guide, "Incident Severity Levels"). P1 is the most urgent."""

    P1 = "P1"  # completely down: immediate
    P2 = "P2"  # within 15 minutes
    P3 = "P3"  # within 1 hour
    P4 = "P4"  # within 24 hours

    @property
    def rank(self) -> int:
        """1 (most urgent) to 4."""
        return int(self.value[1])


class AlertState(StrEnum):
    """Prometheus' terms."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class IncidentState(StrEnum):
    """What people see of an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
