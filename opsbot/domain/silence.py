"""What is not told, and why: silences and maintenance; and what a deploy leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from opsbot.domain.actor import Actor
from opsbot.domain.alert import Alert
from opsbot.domain.levels import Priority
from opsbot.domain.moment import Moment

SHORTEST, LONGEST = 60.0, 30 * 86_400.0
"""Seconds: a shorter silence is over before anybody sees it, a longer one was forgotten."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Alerts it is about: each part that is empty fits all. `targets` and `rules`: names, `*` stands for
    anything. `least`: this priority and less urgent ones (P2 leaves P1 to be told)."""

    targets: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    least: Priority = Priority.P1

    def fits(self, target: str, rule: str, priority: Priority) -> bool:
        """Whether it is about such an alert."""
        return self.about(target) and _any(self.rules, rule) and priority.rank >= self.least.rank

    def about(self, target: str) -> bool:
        """Whether it is about anything of such a target."""
        return _any(self.targets, target)


def _any(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that fit are not told until `until`, or until the incident `until_resolved` is over (0: none).

    `maintenance`: nothing is done by itself either. `window`: name of the configured maintenance window that
    it stands for. `ended`: by whom it was ended before its time.
    """

    id: int
    matcher: Matcher
    until: Moment
    actor: Actor
    reason: str
    at: Moment
    until_resolved: int = 0
    maintenance: bool = False
    window: str = ""
    ended: Actor | None = None

    def fits(self, alert: Alert) -> bool:
        """Whether it is about an alert."""
        return self.matcher.fits(alert.target, alert.rule, alert.priority)


@dataclass(frozen=True, slots=True)
class Deploy:
    """A new version of a target was brought out. `until`: so long automation leaves it alone. `place`: of the
    message that says so, "channel/message"; empty where there is none."""

    target: str
    version: str
    actor: Actor
    at: Moment
    until: Moment
    place: str = ""


@dataclass(frozen=True, slots=True)
class Muted:
    """A firing alert that nobody is told of, and what mutes it, one clause for people."""

    alert: Alert
    by: str
