"""How incidents are handled: deadlines, reopening, grouping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsbot.domain.levels import Priority
from opsbot.domain.moment import Moment

RESPONSE: Mapping[Priority, float] = {
    Priority.P1: 300.0,
    Priority.P2: 900.0,
    Priority.P3: 3600.0,
    Priority.P4: 86_400.0,
}
"""Seconds in which somebody should take an incident on: the guide's 15 min, 1 h and 24 h; its "immediate" is
the ping at once, and five minutes to react to it."""


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    """All times in seconds.

    `response`: see `RESPONSE`; 0: no deadline. `ack`: what was taken on waits for somebody again when nothing
    was done about it for so long, and for at least its response time; 0: never. `reopen`: what comes back
    within that time reopens its incident. `flaps`: an incident that begins so often within `reopen` flaps:
    nobody is pinged any more, and it stays open until it was calm for `calm`. `group`: trouble of several
    targets that begins within that time is one incident, if something that they depend on stands behind it,
    or if more than `crowd` of them have some; 0: each target's trouble is its own. `after_deploy`: an
    incident that begins so soon after a deploy names it; `deploy_watch`: so long after its pause it is
    told how the target is, 0: it is not.
    `dry_run`: everything is decided, nothing is told to people and nothing is done by itself.
    """

    response: Mapping[Priority, float] = field(default_factory=lambda: RESPONSE)
    ack: float = 3600.0
    reopen: float = 1800.0
    flaps: int = 3
    calm: float = 600.0
    group: float = 60.0
    crowd: int = 3
    after_deploy: float = 3600.0
    deploy_watch: float = 600.0
    dry_run: bool = False

    def deadline(self, priority: Priority, now: Moment) -> Moment | None:
        """Until when somebody should take on what begins to wait now; None: whenever they like."""
        seconds = self.response[priority]
        return now.after(seconds) if seconds > 0 else None
