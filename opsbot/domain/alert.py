"""An alert: one rule on one target."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.levels import AlertState, Priority, Severity
from opsbot.domain.moment import Moment


@dataclass(frozen=True, slots=True)
class Alert:
    """State of one rule on one target.

    `since`: entered this state. `true_since`: the condition has been true without a gap since then.
    `false_since`: likewise false (while firing: how far recovery is). `value` and `limit`: of the
    comparison that decided, in `unit`; None for a condition without a number.
    `text`: the rule's message, filled in. `reason`: why it is in this state.
    """

    target: str
    rule: str
    state: AlertState
    severity: Severity
    priority: Priority
    since: Moment
    text: str = ""
    reason: str = ""
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    name: str = ""
    true_since: Moment | None = None
    false_since: Moment | None = None
    recent: tuple[bool, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """(target, rule)."""
        return (self.target, self.rule)

    @property
    def firing(self) -> bool:
        """Whether it fires now."""
        return self.state is AlertState.FIRING
