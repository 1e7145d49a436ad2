"""From one runtime's state to its successor's, under other settings."""

from __future__ import annotations

from collections.abc import Collection

from opsbot.engine.going_on import go_on
from opsbot.engine.state import State
from opsbot.runtime.restore import restore
from opsbot.stores.base import Persisted


def decisions(state: State) -> Persisted:
    """All that was decided, as the store would load it; memory knows it also while no file can be read."""
    return Persisted(
        alerts=list(state.alerts.values()),
        incidents=list(state.incidents.values()),
        actions=list(state.actions.values()),
        desired=list(state.desired.values()),
        pauses=list(state.pauses.values()),
        silences=list(state.silences.values()),
        deploys=list(state.deploys.values()),
        restarts=sorted((m for marks in state.restarts.values() for m in marks), key=lambda m: m.at.mono),
        notices=list(state.notices.values()),
        receipts=list(state.receipts.values()),
        next_incident=state.next_incident,
        next_action=state.next_action,
        next_notice=state.next_notice,
        next_silence=state.next_silence,
    )


def succeed(state: State, before: State, same: Collection[str], apart: Collection[str] = frozenset()) -> None:
    """Takes over into an empty `state` what was decided, and what was observed as far as it means the same.
    `same`: targets whose process is found as before; `apart`: those whose process runs on, unknown to their
    present supervisor."""
    restore(state, decisions(before))
    state.degraded_since, state.reach = before.degraded_since, before.reach
    for name, known in state.known.items():
        if (old := before.known.get(name)) is not None:
            go_on(known, old, same_service=name in same, apart=name in apart)
