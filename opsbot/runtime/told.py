"""What was decided and done, in opsbot's own log: the one place that is always there to be read."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from opsbot.domain.action import Action, ActionState
from opsbot.domain.change import Change, TimelineLine
from opsbot.domain.incident import Incident
from opsbot.engine.draft import Effect
from opsbot.text import one_line

log = structlog.get_logger("opsbot")

_LONGEST = 300  # characters of one text


def log_decisions(changes: Sequence[Change], effects: Sequence[Effect]) -> None:  # noqa: ARG001 (a listener's shape)
    """A line for each new line of an incident's timeline, and for each action that has ended."""
    targets = {change.id: change.target for change in changes if isinstance(change, Incident)}
    for change in changes:
        if isinstance(change, TimelineLine):
            text = one_line(change.entry.text, _LONGEST)
            log.info("incident", number=change.incident, target=targets.get(change.incident), text=text)
        elif isinstance(change, Action) and change.state is not ActionState.RUNNING:
            say = log.info if change.state is ActionState.DONE else log.warning
            detail = one_line(change.detail.partition("\n")[0], _LONGEST)
            say(change.kind.value, target=change.target, state=change.state.value, detail=detail)
