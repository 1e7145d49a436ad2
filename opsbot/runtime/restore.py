"""From what the store holds to the engine's state, at start."""

from __future__ import annotations

from opsbot.engine.state import State
from opsbot.stores.base import Persisted


def restore(state: State, stored: Persisted) -> None:
    """Takes over all decisions of an earlier run into an empty state."""
    state.apply(stored.alerts)
    state.receipts = {(r.notifier, r.incident): r for r in stored.receipts}
    state.apply(stored.notices)  # before the incidents: those of which somebody is to be told are kept longer
    state.apply(stored.incidents)
    state.actions = {action.id: action for action in stored.actions}
    state.desired = {desired.target: desired for desired in stored.desired}
    state.pauses = {pause.target: pause for pause in stored.pauses}
    for mark in stored.restarts:
        state.restarts.setdefault(mark.target, []).append(mark)
    state.apply(stored.looks)
    state.apply(stored.silences)
    state.apply(stored.deploys)
    state.next_silence = stored.next_silence
    state.next_incident = stored.next_incident
    state.next_action = stored.next_action
    state.next_notice = stored.next_notice
