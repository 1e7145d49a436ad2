"""An alert: one rule on one target."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.levels import AlertState, Priority, Severity
from opsbot.domain.moment import Moment


@dataclass(frozen=True, slots=True)
class Alert:
    """State of one rule on one target.

    `since`: entered this state. `true_since`: when the condition became true, of a pending or firing alert.
    `false_since`: when it became false, of a resolved one. Nothing here changes from sample to sample: what
    does is `engine.alerts.Progress`. `value` and `limit`: of the comparison that decided, in `unit`; None
    for a condition without a number.
    `text`: the rule's message, filled in. `reason`: why it is in this state.
    `muted`: why nobody is told that it fires, empty when it is told. `host`: the incident of another target
    into which it is counted, 0 for none.
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
    muted: str = ""
    host: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """(target, rule)."""
        return (self.target, self.rule)

    @property
    def firing(self) -> bool:
        """Whether it fires now."""
        return self.state is AlertState.FIRING
