"""What has happened since opsbot began, counted: counters that never fall but when opsbot starts anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from opsbot.domain.action import Action, RestartMark
from opsbot.domain.actor import ActorKind
from opsbot.domain.change import Change
from opsbot.domain.incident import Incident
from opsbot.domain.levels import Priority

BY_HAND = "other"
"""Origin of a restart that neither opsbot nor a person through opsbot made."""

ORIGINS = (*(kind.value for kind in ActorKind), BY_HAND)
"""Where a restart may have come from."""


@dataclass(slots=True)
class Tally:
    """`restarts`: by target and origin; `opened`: incidents, by the priority they opened with; the rest by
    notifier: messages that arrived, tries that failed, notices that were given up. `newest`: the last
    incident that is not to be counted."""

    newest: int = 0
    restarts: Counter[tuple[str, str]] = field(default_factory=Counter)
    opened: Counter[Priority] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)

    def go_on(self, before: Tally) -> None:
        """Takes over what an earlier one counted."""
        self.newest = before.newest
        self.restarts, self.opened = before.restarts, before.opened
        self.delivered, self.failed, self.dead = before.delivered, before.failed, before.dead

    def note(self, changes: Sequence[Change], _effects: object = None) -> None:
        """Counts what is committed; a listener of the pipeline."""
        asked = {c.target: c.actor.kind.value for c in changes if isinstance(c, Action)}
        for change in changes:
            match change:
                case RestartMark(target=target):
                    self.restarts[target, asked.get(target, BY_HAND)] += 1
                case Incident(id=number, priority=priority) if number > self.newest:
                    self.newest = number
                    self.opened[priority] += 1
