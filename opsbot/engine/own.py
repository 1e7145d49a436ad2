"""What concerns opsbot itself, not a target."""

from __future__ import annotations

from opsbot.domain.change import NoticeDone, TimelineLine
from opsbot.domain.levels import Priority
from opsbot.engine import alerting
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import OwnTrouble, Restate

SELF = "opsbot"
"""Stands where alerts and incidents name their target."""


def trouble(draft: Draft, given: OwnTrouble) -> None:
    """Opens or ends an alert of opsbot's own; nothing can be done about it by a restart."""
    if given.text:
        alerting.assert_builtin(draft, SELF, given.rule, Priority.P2, given.text)
    else:
        alerting.clear_builtin(draft, SELF, given.rule, "it is over")
        alerting.settle_incident(draft, SELF)


def restate(draft: Draft, given: Restate) -> None:
    """Writes all decisions once more: the store has begun a new file, memory holds what is true."""
    state = draft.state
    for kind in (state.alerts, state.incidents, state.actions, state.desired, state.pauses, state.notices):
        for change in kind.values():
            draft.add(change)
    for marks in state.restarts.values():
        for mark in marks:
            draft.add(mark)
    for receipt in state.receipts.values():
        draft.add(NoticeDone(0, receipt))
    for number in given.without_timeline:
        incident = state.incidents.get(number)
        for entry in incident.timeline if incident else ():
            draft.add(TimelineLine(number, entry))
