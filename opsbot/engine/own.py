"""What concerns opsbot itself, not a target."""

from __future__ import annotations

from opsbot.domain.change import Change, NoticeDone, TimelineLine
from opsbot.domain.levels import Priority
from opsbot.engine import alerting
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import OwnTrouble, Restate
from opsbot.engine.state import State

OWN = "opsbot"
"""Stands where alerts and incidents name their target."""

STATE_RULE = "state_not_written"
"""opsbot's state cannot be written: what happens is kept in the journal or in memory (P2)."""

DAMAGE_RULE = "state_damaged"
"""A damaged state file was put aside (P2)."""


def trouble(draft: Draft, given: OwnTrouble) -> None:
    """Opens or ends an alert of opsbot's own; nothing can be done about it by a restart."""
    if given.rule == STATE_RULE:
        since = draft.state.degraded_since or draft.now
        draft.state.degraded_since = since if given.text else None
    if given.text:
        alerting.assert_builtin(draft, OWN, given.rule, Priority.P2, given.text)
    else:
        alerting.clear_builtin(draft, OWN, given.rule, "it is over")
        alerting.settle_incident(draft, OWN)


def restate(draft: Draft, given: Restate) -> None:
    """Writes all decisions once more: the store has begun a new file, memory holds what is true."""
    for change in _decisions(draft.state):
        draft.add(change)
    for number in given.without_timeline:
        incident = draft.state.incidents.get(number)
        for entry in incident.timeline if incident else ():
            draft.add(TimelineLine(number, entry))


def _decisions(state: State) -> list[Change]:
    found: list[Change] = [*state.alerts.values(), *state.incidents.values(), *state.actions.values()]
    found += [*state.desired.values(), *state.pauses.values(), *state.notices.values()]
    found += [mark for marks in state.restarts.values() for mark in marks]
    found += [NoticeDone(0, receipt) for receipt in state.receipts.values()]  # no row has the number 0
    return found
