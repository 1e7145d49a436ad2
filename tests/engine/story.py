"""One rule followed through verdicts and time, as the runtime does it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from opsbot.domain.alert import Alert
from opsbot.domain.rule import Rule
from opsbot.engine.alerts import Progress, due, pending, step, tick
from opsbot.engine.conditions import Verdict
from tests.engine.naive import at


def hot() -> Verdict:
    """True."""
    return Verdict(True, "cpu 91% > 85%", 91.0, 85.0, "%", "cpu")


def cool() -> Verdict:
    """False."""
    return Verdict(False, "cpu 40% ≤ 85%", 40.0, 85.0, "%", "cpu")


def unclear() -> Verdict:
    """Unknown."""
    return Verdict(None, "cpu unknown", None, 85.0, "%", "cpu")


@dataclass
class Story:
    """The rule, and its alert as it stands. `stored`: all that had to be stored."""

    rule: Rule
    interval: float = 1.0
    alert: Alert | None = None
    progress: Progress | None = None
    stored: list[Alert] = field(default_factory=list)

    @property
    def firing(self) -> bool:
        return self.alert is not None and self.alert.firing

    def see(self, seconds: float, verdict: Verdict) -> Alert | None:
        """A verdict at a time; what must be stored."""
        progress = self.progress or Progress(self.interval)
        moved = step("bot", self.rule, self.alert, progress, verdict, at(seconds))
        self.progress = moved.progress
        return self._keep(moved.alert)

    def wait(self, seconds: float) -> Alert | None:
        """Time alone."""
        return self._keep(tick("bot", self.rule, self.alert, self.progress, at(seconds)))

    def due(self, seconds: float) -> float | None:
        """When time alone will change something."""
        when = due(self.rule, self.alert, self.progress, at(seconds))
        return None if when is None else when.mono

    def pending(self) -> Alert | None:
        """What people see while it is on its way."""
        return pending("bot", self.rule, self.alert, self.progress)

    def retold(self, text: str) -> Alert:
        """The alert with the rule's own words."""
        assert self.alert is not None
        self.alert = replace(self.alert, text=text)
        return self.alert

    def _keep(self, changed: Alert | None) -> Alert | None:
        if changed is not None:
            self.alert = changed
            self.stored.append(changed)
        return changed
